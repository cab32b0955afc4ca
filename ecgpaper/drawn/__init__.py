"""PDF pages whose curves are lines: the leads are taken from the drawing itself, not from pixels.

The entry is `ecgpaper.drawn.read.read_drawn`. Nothing is imported here: `ecgpaper.drawn.extract`
runs as a process for each page and must start quickly.
"""
