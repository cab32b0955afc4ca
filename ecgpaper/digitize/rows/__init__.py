"""Flat page -> rows, columns and the names of the leads."""
