"""From ``key=v,v key=v`` to the points of a grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

from lava_spikyspace.errors import UsageError
from lava_spikyspace.sweeps.settings import SETTINGS, parse_value

Point = Mapping[str, str]
"""One value of each setting of a grid, as text."""


@dataclass(frozen=True)
class Grid:
    """Settings with the values that a sweep gives them.

    Parameters
    ----------
    axes : mapping of str to tuple of str
        Values by setting, as text; the last one varies fastest.
    """

    axes: Mapping[str, tuple[str, ...]]

    def points(self) -> list[Point]:
        """Return all combinations, in order."""
        return [
            dict(zip(self.axes, values, strict=True)) for values in product(*self.axes.values())
        ]


def parse_grid(grid: Iterable[str] | Mapping[str, Iterable[object]]) -> Grid:
    """Read the grid of a sweep.

    Parameters
    ----------
    grid : iterable of str or mapping
        Terms such as ``"coding=unary,graded"``, or values by setting.

    Raises
    ------
    UsageError
        A term is malformed, a setting unknown or named twice, a value not one of the setting's.
    """
    if isinstance(grid, Mapping):
        named = [(name, [_text(value) for value in values]) for name, values in grid.items()]
    else:
        named = [_split(term) for term in grid]
    axes: dict[str, tuple[str, ...]] = {}
    for name, values in named:
        if name not in SETTINGS:
            raise UsageError(
                f"grid: found the setting {name!r}, expected one of {', '.join(SETTINGS)}"
            )
        if name in axes:
            raise UsageError(f"grid: found {name} twice, expected all its values in one term")
        for value in values:
            parse_value(name, value)
        if len(set(values)) < len(values):
            raise UsageError(f"grid: {name} has a value twice: {','.join(values)}")
        axes[name] = tuple(values)
    if not axes:
        raise UsageError("grid: found no setting", hint="such as --grid coding=unary,graded")
    return Grid(axes)


def _split(term: str) -> tuple[str, list[str]]:
    name, separator, values = term.partition("=")
    if not separator or not values:
        raise UsageError(f"grid: found {term!r}, expected key=value,value")
    return name.strip(), [value.strip() for value in values.split(",")]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
