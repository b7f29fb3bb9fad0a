"""Overlapping windows: which rows of the table they are, and which windows share any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lava_spikyspace.network import IntArray


@dataclass(frozen=True, eq=False)
class WindowRows:
    """Windows as places in a table of rows.

    Parameters
    ----------
    rows : ndarray, int64, shape (row, variate)
        Messages.
    starts : ndarray, int64, shape (window,)
        First row of each window, ascending.
    elements : int
        Rows of a window.
    """

    rows: IntArray
    starts: IntArray
    elements: int

    def __len__(self) -> int:
        return len(self.starts)

    def part(self, first: int, stop: int) -> WindowRows:
        """Return some of the windows."""
        return WindowRows(self.rows, self.starts[first:stop], self.elements)


def window_rows(messages: IntArray) -> WindowRows:
    """Return windows as rows, without copying where they are a view of a table.

    Parameters
    ----------
    messages : ndarray, int64, shape (window, element, variate)
        Windows. Where one starts a whole number of rows after the one before (a view as of
        `numpy.lib.stride_tricks.sliding_window_view`), the rows are shared; else every window has
        its own.
    """
    count, elements, variates = messages.shape
    by_window, by_row, by_value = messages.strides
    overlapping = (
        count > 1
        and elements > 1
        and by_value == messages.itemsize
        and by_row >= variates * by_value
        and by_window > 0
        and by_window % by_row == 0
        and by_window // by_row < elements
    )
    if overlapping:
        step = by_window // by_row
        rows = np.lib.stride_tricks.as_strided(
            messages,
            shape=((count - 1) * step + elements, variates),
            strides=(by_row, by_value),
            writeable=False,
        )
        return WindowRows(rows, np.arange(count, dtype=np.int64) * step, elements)
    rows = messages.reshape(count * elements, variates)
    return WindowRows(rows, np.arange(count, dtype=np.int64) * elements, elements)


@dataclass(frozen=True, eq=False)
class Links:
    """How the windows of a chunk hang together.

    Parameters
    ----------
    linked : ndarray, bool, shape (window,)
        Whether a window overlaps the one before.
    shifts : ndarray, int64, shape (window,)
        Rows between the starts of the two.
    """

    linked: npt.NDArray[np.bool_]
    shifts: IntArray

    @property
    def any(self) -> bool:
        """Whether any windows overlap."""
        return bool(self.linked.any())


def links_of(starts: IntArray, elements: int) -> Links:
    """Return how windows that start at the given rows hang together."""
    shifts = np.diff(starts, prepend=starts[:1] - elements)
    return Links(shifts < elements, shifts)
