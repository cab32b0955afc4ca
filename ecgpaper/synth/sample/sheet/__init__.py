"""Draw the specs of the sheet: its shape, its wear, its notes and objects."""
