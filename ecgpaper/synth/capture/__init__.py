"""Capture: the shape of the sheet, and how a scanner or a phone sees it."""
