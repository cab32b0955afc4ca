"""Configurations of networks: each checks the types and bounds that its annotations name.

Public: `NetworkConfig`, `Range`, and the annotated types `Size`, `Count`, `Repeats`, `Sizes`,
`Depths` and `Share`.

A configuration may come from a file that anybody wrote. Whatever passes here can be built within a
second, on paper at least (see `ecgpaper.nets.stored.checkpoint`); whether it fits its weights is
seen there.
"""

from __future__ import annotations

import reprlib
from dataclasses import dataclass, fields
from typing import Annotated, Any, Self, get_origin, get_type_hints


@dataclass(frozen=True)
class Range:
    """Bounds of a number, both included; or of each item of a list, and of their number."""

    least: float
    most: float
    most_items: int = 0


# Channels, features, pixels: the widest here is 213.
Size = Annotated[int, Range(1, 4096)]
# The same where there may be none.
Count = Annotated[int, Range(0, 4096)]
# What is repeated: networks of an ensemble, blocks of a stage.
Repeats = Annotated[int, Range(1, 8)]
# Of stages, of which each halves the resolution, or of blocks along a curve: nine at the most.
Sizes = Annotated[tuple[int, ...], Range(1, 4096, most_items=12)]
Depths = Annotated[tuple[int, ...], Range(1, 8, most_items=12)]
Share = Annotated[float, Range(0, 1)]


@dataclass(frozen=True)
class NetworkConfig:
    """Base of the configurations: dataclasses whose every field has one of the types above.

    Raises
    ------
    ValueError
        On construction, if a field has another type or is out of bounds; it names the field.
    """

    def __post_init__(self) -> None:
        """Check all fields; accept the lists that JSON makes of tuples."""
        for name, hint in _hints(type(self)).items():
            value = getattr(self, name)
            if isinstance(hint, type):
                _check_is(name, value, hint)
            elif get_origin(hint.__origin__) is tuple:
                object.__setattr__(self, name, _checked_items(name, value, hint))
            else:
                _check_number(name, value, hint)

    @classmethod
    def from_json(cls, content: object) -> Self:
        """Rebuild from what `dataclasses.asdict` and JSON made of a configuration.

        Raises
        ------
        ValueError
            If a field is missing, unknown or wrong.
        """
        if not isinstance(content, dict):
            raise ValueError(f"config must be an object; it is {reprlib.repr(content)}")
        known = [item.name for item in fields(cls)]
        missing = ", ".join(name for name in known if name not in content) or "nothing"
        unknown = sorted(content.keys() - set(known))
        if missing != "nothing" or unknown:
            raise ValueError(
                f"config must have the fields {', '.join(known)}; missing {missing}, unknown "
                f"{reprlib.repr(unknown)}"
            )
        hints = _hints(cls)
        return cls(**{name: _rebuilt(hints[name], value) for name, value in content.items()})


def _hints(config_class: type[NetworkConfig]) -> dict[str, Any]:
    return get_type_hints(config_class, include_extras=True)


def _rebuilt(hint: Any, value: object) -> object:
    """Rebuild a configuration within another; anything else is left to the checks."""
    is_config = isinstance(hint, type) and issubclass(hint, NetworkConfig)
    return hint.from_json(value) if is_config else value


def _check_is(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be a {kind.__name__}; got {reprlib.repr(value)}")


def _checked_items(name: str, value: object, hint: Any) -> tuple[int, ...]:
    most = hint.__metadata__[0].most_items
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= most:
        raise ValueError(f"{name} must list 1 to {most} numbers; got {reprlib.repr(value)}")
    for item in value:
        _check_number(name, item, hint)
    return tuple(value)


def _check_number(name: str, value: object, hint: Any) -> None:
    (bounds,) = hint.__metadata__
    kinds = (int, float) if hint.__origin__ is float else (int,)
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    if not is_number or not bounds.least <= value <= bounds.most:
        raise ValueError(
            f"{name} must be {'a number' if float in kinds else 'whole'} from {bounds.least} to "
            f"{bounds.most}; got {reprlib.repr(value)}"
        )
