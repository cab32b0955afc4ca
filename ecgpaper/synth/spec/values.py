"""Values: the small tuples that specs are made of, and that drawing them takes."""

from __future__ import annotations

# RGB, 0 to 255.
Color = tuple[float, float, float]
# (x, y).
Point = tuple[float, float]
# (width, height).
Size = tuple[float, float]
# (left, top, right, bottom): margins.
Sides = tuple[float, float, float, float]
# (left, top, right, bottom): places.
Box = tuple[float, float, float, float]

BLACK: Color = (0.0, 0.0, 0.0)
WHITE: Color = (255.0, 255.0, 255.0)
