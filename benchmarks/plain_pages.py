"""Plain ways to draw and to read a page: the references that `bench.py` measures against.

Both are what a first program would do. They are kept as they are, so that ratios to them can be
compared between commits.
"""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ecgpaper.ecg import STANDARD_ORDER

WIDTH_MM, HEIGHT_MM, DPI = 279.4, 215.9, 200
# Rows of a 3x4 page, in mm from its top, and where its first column begins.
ROWS_MM, LEFT_MM, COLUMN_MM = (75.0, 105.0, 135.0), 10.0, 62.5
# Ink is what is darker than this, of 255; it is looked for so far from a baseline.
DARK, REACH_MM = 110, 14.0


def draw_plainly(ecg):
    """Draw a record on a 3x4 page of the Challenge's size with matplotlib.

    Returns
    -------
    ndarray of uint8, of shape (1700, 2200, 3)
    """
    figure = Figure(figsize=(WIDTH_MM / 25.4, HEIGHT_MM / 25.4), dpi=DPI)
    canvas, axes = FigureCanvasAgg(figure), figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH_MM), ylim=(HEIGHT_MM, 0))
    axes.vlines(np.arange(0, WIDTH_MM), 0, HEIGHT_MM, color="pink", linewidth=0.4)
    axes.hlines(np.arange(0, HEIGHT_MM), 0, WIDTH_MM, color="pink", linewidth=0.4)
    axes.vlines(np.arange(0, WIDTH_MM, 5), 0, HEIGHT_MM, color="salmon", linewidth=0.8)
    axes.hlines(np.arange(0, HEIGHT_MM, 5), 0, WIDTH_MM, color="salmon", linewidth=0.8)
    for place, lead in enumerate(STANDARD_ORDER):
        column, row = divmod(place, 3)
        part_mv = ecg.lead(lead)[round(2.5 * column * ecg.fs) : round(2.5 * (column + 1) * ecg.fs)]
        x_mm = LEFT_MM + column * COLUMN_MM + 25.0 * np.arange(len(part_mv)) / ecg.fs
        axes.plot(x_mm, ROWS_MM[row] - 10.0 * part_mv, color="black", linewidth=0.75)
        axes.text(x_mm[0], ROWS_MM[row] + 10, lead)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def read_plainly(page):
    """Read a clean page whose geometry is told: the mean row of the dark pixels of each column.

    Parameters
    ----------
    page : SyntheticPage
        A page that lies level in its picture, such as those of the preset ``clean``.

    Returns
    -------
    ndarray of shape (n_samples, n_leads), in mV, NaN where the page shows nothing
    """
    truth = page.truth
    is_dark = page.image.max(axis=2) < DARK
    ecg, scale, layout = truth.ecg, truth.scale, truth.layout
    signal_mv = np.full(ecg.signal_mv.shape, np.nan)
    times_s = np.arange(ecg.n_samples) / ecg.fs
    for strip in layout.strips:
        segment = strip.segment
        ends_mm = [(strip.left_mm, strip.baseline_mm), (strip.right_mm(layout.scale), 0.0)]
        (left, middle), (right, _) = truth.page_to_photo(scale.px_from_mm(np.array(ends_mm)))
        reach = REACH_MM * scale.px_per_mm[1]
        rows = np.arange(round(middle - reach), round(middle + reach))
        columns = np.arange(int(np.ceil(left)), int(right))
        ink = is_dark[np.ix_(rows, columns)]
        n_dark = ink.sum(axis=0)
        known = n_dark > 0
        if not known.any():
            continue
        heights = (ink * rows[:, None]).sum(axis=0)[known] / n_dark[known]
        gain = layout.scale.gain_mm_per_mv * scale.px_per_mm[1]
        seconds = (columns[known] - left) / scale.px_per_mm[0] / layout.scale.speed_mm_per_s
        is_shown = (times_s >= segment.start_s) & (times_s < segment.stop_s)
        lead = ecg.lead_names.index(segment.lead)
        values = np.interp(times_s[is_shown] - segment.start_s, seconds, (middle - heights) / gain)
        signal_mv[is_shown, lead] = strip.polarity * values
    return signal_mv
