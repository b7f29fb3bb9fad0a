"""Sort rows of a profile, and keep the first of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from lava_spikyspace.errors import UsageError
from lava_spikyspace.profiling.rows import LayerRow, ProfileRow

R = TypeVar("R", ProfileRow, LayerRow)

DATA_ORDER = "order"
"""Sort key that keeps the order of the data."""


def _count(name: str) -> Callable[[Any], float | None]:
    def of(row: ProfileRow | LayerRow) -> float | None:
        value: float | None = getattr(row.counts if isinstance(row, ProfileRow) else row, name)
        return value

    return of


def _own(name: str) -> Callable[[Any], float | None]:
    return lambda row: getattr(row, name, None)


SORT_KEYS: dict[str, Callable[[Any], float | None] | None] = {
    DATA_ORDER: None,
    "name": None,
    "spikes": _count("spikes"),
    "graded": _count("graded_spikes"),
    "out": _own("events_out"),
    "in": _count("events_in"),
    "synops": _count("synops"),
    "updates": _count("neuron_updates"),
    "rate": _count("firing_rate"),
    "silent": _own("silent"),
    "always-on": _own("always_on"),
    "used": _own("range_used"),
    "seconds": _own("seconds"),
}
"""Sort key to the number that rows are sorted by, the largest first."""


def ordered(rows: Sequence[R], sort: str = DATA_ORDER, top: int | None = None) -> tuple[R, ...]:
    """Return rows in an order, the first `top` of them.

    Parameters
    ----------
    rows : sequence of ProfileRow or LayerRow
        Rows in the order of the data.
    sort : str
        One of `SORT_KEYS`: the order of the data, the name, or a number, the largest first and
        rows without it last.
    top : int, optional
        How many rows to keep.

    Raises
    ------
    UsageError
        There is no such key, or `top` is less than 1.
    """
    if sort not in SORT_KEYS:
        raise UsageError(f"sort is {sort!r}, expected one of {', '.join(SORT_KEYS)}")
    if top is not None and top < 1:
        raise UsageError(f"top is {top}, expected 1 or more")
    key = SORT_KEYS[sort]
    found = list(rows)
    if sort == "name":
        found.sort(key=lambda row: row.name)
    elif key is not None:
        found.sort(key=lambda row: -1.0 if (value := key(row)) is None else value, reverse=True)
    return tuple(found[:top])
