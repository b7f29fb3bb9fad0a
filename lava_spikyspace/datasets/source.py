"""A data file before it is parsed: its size, its digest, how much it may hold, its errors."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lava_spikyspace.errors import DataError, InputError
from lava_spikyspace.files import sha256_of
from lava_spikyspace.wording import one_line

CELL_BYTES = 8
"""Bytes of one value in memory, always float64."""

UNQUESTIONED_BYTES = 64 << 20
"""A table up to this size in memory may come from a file of any size."""

MAX_EXPANSION = 100
"""How many times larger than its file a larger table may be in memory.

Real series compress about tenfold; what grows a hundredfold is a bomb or a size that lies.
"""

Place = Callable[[int, "int | None"], str]
"""Words for a place in a file; row and column are counted from 0, the column may be None."""

_SHOWN_CHARACTERS = 40


@dataclass(frozen=True)
class Source:
    """A regular, non-empty file with a table in it.

    Attributes
    ----------
    path : Path
        Where the file is.
    size : int
        Its length in bytes.
    sha256 : str
        Digest of its content, in hexadecimal.
    vouched_cells : int
        Values that the file may hold whatever its size, because something else expects them.
    """

    path: Path
    size: int
    sha256: str
    vouched_cells: int = 0

    @property
    def max_cells(self) -> int:
        """Most values that a file of this size is believed to hold."""
        believed = max(UNQUESTIONED_BYTES, MAX_EXPANSION * self.size) // CELL_BYTES
        return max(believed, self.vouched_cells)

    def check_cells(self, cells: int, place: str) -> None:
        """Refuse a number of values that a file of this size cannot honestly hold.

        Parameters
        ----------
        cells : int
            Values declared, or found so far.
        place : str
            Where they are declared.

        Raises
        ------
        DataError
            If there are more than `max_cells`.
        """
        if cells > self.max_cells:
            raise self.error(
                place,
                f"{cells} values in a file of {self.size} bytes",
                f"at most {self.max_cells}",
            )

    def error(self, place: str, found: str, expected: str, *, hint: str | None = None) -> DataError:
        """Word an error about this file.

        Parameters
        ----------
        place : str
            Where in the file, or empty for the file as a whole.
        found, expected : str
            What is there, and what should be.
        hint : str, optional
            What would help.

        Returns
        -------
        DataError
            To be raised by the caller.
        """
        where = f"{self.path}: {place}" if place else str(self.path)
        return DataError(f"{where}: found {found}, expected {expected}", hint=hint)


def open_source(path: str | Path) -> Source:
    """Look at a file and take its digest.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    Source
        The file's size and digest.

    Raises
    ------
    DataError
        If there is no such file, it is no regular file, is empty or cannot be read.
    """
    file = Path(path)
    try:
        status = file.stat()
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read: {reason(error)}") from None
    if not stat.S_ISREG(status.st_mode):
        kind = "a directory" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
        raise DataError(f"{file}: found {kind}, expected a regular file")
    if status.st_size == 0:
        raise DataError(f"{file}: found an empty file, expected a table")
    try:
        return Source(path=file, size=status.st_size, sha256=sha256_of(file))
    except InputError as error:
        raise DataError(error.message, hint=error.hint) from None


def array_place(names: Sequence[str] | None) -> Place:
    """Give the words for places in a binary file.

    Parameters
    ----------
    names : sequence of str or None
        Names of the columns.

    Returns
    -------
    callable
        Rows are counted from 0 as NumPy does; columns go by name where they have one.
    """

    def place(row: int, column: int | None) -> str:
        where = f"row {row} (counted from 0)"
        if column is None:
            return where
        label = shown(names[column]) if names is not None else f"{column} (counted from 0)"
        return f"{where}, column {label}"

    return place


def reason(error: BaseException) -> str:
    """Give the message of another library's error in one line of readable length.

    Parameters
    ----------
    error : BaseException
        What was raised.

    Returns
    -------
    str
        Its message, or the name of its class where it has none.
    """
    return one_line(error)


def shown(text: str) -> str:
    """Quote text from a file for an error message, cut to a readable length.

    Parameters
    ----------
    text : str
        Anything, also with control characters.

    Returns
    -------
    str
        The text in quotes, what is not printable escaped.
    """
    cut = text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"
    return ascii(cut) if not cut.isprintable() else repr(cut)
