"""Leave out columns of a table until it fits the terminal."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = 3
"""Blank columns between two columns of a table."""

_EDGES = 2


def fitting_columns(
    widths: Sequence[int], available: int, expendable: Sequence[int]
) -> tuple[int, ...]:
    """Return the indices of the columns to show, in order.

    Parameters
    ----------
    widths : sequence of int
        Characters of every column.
    available : int
        Characters of a line.
    expendable : sequence of int
        Columns that may be left out, the least useful first.
    """
    shown = list(range(len(widths)))
    for index in expendable:
        if sum(widths[kept] for kept in shown) + _GAP * (len(shown) - 1) + _EDGES <= available:
            break
        shown.remove(index)
    return tuple(shown)
