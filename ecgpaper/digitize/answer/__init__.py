"""The answer for a page: its leads, how far they are to be trusted, or why there is none."""
