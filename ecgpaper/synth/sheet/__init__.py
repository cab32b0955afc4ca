"""Sheet: the paper with its grid, what people write on it, and what years do to it."""
