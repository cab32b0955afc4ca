"""Boxes of strips on their picture: where each was found, and curves cut anew where one is stated.

`place` leads from a strip's place on the paper to its box on the picture and back; `cut` reads the
curves of strips whose boxes are stated.
"""
