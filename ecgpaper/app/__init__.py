"""What people run: the verbs, the archive of a folder, its report, the server, the leaderboard."""
