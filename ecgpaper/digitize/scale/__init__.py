"""Page -> scale: pixels per millimeter, by the grid or by the rows."""
