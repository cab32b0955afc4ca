"""Sheet: the paper with its grid, notes, wear and objects."""
