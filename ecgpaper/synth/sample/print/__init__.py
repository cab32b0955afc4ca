"""Draw the specs of the print: layout, grid, header, and the look of a recorder."""
