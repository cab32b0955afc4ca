"""Photo -> grid: its lines found, and followed over the photo to a fraction of a millimeter."""
