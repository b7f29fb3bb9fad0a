"""A table of time series in memory, and how its variates meet those of a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets.windows import count_windows, input_windows
from lava_spikyspace.errors import DataError

MAX_LISTED = 10
"""Names that an error message spells out before it only counts the rest."""


@dataclass(frozen=True, eq=False)
class Table:
    """Time series of several variates, one row per time step.

    Attributes
    ----------
    values : ndarray of float64, shape (rows, variates)
        The numbers in units of the file; C-contiguous, finite, read-only.
    names : tuple of str or None
        One name per variate, all different; None where the file has none.
    timestamps : ndarray of datetime64[s], shape (rows,), or None
        Time of every row, ascending; None where the file has none.
    path : Path
        Where the table was read from.
    sha256 : str
        Digest of that file, in hexadecimal.
    note : str or None
        What `match` did to the variates, for the user to know; None if nothing.
    """

    values: NDArray[np.float64]
    names: tuple[str, ...] | None
    timestamps: NDArray[np.datetime64] | None
    path: Path
    sha256: str
    note: str | None = None

    @property
    def rows(self) -> int:
        """Number of time steps."""
        return int(self.values.shape[0])

    @property
    def variates(self) -> int:
        """Number of time series."""
        return int(self.values.shape[1])

    @property
    def stride(self) -> int:
        """Rows from the start of a window to that of the next."""
        return 1

    def count_windows(self, window: int, horizon: int = 0) -> int:
        """Count the windows; see `datasets.windows.count_windows`.

        Raises
        ------
        DataError
            The table is too short for one window; names its file.
        """
        try:
            return count_windows(self.rows, window, horizon)
        except DataError as error:
            raise DataError(f"{self.path}: {error.message}", hint=error.hint) from None

    def windows(
        self, window: int, indices: Sequence[int] | NDArray[np.integer[Any]] | None = None
    ) -> NDArray[np.float64]:
        """Return windows (window, element, variate); see `datasets.windows.input_windows`."""
        return input_windows(self.values, window, indices, self.stride)

    def match(self, names: Sequence[str] | None, count: int | None = None) -> Table:
        """Bring the variates into the order of a model.

        Parameters
        ----------
        names : sequence of str or None
            Names of the model's variates in its order, or None where it has none.
        count : int, optional
            How many variates the model has, where `names` does not say it.

        Returns
        -------
        Table
            With names on both sides: the variates of those names, in that order. Otherwise this
            table, its variates taken by position. `note` says what was reordered, left out or
            taken by position.

        Raises
        ------
        DataError
            If a name is missing or given twice, or the number of variates differs where they are
            taken by position.
        """
        if names is None or self.names is None:
            return self._match_positions(len(names) if names is not None else count)
        if tuple(names) == self.names:
            return self
        repeated = [name for name, times in Counter(names).items() if times > 1]
        if repeated:
            raise DataError(f"the model names a variate more than once: {_listed(repeated)}")
        column = {name: index for index, name in enumerate(self.names)}
        missing = [name for name in names if name not in column]
        if missing:
            raise DataError(
                f"{self.path}: {len(missing)} of the model's {len(names)} variates are missing: "
                f"{_listed(missing)}; found {_listed(self.names)}"
            )
        chosen = [column[name] for name in names]
        values = np.ascontiguousarray(self.values[:, chosen])
        values.flags.writeable = False
        in_order = "in order" if chosen == sorted(chosen) else "reordered"
        note = f"{self.path}: {len(chosen)} of {self.variates} variates taken by name, {in_order}"
        return replace(self, values=values, names=tuple(names), note=note)

    def _match_positions(self, count: int | None) -> Table:
        if count is None:
            return self
        if count != self.variates:
            raise DataError(
                f"{self.path}: found {self.variates} variates, expected {count} as the model has"
            )
        side = "the table" if self.names is None else "the model"
        return replace(
            self, note=f"{self.path}: variates taken by position, because {side} names none"
        )


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(repr(name) for name in every[:MAX_LISTED])
    return shown if len(every) <= MAX_LISTED else f"{shown} and {len(every) - MAX_LISTED} more"
