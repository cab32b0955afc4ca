"""PDF pages whose curves are lines: the leads are taken from the drawing itself, not from pixels.

A device's PDF often holds its curves as lines. `read.read_drawn` answers None where nothing is
drawn, and raises `DrawingError` where curves have no names: then the page is read as a picture.
`ecgpaper.digitized.from_drawing` says what was read in the digitizer's terms, so that all that
follows is the same. The way of a page:

- `pdf.extract` (with `pdf.affine`, `pdf.words`): PDF -> `Drawing`, strokes and words in points, as
  the page is seen. `pdf.isolated` runs it in a process of its own with bounded time, memory and
  points.
- `strands`: strokes -> `Strand`, what runs rightwards, joined from its parts, clipped at its sides.
- `grid` (lines, dots, letters), else `pulse` and `print`, else the page's own size: `Millimeter`;
  `calibrate`: `PaperScale`.
- `rows`: strands -> `Cell`, by row and column.
- `print`, `naming`: names by the text layer, else by what repeats or adds up: `NamedCell`.
- `times`, `signal`, `read`: `DrawnPage`, with the digitizer's types; points take the part of
  pixels.

A grid within 0.6 % of true size is taken for true: devices round grids to their pixels. Evenly
spaced points up to 10 ms apart are joined by a cubic: of 60 leads thinned to 125 Hz it keeps 2 to
3 dB more than straight lines. Further apart, or uneven (level stretches left out), straight lines
stay, as they are drawn.

Nothing is imported here, or in `pdf`: `pdf.extract` runs as a process for each page and must start
quickly.
"""
