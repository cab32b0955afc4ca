"""Charts: SVG, drawn with matplotlib.

Public: `bar_chart`, `bland_altman_chart`, `calibration_chart`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecgpaper.app.leaderboard.fidelity import FIGURES, differences
from ecgpaper.app.leaderboard.figures import CLOSE_DB
from ecgpaper.app.leaderboard.peers import load_peers
from ecgpaper.app.leaderboard.result import PageResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_OURS = "tab:blue"
_OTHERS = ("0.45", "0.65", "0.8")
_TEAMS = ("SignalSavants", "BAPORLab", "Ahus AI Lab")
# Files stay small, and points apart.
_MOST_POINTS = 400
# Share of a normal distribution: 95 % lie within so many standard deviations.
_LIMITS = 1.96


def _new_figure(size: tuple[float, float]) -> Figure:
    from matplotlib.figure import Figure  # noqa: PLC0415  slow to import

    return Figure(figsize=size, layout="constrained")


def _svg(figure: Figure) -> bytes:
    """Return a figure as SVG, the same for the same figure, its text as text."""
    from matplotlib import rc_context  # noqa: PLC0415

    content = io.BytesIO()
    with rc_context({"svg.hashsalt": "ecgpaper", "svg.fonttype": "none"}):
        figure.savefig(content, format="svg", metadata={"Date": None})
    return content.getvalue()


def bar_chart(told: Mapping[str, Any]) -> bytes:
    """Return our SNR for each condition, with its interval, beside teams of 2024."""
    rows = told["conditions"]
    figure = _new_figure((9, 1 + 0.55 * len(rows)))
    axes = figure.subplots()
    peers = load_peers().snr_db
    height = 0.8 / (1 + len(_TEAMS))
    for place, row in enumerate(rows):
        value, low, high = (np.nan if x is None else x for x in row["snr_db"])
        off = [[value - low], [high - value]] if np.isfinite(low) else None
        axes.barh(place, value, height, color=_OURS, xerr=off, label="" if place else "ecgpaper")
        for n, (team, color) in enumerate(zip(_TEAMS, _OTHERS, strict=True), start=1):
            theirs = peers[team].get(row["column"], np.nan)
            label = "" if any(r["column"] for r in rows[:place]) or not row["column"] else team
            axes.barh(place + n * height, theirs, height, color=color, label=label)
    axes.set_yticks(range(len(rows)), [f"{row['name']} ({row['n_pages']})" for row in rows])
    axes.invert_yaxis()
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlabel("SNR, dB; teams of 2024 on the official pages, ours on generated ones")
    figure.legend(loc="outside lower center", ncols=1 + len(_TEAMS))
    return _svg(figure)


def bland_altman_chart(pages: Sequence[PageResult]) -> bytes:
    """Return, for each figure, the differences over the means, with their limits of agreement."""
    figure = _new_figure((12, 4 * ((len(FIGURES) + 3) // 4)))
    panels = figure.subplots((len(FIGURES) + 3) // 4, 4).ravel()
    for axes, each in zip(panels, FIGURES, strict=False):
        pairs = np.array(
            [(d.true, d.found) for d in differences(each, pages) if d.found is not None]
        ).reshape(-1, 2)
        _panel(axes, pairs, f"{each.title}, {each.unit.replace('uV', 'µV')}")
    for axes in panels[len(FIGURES) :]:
        axes.set_axis_off()
    figure.supxlabel("mean of record and what was read")
    figure.supylabel("what was read less record; mean, and 1.96 standard deviations about it")
    return _svg(figure)


def _panel(axes: Axes, pairs: Any, title: str) -> None:
    axes.set_title(title)
    if len(pairs) == 0:
        return
    off, middle = pairs[:, 1] - pairs[:, 0], pairs.mean(axis=1)
    some = np.linspace(0, len(pairs) - 1, min(len(pairs), _MOST_POINTS)).astype(int)
    axes.scatter(middle[some], off[some], s=6, alpha=0.4, color=_OURS, linewidths=0)
    for place in (off.mean(), *(off.mean() + sign * _LIMITS * off.std() for sign in (-1, 1))):
        axes.axhline(place, color="black", linewidth=0.8, linestyle="dashed")
        axes.text(1, place, f"{place:.1f}", transform=axes.get_yaxis_transform(), ha="right")


def calibration_chart(pages: Sequence[PageResult]) -> bytes:
    """Return the true SNR of leads over the predicted one, with the band that counts as close."""
    leads = [lead for page in pages for lead in page.leads.values()]
    pairs = np.array(
        [(x.predicted_snr_db, x.snr_db) for x in leads if x.predicted_snr_db is not None]
    ).reshape(-1, 2)
    figure = _new_figure((5.5, 5.5))
    axes = figure.subplots()
    ends = np.array([-5.0, 40.0])
    axes.fill_between(ends, ends - CLOSE_DB, ends + CLOSE_DB, color="0.9")
    axes.plot(ends, ends, color="black", linewidth=0.8)
    some = np.linspace(0, len(pairs) - 1, min(len(pairs), 3 * _MOST_POINTS)).astype(int)
    axes.scatter(pairs[some, 0], pairs[some, 1], s=6, alpha=0.4, color=_OURS, linewidths=0)
    axes.set(xlim=ends, ylim=ends, xlabel="predicted SNR, dB", ylabel="true SNR, dB")
    close = np.abs(np.diff(pairs, axis=1)) <= CLOSE_DB
    share = f"{100 * close.mean():.0f} %" if len(pairs) else "none"
    axes.set_title(f"{share} of {len(pairs)} leads within {CLOSE_DB:g} dB")
    return _svg(figure)
