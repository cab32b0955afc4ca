"""Rows -> traces: strips of paper read by networks, and the curves in them."""
