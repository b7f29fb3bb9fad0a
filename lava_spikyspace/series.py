"""The part of a table that a run looked at and forecast: what its forecasts are held against."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.errors import InputError
from lava_spikyspace.wording import one_line

_HEADER = ("row", "time")


@dataclass(frozen=True, eq=False)
class Series:
    """Rows of a table, one after the other.

    Parameters
    ----------
    first_row : int
        Index of the first row in the table.
    values : ndarray, float64, shape (row, variate)
        In units of the table.
    times : ndarray of datetime64[s], shape (row,), optional
        Time of every row.
    """

    first_row: int
    values: FloatArray
    times: npt.NDArray[np.datetime64] | None = None

    @classmethod
    def around(cls, table: Table, windows: range, window: int, horizon: int) -> Series:
        """Return the rows from the first window on to the end of the last forecast.

        Parameters
        ----------
        table : Table
            Variates in the order of the model.
        windows : range
            Window indices with step 1, at least one.
        window, horizon : int
            Rows of a window and of its forecast.
        """
        rows = slice(windows.start, min(table.rows, windows.stop - 1 + window + horizon))
        times = None if table.timestamps is None else table.timestamps[rows]
        return cls(windows.start, table.values[rows], times)

    def following(self, window: int, horizon: int, windows: npt.ArrayLike) -> FloatArray:
        """Return what follows each window, NaN beyond the end.

        Parameters
        ----------
        window, horizon : int
            Rows of a window and of its forecast.
        windows : array_like of int, shape (window,)
            Window indices; none begins before the first row.

        Returns
        -------
        ndarray, float64, shape (window, step, variate)
            In units of the table.
        """
        starts = np.asarray(windows, dtype=np.int64) - self.first_row + window
        rows = starts[:, None] + np.arange(horizon)
        known = rows < len(self.values)
        found = self.values[np.where(known, rows, 0)].astype(np.float64)
        found[~known] = np.nan
        return np.asarray(found)

    def inputs(self, window: int, windows: npt.ArrayLike) -> FloatArray:
        """Return the windows themselves, shape (window, element, variate)."""
        starts = np.asarray(windows, dtype=np.int64) - self.first_row
        return np.asarray(self.values[starts[:, None] + np.arange(window)])

    def write(self, path: Path, variates: tuple[str, ...]) -> None:
        """Write ``row,time,<variate>,…``, one line per row, values with all their digits."""
        with path.open("w", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, lineterminator="\n")
            table.writerow((*_HEADER, *variates))
            table.writerows(self._lines())

    def _lines(self) -> Iterator[list[object]]:
        times = [""] * len(self.values) if self.times is None else self.times.astype(str).tolist()
        for index, (time, row) in enumerate(zip(times, self.values.tolist(), strict=True)):
            yield [self.first_row + index, time, *row]

    @classmethod
    def read(cls, path: Path, variates: tuple[str, ...]) -> Series:
        """Read what `write` has written.

        Raises
        ------
        InputError
            The file is malformed, or is about other variates.
        """
        try:
            with path.open(encoding="utf-8", newline="") as stream:
                lines = csv.reader(stream)
                header = next(lines, None)
                if header != [*_HEADER, *variates]:
                    raise InputError(
                        f"{path}: line 1: found other columns than row, time and the "
                        f"{len(variates)} variates of the run"
                    )
                rows = list(lines)
            numbers = [int(row[0]) for row in rows]
            values = np.array([np.asarray(row[2:], dtype=np.float64) for row in rows])
            stamps = [row[1] for row in rows]
            times = np.array(stamps, dtype="datetime64[s]") if any(stamps) else None
        except (ValueError, IndexError, csv.Error) as error:
            raise InputError(f"{path}: not a table of actual values: {one_line(error)}") from error
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
        if values.shape != (len(rows), len(variates)) or not rows:
            raise InputError(f"{path}: found shape {values.shape}, expected one value per variate")
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise InputError(f"{path}: rows do not follow each other")
        return cls(numbers[0], values, times)
