"""Sliding windows over a table, their chronological split and their selection by the user.

A table of ``n`` rows, a window of ``w`` rows and a horizon of ``H`` rows give
``n - w - H + 1`` windows. Window ``i`` reads rows ``i .. i+w-1`` and predicts rows
``i+w .. i+w+H-1``. With ``H = 0`` only the input has to fit in.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.errors import DataError, UsageError

DEFAULT_SPLIT = (0.7, 0.2, 0.1)
"""Shares of training, validation and test windows where nobody says how a table is split."""

RATIO_TOLERANCE = 1e-6
"""How far the sum of three split ratios, typed as decimals, may be from 1."""

_SPEC = re.compile(r"(?P<start>[+-]?\d+)?:(?P<stop>[+-]?\d+)?|(?P<last>\+?\d+)", re.ASCII)


@dataclass(frozen=True)
class Split:
    """Chronological split of the windows of a table.

    Attributes
    ----------
    train, valid, test : range
        Window indices of the three parts, in the order of time and without gaps; a part may be
        empty. Neighbouring parts share rows at their border.
    """

    train: range
    valid: range
    test: range


def count_windows(rows: int, window: int, horizon: int = 0) -> int:
    """Count the windows of a table.

    Parameters
    ----------
    rows : int
        Rows of the table.
    window : int
        Rows that one window reads, at least 1.
    horizon : int, optional
        Rows behind the window that have to exist too; 0 where only forecasts are wanted.

    Returns
    -------
    int
        ``rows - window - horizon + 1``, at least 1.

    Raises
    ------
    DataError
        If the table is too short for one window.
    UsageError
        If the window or the horizon is no possible length.
    """
    if window < 1:
        raise UsageError(f"window is {window}, expected at least 1 row")
    if horizon < 0:
        raise UsageError(f"horizon is {horizon}, expected at least 0 rows")
    total = rows - window - horizon + 1
    if total < 1:
        needed = f"window {window}" + (f" and horizon {horizon}" if horizon else "")
        raise DataError(
            f"too few rows for one window: found {rows}, expected at least {window + horizon} "
            f"({needed})"
        )
    return total


def input_windows(
    values: NDArray[Any],
    window: int,
    indices: Sequence[int] | NDArray[np.integer[Any]] | None = None,
    stride: int = 1,
) -> NDArray[Any]:
    """Cut the inputs of windows out of a table.

    Parameters
    ----------
    values : ndarray, shape (rows, variates)
        The table, any unit.
    window : int
        Rows per window.
    indices : sequence of int or range, optional
        Windows wanted, each in ``0 .. rows - window``; all of them by default.
    stride : int, optional
        Rows from the start of a window to that of the next.

    Returns
    -------
    ndarray, shape (windows, window, variates)
        A read-only view of `values` for a range with step 1 and by default, a copy otherwise.

    Raises
    ------
    DataError
        If the table is too short, or an index has no window.
    """
    count_windows(values.shape[0], window)
    view = np.lib.stride_tricks.sliding_window_view(values, window, axis=0)[::stride]
    every: NDArray[Any] = view.transpose(0, 2, 1)
    total = len(every)
    if indices is None:
        return every
    if isinstance(indices, range) and indices.step == 1:
        if len(indices) == 0:
            return every[:0]
        _check_index(indices[0], total)
        _check_index(indices[-1], total)
        return every[indices.start : indices.stop]
    chosen = np.asarray(indices, dtype=np.int64)
    for index in chosen[(chosen < 0) | (chosen >= total)][:1]:
        _check_index(int(index), total)
    return every[chosen]


def target_windows(
    values: NDArray[Any],
    window: int,
    horizon: int,
    indices: Sequence[int] | NDArray[np.integer[Any]] | None = None,
) -> NDArray[Any]:
    """Cut the targets of windows out of a table.

    Parameters
    ----------
    values : ndarray, shape (rows, variates)
        The table, any unit.
    window : int
        Rows per window.
    horizon : int
        Rows to predict, at least 1.
    indices : sequence of int or range, optional
        Windows wanted, each in ``0 .. rows - window - horizon``; all of them by default.

    Returns
    -------
    ndarray, shape (windows, horizon, variates)
        Rows ``i+window .. i+window+horizon-1`` for every window ``i``; a view where
        `input_windows` gives one.

    Raises
    ------
    DataError
        If the table is too short, or an index has no window.
    UsageError
        If the horizon is less than 1.
    """
    if horizon < 1:
        raise UsageError(f"horizon is {horizon}, expected at least 1 row")
    count_windows(values.shape[0], window, horizon)
    return input_windows(values[window:], horizon, indices)


def split_windows(
    rows: int, window: int, horizon: int, ratios: tuple[float, float, float]
) -> Split:
    """Split the windows of a table in the order of time.

    The train part is the first ``int(total * r_train)`` windows, the test part the last
    ``int(total * r_test)``, validation what lies between.

    Parameters
    ----------
    rows, window, horizon : int
        As in `count_windows`.
    ratios : tuple of float
        Shares of train, validation and test; they sum to 1.

    Returns
    -------
    Split
        The three ranges of window indices.

    Raises
    ------
    DataError
        If the table is too short for one window.
    UsageError
        If the ratios are no shares of one whole.
    """
    return split_range(count_windows(rows, window, horizon), ratios)


def split_range(total: int, ratios: tuple[float, float, float]) -> Split:
    """Split so many windows in their order; see `split_windows`."""
    _check_ratios(ratios)
    train = int(total * ratios[0])
    test = total - int(total * ratios[2])
    return Split(train=range(train), valid=range(train, test), test=range(test, total))


def parse_ratios(text: str) -> tuple[float, float, float]:
    """Read split ratios as the command line takes them.

    Parameters
    ----------
    text : str
        Three decimals with commas between, such as ``"0.7,0.2,0.1"``.

    Returns
    -------
    tuple of float
        Shares of train, validation and test.

    Raises
    ------
    UsageError
        If the text is anything else, or the shares do not sum to 1.
    """
    try:
        train, valid, test = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"split is {text!r}, expected three numbers such as 0.7,0.2,0.1") from None
    ratios = (train, valid, test)
    _check_ratios(ratios)
    return ratios


def select_windows(spec: str | None, total: int, default: int | None) -> range:
    """Choose windows as ``--windows`` asks.

    Parameters
    ----------
    spec : str or None
        ``"A:B"`` for the half-open range A to B, where either end may be left out and negative
        ends count from the last window; ``"N"`` for the last N windows; None for the default.
    total : int
        How many windows there are.
    default : int or None
        Without `spec`: how many of the last windows, or None for all.

    Returns
    -------
    range
        Window indices, at least one.

    Raises
    ------
    UsageError
        If `spec` is malformed, empty, or reaches beyond the windows that exist.
    """
    if spec is None:
        return range(0 if default is None else max(0, total - default), total)
    matched = _SPEC.fullmatch(spec.strip())
    if matched is None:
        raise UsageError(f"windows is {spec!r}, expected A:B or N with integers, such as 0:100")
    if matched["last"] is not None:
        start, stop = total - int(matched["last"]), total
    else:
        start = _resolve_end(matched["start"], total, missing=0)
        stop = _resolve_end(matched["stop"], total, missing=total)
    if start < 0 or stop > total:
        raise UsageError(f"windows {spec!r} reaches beyond the {total} windows that the data has")
    if start >= stop:
        raise UsageError(f"windows {spec!r} selects none of the {total} windows")
    return range(start, stop)


def _resolve_end(text: str | None, total: int, *, missing: int) -> int:
    """Turn one end of ``A:B`` into an index; negative ones count from the last window."""
    if text is None:
        return missing
    end = int(text)
    return end + total if end < 0 else end


def _check_index(index: int, total: int) -> None:
    if not 0 <= index < total:
        raise DataError(f"window {index} does not exist: expected 0 to {total - 1}")


def _check_ratios(ratios: tuple[float, float, float]) -> None:
    shown = ",".join(f"{ratio:g}" for ratio in ratios)
    if not all(math.isfinite(ratio) and 0.0 <= ratio <= 1.0 for ratio in ratios):
        raise UsageError(f"split is {shown}, expected three shares between 0 and 1")
    if abs(sum(ratios) - 1.0) > RATIO_TOLERANCE:
        raise UsageError(f"split {shown} sums to {sum(ratios):g}, expected 1")
