"""What the JSON beside a network's weights says, and what this program expects of it.

Public: `CheckpointInfo`, `Contract`, `shown`.
"""

from __future__ import annotations

import json
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_HEX_DIGITS = frozenset("0123456789abcdef")
_OBJECTS = ("config", "inputs", "training", "metrics", "extra")
_CHECKSUMS = ("sha256", "model")


@dataclass(frozen=True)
class CheckpointInfo:
    """What the JSON beside the weights says.

    Parameters
    ----------
    architecture : str
        Class name of the network.
    config : dict
        Fields of the network's configuration: enough to rebuild it.
    inputs : dict
        The input contract: px per mm or Hz, lead order, normalization.
    training : dict
        Provenance: seed, data, steps, versions, date.
    metrics : dict
        Scores, by name, with the data they were measured on.
    extra : dict
        What else the network's user needs: classes, thresholds, calibration.
    sha256 : str
        Of the weights file; filled in by `save_checkpoint`.
    model : str
        SHA-256 of the checksums of all networks that belong together; filled in by `publish`.
        Empty where a network stands for itself.
    """

    architecture: str
    config: dict[str, Any]
    inputs: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    sha256: str = ""
    model: str = ""

    def __post_init__(self) -> None:
        """Refuse fields of other types."""
        for name in ("architecture", *_CHECKSUMS):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"{name} must be text; it is {shown(getattr(self, name))}")
        for name in _OBJECTS:
            if not isinstance(getattr(self, name), dict):
                raise ValueError(f"{name} must be an object; it is {shown(getattr(self, name))}")
        for name in _CHECKSUMS:
            digits = getattr(self, name)
            if digits and (len(digits) != 64 or not _HEX_DIGITS.issuperset(digits)):
                raise ValueError(f"{name} must be 64 hexadecimal digits; it is {shown(digits)}")


@dataclass(frozen=True)
class Contract:
    """What this program feeds a network with and expects of it, whatever its inner sizes.

    Parameters
    ----------
    config : mapping
        Fields of the network's configuration that cannot be others.
    inputs : mapping
        All of the JSON's `inputs`.
    extra : collection of str
        Names of all that is in the JSON's `extra`.
    """

    config: Mapping[str, Any]
    inputs: Mapping[str, Any]
    extra: Sequence[str] = ()

    def check(self, info: CheckpointInfo, config: object) -> None:
        """Compare a network's description with it.

        Parameters
        ----------
        info : CheckpointInfo
        config : NetworkConfig
            Made of ``info.config``.

        Raises
        ------
        ValueError
            If something is missing, unknown or other.
        """
        found = {name: getattr(config, name) for name in self.config}
        _compare("config", found, self.config)
        # JSON knows lists, but no tuples.
        _compare("inputs", info.inputs, json.loads(json.dumps(dict(self.inputs))))
        if set(info.extra) != set(self.extra):
            names = ", ".join(self.extra) or "nothing"
            raise ValueError(f"extra must have {names}; it has {shown(sorted(info.extra))}")


def _compare(name: str, found: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    for key in [*expected, *(key for key in found if key not in expected)]:
        if key not in expected or found.get(key) != expected[key]:
            wanted = shown(expected[key]) if key in expected else "absent"
            got = shown(found[key]) if key in found else "absent"
            raise ValueError(f"{shown(key)} in {name} must be {wanted}; it is {got}")


def shown(value: object) -> str:
    """Spell a value in a few characters, however large it is."""
    return reprlib.repr(value)
