"""Draw the pages of a leaderboard that were read worst: the picture, and three leads as they are.

From the root of the repository: ``python -m benchmarks.gallery LEADERBOARD docs/gallery``. Nothing
is digitized again. Pages must show simulated records where the pictures are to be shown to others:
those of patients are not ours to give. Of each condition one page is drawn at most; ``--most`` is
how many in all.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ecgpaper.app.leaderboard.result import PageResult
from ecgpaper.errors import BatchError
from ecgpaper.files.records.challenge import find_records, read_ecg, read_header, read_image
from ecgpaper.runtime.files import write_whole
from ecgpaper.score import mean_of_finite
from ecgpaper.synth.capture.sensor import jpeg_bytes

N_LEADS = 3
LONG_SIDE_PX = 800


def worst_of(folder):
    """Return the result of a condition's page with the lowest mean SNR, and that SNR in dB."""
    results = [PageResult.read(file) for file in sorted((folder / "results").rglob("*.json"))]
    means = [mean_of_finite([lead.snr_db for lead in each.leads.values()]) for each in results]
    index = int(np.nanargmin(means))
    return results[index], means[index]


def draw(folder, result, mean_db):
    """Return the picture of a page beside its worst leads, as JPEG."""
    page = folder / "pages" / result.record
    photo = read_image(page.with_name(read_header(page).image_names[0]))
    shrink = LONG_SIDE_PX / max(photo.shape)
    photo = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    figure = Figure(figsize=(11, 4.6), dpi=100, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.1))
    left.subplots().imshow(photo)
    left.axes[0].set_axis_off()
    left.suptitle(f"{folder.name}, {mean_db:.1f} dB, taken for {result.layout or 'nothing'}")
    _draw_leads(right, page, folder / "outputs" / result.record, result)
    canvas.draw()
    return jpeg_bytes(np.asarray(canvas.buffer_rgba())[..., :3].copy(), 80)


def _draw_leads(figure, page, answer, result):
    """Draw the leads with the lowest SNR: what they are in gray, what was read in blue."""
    truth = read_ecg(page)
    found = read_ecg(answer) if answer.with_name(f"{answer.name}.dat").exists() else None
    worst = sorted(result.leads, key=lambda name: result.leads[name].snr_db)[:N_LEADS]
    for axes, name in zip(figure.subplots(len(worst), 1), worst, strict=True):
        times_s = np.arange(truth.n_samples) / truth.fs
        is_shown = np.isfinite(truth.lead(name))
        axes.plot(times_s, truth.lead(name), color="0.5", linewidth=1.6)
        if found is not None:
            axes.plot(times_s, found.lead(name), color="tab:blue", linewidth=0.8)
        axes.set_xlim(times_s[is_shown].min(), times_s[is_shown].max())
        axes.set_ylabel(f"{name}, mV\n{result.leads[name].snr_db:.1f} dB")
    axes.set_xlabel("s; gray: the record, blue: what was read")


def main(argv=None):
    """Draw the worst page of each condition, the worst conditions first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("leaderboard", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--most", type=int, default=4, help="pages (default: 4)")
    args = parser.parse_args(argv)
    folders = [each.parent for each in sorted(args.leaderboard.glob("*/results"))]
    folders = [each for each in folders if find_records(each / "pages")]
    if not folders:
        raise BatchError(f"expected what ecgpaper leaderboard wrote in {args.leaderboard}")
    worst = sorted(((folder, *worst_of(folder)) for folder in folders), key=lambda each: each[2])
    for folder, result, mean_db in worst[: args.most]:
        write_whole(args.out / f"{folder.name}.jpg", draw(folder, result, mean_db))
        sys.stdout.write(f"{folder.name}: {result.record}, {mean_db:.1f} dB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
