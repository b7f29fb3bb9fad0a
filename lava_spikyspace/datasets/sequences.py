"""Labelled sequences: what a classifier is trained and scored on.

They are kept as a table whose windows stand one behind the other: sequence i is rows
``i*length .. (i+1)*length - 1``. All that cuts windows out of tables works on them as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets.checks import exact_float64
from lava_spikyspace.datasets.source import Source
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.errors import DataError

INPUTS = "inputs"
"""Array of an npz file: float or integer, (sequence, step, channel)."""

LABELS = "labels"
"""Array of an npz file: integers from 0 on, (sequence,)."""

MAX_CLASSES = 1 << 16
"""Labels from here on are a mistake, not classes."""


@dataclass(frozen=True, eq=False, kw_only=True)
class LabelledSequences(Table):
    """Sequences of one length, each of a class.

    Attributes
    ----------
    length : int
        Steps of a sequence; `values` has that many rows for each.
    labels : ndarray of int64, shape (sequence,)
        Class of each sequence, counted from 0; read-only.
    """

    length: int
    labels: NDArray[np.int64]

    @property
    def stride(self) -> int:
        """Rows from the start of a sequence to that of the next."""
        return self.length

    @property
    def classes(self) -> int:
        """Least number of classes that the labels need."""
        return int(self.labels.max()) + 1

    def count_windows(self, window: int, horizon: int = 0) -> int:
        """Count the sequences; see `Table.count_windows`. Nothing follows a sequence."""
        if window != self.length:
            raise DataError(
                f"{self.path}: {INPUTS}: found sequences of {self.length} steps, expected {window} "
                "as the model has"
            )
        return len(self.labels)

    def match(self, names: Sequence[str] | None, count: int | None = None) -> Table:
        """Check the number of channels; see `Table.match`. They have no names to go by."""
        return replace(super().match(names, count), note=None)

    def check_labels(self, classes: int) -> None:
        """Refuse labels that are no class of a model with so many classes."""
        wrong = np.flatnonzero(self.labels >= classes)
        if len(wrong):
            index = int(wrong[0])
            raise DataError(
                f"{self.path}: {LABELS}: sequence {index} (counted from 0): found label "
                f"{self.labels[index]}, expected 0 to {classes - 1} as the model has "
                f"{classes} classes ({len(wrong)} such labels)"
            )


def assemble_sequences(source: Source, arrays: Mapping[str, NDArray[Any]]) -> LabelledSequences:
    """Check what a file holds and make labelled sequences of it.

    Parameters
    ----------
    source : Source
        The file.
    arrays : mapping of str to ndarray
        `INPUTS` and `LABELS`.

    Raises
    ------
    DataError
        An array is missing, of another shape or type, or holds values that are none.
    """
    if LABELS not in arrays:
        raise source.error("", f"arrays {sorted(arrays)[:10]}", f"an array '{LABELS}', too")
    inputs, labels = arrays[INPUTS], arrays[LABELS]
    if inputs.ndim != 3 or 0 in inputs.shape:
        raise source.error(
            INPUTS, f"shape {inputs.shape}", "sequences, steps and channels, at least one each"
        )
    if labels.shape != inputs.shape[:1]:
        raise source.error(
            LABELS, f"shape {labels.shape}", f"({len(inputs)},): one for each sequence"
        )
    if labels.dtype.kind not in "iu":
        raise source.error(LABELS, f"dtype {labels.dtype}", "integers")
    wrong = np.flatnonzero((labels < 0) | (labels >= MAX_CLASSES))
    if len(wrong):
        raise source.error(
            f"{LABELS}: sequence {wrong[0]} (counted from 0)",
            f"label {labels[wrong[0]]}",
            f"a class from 0 to {MAX_CLASSES - 1}",
        )
    length = inputs.shape[1]

    def place(row: int, column: int | None) -> str:
        where = f"{INPUTS}: sequence {row // length}, step {row % length}"
        return where if column is None else f"{where}, channel {column} (counted from 0)"

    values = exact_float64(source, inputs.reshape(-1, inputs.shape[2]), place, INPUTS).view()
    classes = labels.astype(np.int64)
    values.flags.writeable = classes.flags.writeable = False
    return LabelledSequences(
        values=values,
        names=None,
        timestamps=None,
        path=source.path,
        sha256=source.sha256,
        length=length,
        labels=classes,
    )
