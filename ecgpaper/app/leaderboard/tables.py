"""Tables: figures as Markdown and CSV.

In: what ``leaderboard.json`` holds. Public: `TABLES`, `markdown`, `csv_text`, `CAVEAT`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ecgpaper.app.leaderboard.fidelity import FIGURES
from ecgpaper.app.leaderboard.findings import FINDINGS
from ecgpaper.app.leaderboard.peers import Peers, best, load_peers

# What `figures.sum_up` returns, with the name of the condition and its official column.
Row: TypeAlias = Mapping[str, Any]

CAVEAT = (
    "What this does not show: that this program would have won. Each figure of another system is "
    "its own on its own pages; those of 2024 are real prints, scans and photos of hidden records, "
    "and ours are generated pages that imitate them, drawn by the generator that our networks "
    "learned from, unless a line says that its pages are real."
)
_TEAMS = ("SignalSavants", "BAPORLab", "Ahus AI Lab")
_LABEL_TEAMS = ("AIMED", "Inventec AIC", "BAPORLab", "CeZIS")
_UNKNOWN = "-"


def _digits(value: float | None, n_digits: int) -> str:
    return _UNKNOWN if value is None else f"{value:.{n_digits}f}"


def _with_interval(values: Sequence[float | None], n_digits: int) -> str:
    value, low, high = (_digits(each, n_digits) for each in values)
    return value if low == _UNKNOWN else f"{value} [{low}, {high}]"


def _percent(value: float | None) -> str:
    return _UNKNOWN if value is None else f"{100 * value:.1f} %"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def _teams(
    table: Mapping[str, Mapping[str, float]], teams: Sequence[str], column: str | None, n: int
) -> list[str]:
    """Return the cells of the best of 2024 and of some teams."""
    if column is None:
        return [_UNKNOWN] * (1 + len(teams))
    team, value = best(table, column)
    return [
        f"{value:.{n}f} ({team})",
        *(_digits(table[name].get(column), n) for name in teams),
    ]


def _digitization(rows: Sequence[Row], peers: Peers) -> str:
    headings = ["pages", "SNR, dB", "later scorer", "per page, mean and SD", "median lead"]
    headings += ["pooled, dB", "coverage", "leads < 0 dB", "other layout", "not read"]
    headings += ["best of ten, 2024", *_TEAMS]
    lines = []
    for row in rows:
        mean, spread = row["page_snr_db"]
        lines.append(
            [
                f"{row['name']} ({row['n_pages']})",
                _with_interval(row["snr_db"], 1),
                _digits(row["later_snr_db"], 1),
                f"{_digits(mean, 1)} +- {_digits(spread, 1)}",
                _digits(row["median_snr_db"], 1),
                _digits(row["pooled_snr_db"][0], 1),
                _digits(row["coverage"], 3),
                _percent(row["below_zero"]),
                str(row["n_other_layout"]),
                str(row["n_unread"]),
                *_teams(peers.snr_db, _TEAMS, row["column"], 2),
            ]
        )
    return _table(headings, lines)


def _labels(rows: Sequence[Row], peers: Peers) -> str:
    headings = ["pages with labels", "macro F", "normal or not, F", "five findings, AUROC"]
    headings += ["best of ten, 2024", *_LABEL_TEAMS]
    return _table(
        headings,
        (
            [
                f"{row['name']} ({row['n_labeled']})",
                _with_interval(row["macro_f"], 3),
                _digits(row["two_class_f"][0], 3),
                _digits(row["five_finding_auroc"][0], 3),
                *_teams(peers.macro_f, _LABEL_TEAMS, row["column"], 3),
            ]
            for row in rows
        ),
    )


def _fidelity(rows: Sequence[Row], _: Peers) -> str:
    headings = ["pages", "of", "n", "lost", "median", "95th percentile", "mean", "SD", "IEC allows"]
    lines = []
    for row in rows:
        for figure in FIGURES:
            found = row["fidelity"][figure.name]
            allowed = _UNKNOWN
            if figure.tolerance is not None:
                allowed = "mean {:g}, SD {:g}".format(*figure.tolerance)
            elif found["within"] is not None:
                allowed = f"{_percent(found['within'])} are within"
            values = (_digits(found[name], 1) for name in ("median", "p95", "mean", "sd"))
            title = f"{figure.title}, {figure.unit}"
            lines.append(
                [row["name"], title, str(found["n"]), str(found["n_lost"]), *values, allowed]
            )
    return _table(headings, lines)


def _findings(rows: Sequence[Row], _: Peers) -> str:
    headings = ["pages", "finding", "compared", "present", "turned over", "new", "lost"]
    lines = []
    for row in rows:
        for finding in FINDINGS:
            found = row["findings"][finding.name]
            share = found["n_flips"] / found["n"] if found["n"] else None
            flipped = f"{found['n_flips']} ({_percent(share)})"
            lines.append(
                [
                    *(row["name"], finding.title, str(found["n"]), str(found["n_present"])),
                    *(flipped, str(found["n_new"]), str(found["n_lost"])),
                ]
            )
    return _table(headings, lines)


def _trust(rows: Sequence[Row], _: Peers) -> str:
    headings = ["pages", "leads", "predicted within 3 dB", "bias, dB", "r"]
    headings += ["box overlap (IoU)", "mAP at 0.5", "mAP, 0.5 to 0.95", "processor s per page"]
    lines = []
    for row in rows:
        found, boxes = row["calibration"], row["boxes"]
        lines.append(
            [
                *(row["name"], str(found["n"]), _percent(found["within_3_db"])),
                *(_digits(found["bias_db"], 1), _digits(found["r"], 2)),
                *(_digits(boxes[key], 3) for key in ("overlap", "precision_50", "precision")),
                _digits(row["processor_s"], 1),
            ]
        )
    return _table(headings, lines)


def _others(_: Sequence[Row], peers: Peers) -> str:
    return _table(
        ["system", "figure", "value", "pages", "source"],
        ([each.system, each.metric, each.value, each.pages, each.source] for each in peers.others),
    )


# By name: what it shows, and how it is made.
TABLES: Mapping[str, tuple[str, Callable[[Sequence[Row], Peers], str]]] = {
    "digitization": ("Signals", _digitization),
    "labels": ("Labels", _labels),
    "trust": ("What to expect of a lead, and where the leads are", _trust),
    "fidelity": ("Measurements on what was read, less those on the record", _fidelity),
    "findings": ("Findings at a threshold that digitizing turns over", _findings),
    "others": ("Other systems, on their own pages", _others),
}


def markdown(told: Mapping[str, Any]) -> str:
    """Return all tables, with a head that says where they come from."""
    peers = load_peers()
    parts = [
        f"# Leaderboard\n\n{told['records']}, seed {told['seed']}; version {told['version']}, "
        f"commit {told['commit'] or 'unknown'}.\n\n{CAVEAT}\n"
    ]
    parts += [
        f"\n## {title}\n\n{make(told['conditions'], peers)}" for title, make in TABLES.values()
    ]
    parts.append(f"\nThe figures of 2024: {peers.source}\n")
    return "".join(parts)


def csv_text(told: Mapping[str, Any]) -> str:
    """Return a row per condition, system and figure: value, the ends of its interval, pages."""
    peers = load_peers()
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["pages", "system", "figure", "value", "low", "high", "n_pages"])
    for row in told["conditions"]:
        n_pages = row["n_pages"]
        for name in ("snr_db", "pooled_snr_db", "macro_f", "two_class_f", "five_finding_auroc"):
            table.writerow([row["name"], "ecgpaper", name, *row[name], n_pages])
        for name in ("later_snr_db", "median_snr_db", "coverage", "below_zero"):
            table.writerow([row["name"], "ecgpaper", name, row[name], "", "", n_pages])
        for name, teams in (("snr_db", peers.snr_db), ("macro_f", peers.macro_f)):
            for team, values in teams.items():
                if row["column"] in values:
                    value = values[row["column"]]
                    table.writerow([row["name"], team, name, value, "", "", ""])
    return text.getvalue()
