"""Draw the specs of the sheet: its shape, its wear, and what people put on it."""
