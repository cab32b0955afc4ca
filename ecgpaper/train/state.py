"""What is kept of an unfinished training, so that it goes on where it was.

Public: `TrainingState`, `WORK`.
"""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ecgpaper.runtime.files import write_whole
from ecgpaper.train.span import Meter, Span

logger = logging.getLogger(__name__)

# Folder, in the model folder, of networks that learn or wait for others.
WORK = ".training"
_FILE = "state.json"
_RECORDS = "records.json"
# How often the time that is spent is written down.
_BEAT_S = 15.0
# What is measured of a stage.
_MEASURED = ("n_steps", "seconds", "waited_s", "made_s")


@dataclass
class TrainingState:
    """A training on its way, in a folder of its own.

    Parameters
    ----------
    folder : Path
    identity : mapping of str to object
        What it learns from: a training of another identity does not go on with it.
    done : dict of str to Meter
        What the stages that are done have cost, by round and stage.
    current : dict, optional
        The stage that was begun last: its key, what was planned, and the time spent before.
    earlier_s : float
        Time that runs before this one have taken.
    """

    folder: Path
    identity: Mapping[str, Any]
    done: dict[str, Meter] = field(default_factory=dict)
    current: dict[str, Any] = field(default_factory=dict)
    earlier_s: float = 0.0

    def __post_init__(self) -> None:
        """Start the clock."""
        self._begun_s = self._beaten_s = time.monotonic()

    @classmethod
    def open(cls, folder: Path, identity: Mapping[str, Any]) -> TrainingState:
        """Go on with the training in a folder; of another one, or a damaged one, nothing stays."""
        found = _read(folder / _FILE)
        if found and found["identity"] == json.loads(json.dumps(dict(identity))):
            done = {key: Meter(**values) for key, values in found["done"].items()}
            state = cls(folder, identity, done, found["current"], found["spent_s"])
            logger.info("goes on after %.0f s; done: %s", state.spent_s, ", ".join(done) or "-")
            return state
        if folder.exists():
            logger.warning(
                "what is unfinished in %s learned from other records, or with another seed: it is "
                "removed, and training starts anew",
                folder,
            )
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        state = cls(folder, identity)
        state.save()
        return state

    @property
    def spent_s(self) -> float:
        """Time that the training has taken, interruptions not counted."""
        return self.earlier_s + time.monotonic() - self._begun_s

    def save(self) -> None:
        """Write it down."""
        content = {
            "identity": dict(self.identity),
            "spent_s": round(self.spent_s, 3),
            "current": self.current,
            "done": {
                key: {name: getattr(meter, name) for name in _MEASURED}
                for key, meter in self.done.items()
            },
        }
        write_whole(self.folder / _FILE, (json.dumps(content, indent=2) + "\n").encode())
        self._beaten_s = time.monotonic()

    def beat(self) -> None:
        """Write it down if the last time is some seconds ago."""
        if time.monotonic() - self._beaten_s > _BEAT_S:
            self.save()

    def begin(self, key: str, planned: Span) -> Span:
        """Begin a stage, or go on with it as it was planned when it began.

        What a run before this one has spent on it stands in the span's meter.
        """
        if self.current.get("key") != key:
            self.current = {"key": key, "n_steps": planned.n_steps, "begun_s": self.spent_s}
            # JSON has no infinity.
            if planned.seconds < float("inf"):
                self.current["seconds"] = planned.seconds
            self.save()
        seconds = float(self.current.get("seconds", "inf"))
        spent_s = max(0.0, self.spent_s - float(self.current["begun_s"]))
        meter = Meter(seconds=spent_s, beat=self.beat)
        return replace(planned, n_steps=int(self.current["n_steps"]), seconds=seconds, meter=meter)

    def finish(self, key: str, meter: Meter) -> None:
        """Note that a stage is done."""
        self.done[key] = meter
        self.current = {}
        self.save()

    def keep_names(self, names: Sequence[str]) -> None:
        """Keep which records have signals: on going on they need not be read again."""
        write_whole(self.folder / _RECORDS, (json.dumps(list(names)) + "\n").encode())

    def names(self) -> list[str] | None:
        """Return the records that have signals; None where that is not known."""
        found = _read(self.folder / _RECORDS)
        return None if found is None else list(found)


def _read(file: Path) -> Any:
    """Read JSON that this module wrote; None if it is not there or damaged."""
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError):
        return None
