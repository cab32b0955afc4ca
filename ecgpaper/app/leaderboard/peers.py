"""Peers: what others have published, as facts with their sources, from ``peers.json``.

Public: `Peers`, `load_peers`, `Published`, `best`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("peers.json")


@dataclass(frozen=True, slots=True)
class Published:
    """A figure that others have published: of what, on which pages, and where it is said."""

    system: str
    metric: str
    value: str
    pages: str
    source: str


@dataclass(frozen=True, slots=True)
class Peers:
    """The official results of the Challenge of 2024, and other systems' own figures.

    Parameters
    ----------
    source : str
        Of the official results.
    columns : mapping of str to str
        What the official columns mean.
    snr_db, macro_f : mapping of str to mapping
        By team, and then by column; a column that could not be run lacks. The best team is first.
    others : tuple of Published
    """

    source: str
    columns: Mapping[str, str]
    snr_db: Mapping[str, Mapping[str, float]]
    macro_f: Mapping[str, Mapping[str, float]]
    others: tuple[Published, ...]


def load_peers() -> Peers:
    """Read the facts that come with the package."""
    told = json.loads(_FILE.read_text())
    official = told["challenge_2024"]
    columns: dict[str, str] = official["columns"]

    def by_column(table: Mapping[str, list[float | None]]) -> dict[str, dict[str, float]]:
        return {
            team: {
                column: value
                for column, value in zip(columns, values, strict=True)
                if value is not None
            }
            for team, values in table.items()
        }

    return Peers(
        official["source"],
        columns,
        by_column(official["snr_db"]),
        by_column(official["macro_f"]),
        tuple(Published(**each) for each in told["others"]),
    )


def best(table: Mapping[str, Mapping[str, float]], column: str) -> tuple[str, float]:
    """Return the team with the highest figure in a column, and the figure."""
    known = {team: values[column] for team, values in table.items() if column in values}
    team = max(known, key=lambda name: known[name])
    return team, known[team]
