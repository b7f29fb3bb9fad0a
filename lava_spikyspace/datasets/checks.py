"""Checks that every table passes, whatever form of file it comes from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets.source import CELL_BYTES, Place, Source, array_place, shown
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.times import ascending_seconds, is_row_count

MAX_EXACT_INTEGER = 2**53
"""Up to here float64 holds every integer."""

FILL_HINT = "fill the gaps of the series first"
"""What to do about missing values."""


def assemble_table(
    source: Source,
    values: NDArray[Any],
    names: Sequence[str] | None,
    timestamps: NDArray[Any] | None,
    place: Place | None = None,
) -> Table:
    """Check what a reader found and make a table of it.

    Parameters
    ----------
    source : Source
        The file.
    values : ndarray, shape (rows, variates)
        Floating-point numbers up to 64 bits or integers.
    names : sequence of str or None
        One name per variate.
    timestamps : ndarray or None
        One time per row: datetime64 of any unit, or integer seconds since 1970. The numbers of
        the rows, which a source without times may give in their place, are left out.
    place : callable, optional
        Words for a place in the file; rows and columns counted from 0 by default.

    Returns
    -------
    Table
        The table; its values equal those given exactly.

    Raises
    ------
    DataError
        If there is no row or no variate, a number is missing, not finite or not exact in
        float64, a name is empty or not unique, or time does not ascend.
    """
    if values.ndim != 2 or 0 in values.shape:
        raise source.error(
            "values", f"an array of shape {values.shape}", "rows and variates, at least one each"
        )
    if names is not None:
        check_names(source, names, values.shape[1])
    where = place if place is not None else array_place(names)
    exact = exact_float64(source, values, where)
    seconds = None
    if timestamps is not None and not is_row_count(timestamps):
        seconds = ascending_seconds(source, timestamps, exact.shape[0], where)
    # Of a view, because the array itself may belong to the caller.
    exact = exact.view()
    exact.flags.writeable = False
    return Table(
        values=exact,
        names=None if names is None else tuple(names),
        timestamps=seconds,
        path=source.path,
        sha256=source.sha256,
    )


def check_names(source: Source, names: Sequence[str], variates: int) -> None:
    """Check the names of variates.

    Parameters
    ----------
    source : Source
        The file.
    names : sequence of str
        The names.
    variates : int
        How many there should be.

    Raises
    ------
    DataError
        If there is another number of names, or one is empty, not printable or used twice.
    """
    if len(names) != variates:
        raise source.error("names", f"{len(names)} names", f"{variates}, one per variate")
    for index, name in enumerate(names):
        if not name or not name.isprintable():
            raise source.error(
                f"name {index + 1} of {variates}", shown(name), "a name of printable characters"
            )
    repeated = [name for name, times in Counter(names).items() if times > 1]
    if repeated:
        listed = ", ".join(shown(name) for name in repeated[:10])
        raise source.error("names", f"duplicate columns {listed}", "names that are all different")


def exact_float64(
    source: Source, values: NDArray[Any], place: Place, label: str = "values"
) -> NDArray[np.float64]:
    """Convert numbers to float64 without changing one.

    Parameters
    ----------
    source : Source
        The file.
    values : ndarray, shape (rows, variates)
        Floating-point numbers up to 64 bits or integers.
    place : callable
        Words for a place in the file.
    label : str
        What the array is called there.

    Returns
    -------
    ndarray of float64, shape (rows, variates)
        The same numbers, C-contiguous; `values` itself where it is that already.

    Raises
    ------
    DataError
        If a number is missing, not finite or not exact in float64.
    """
    kind = values.dtype.kind
    if kind not in "fiu" or values.dtype.itemsize > CELL_BYTES:
        raise source.error(
            label, f"dtype {values.dtype}", "integers or floating-point numbers up to 64 bits"
        )
    exact = np.ascontiguousarray(values, dtype=np.float64)
    if kind == "f":
        bad, expected, hint = ~np.isfinite(exact), "a finite number", FILL_HINT
    else:
        bad = (values > MAX_EXACT_INTEGER) | (values < -MAX_EXACT_INTEGER)
        expected, hint = "an integer that float64 holds exactly, at most 2^53", None
    if bad.any():
        row, column = (int(index) for index in np.unravel_index(np.argmax(bad), bad.shape))
        raise source.error(place(row, column), str(values[row, column]), expected, hint=hint)
    return exact
