"""Arrays saved by NumPy: npy, and npz with ``values``, ``timestamps`` and ``names``.

Headers are read first and compared with the bytes that are there, so that nothing is allocated
on the word of a header, and nothing is ever unpickled.
"""

from __future__ import annotations

import io
import math
import tokenize
import warnings
import zipfile
import zlib
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets.checks import assemble_table
from lava_spikyspace.datasets.sequences import INPUTS, LABELS, assemble_sequences
from lava_spikyspace.datasets.source import Source, reason
from lava_spikyspace.datasets.table import Table

_HEADER_BYTES = 16 << 10
"""Bytes in which a header has to end; NumPy itself reads no header above 10,000."""

_HEADER_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    SyntaxError,
    EOFError,
    MemoryError,
    OverflowError,
    RecursionError,
    tokenize.TokenError,
)
"""What NumPy's header parser lets through on bytes that are no header."""

_ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
)
"""What zipfile raises on broken, encrypted or exotic archives."""


def read_array(source: Source, name: str) -> NDArray[Any]:
    """Read one array of any shape and type, but no pickled objects.

    Parameters
    ----------
    source : Source
        A file whose name ends in ``.npy``, or in ``.npz``.
    name : str
        Name of the array in an npz file.

    Returns
    -------
    ndarray
        The array.

    Raises
    ------
    DataError
        If the file is anything else, or holds no array of that name.
    """
    ending = source.path.suffix.lower()
    if ending == ".npy":
        return _read_single(source, name)
    if ending != ".npz":
        raise source.error("", f"a file named {source.path.name}", "a name that ends in .npy, .npz")
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            if f"{name}.npy" not in members:
                raise source.error("", f"entries {sorted(members)[:10]}", f"an array '{name}'")
            return _read_member(source, archive, members[f"{name}.npy"])
    except _ARCHIVE_ERRORS as error:
        raise source.error("", f"a broken archive ({reason(error)})", "an npz file") from None


def read_arrays(source: Source) -> dict[str, NDArray[Any]]:
    """Read all arrays of an npz file, of any shape and type, but no pickled objects.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    dict of str to ndarray
        By name.

    Raises
    ------
    DataError
        If the file is anything else.
    """
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            return {
                name.removesuffix(".npy"): _read_member(source, archive, member)
                for name, member in members.items()
            }
    except _ARCHIVE_ERRORS as error:
        raise source.error("", f"a broken archive ({reason(error)})", "an npz file") from None


def read_npy(source: Source) -> Table:
    """Read a two-dimensional array saved with ``numpy.save``.

    Parameters
    ----------
    source : Source
        The file.

    Returns
    -------
    Table
        The table, without names and times.

    Raises
    ------
    DataError
        If the file is anything else.
    """
    return assemble_table(source, _read_single(source, "values"), None, None)


def read_npz(source: Source) -> Table:
    """Read an archive saved with ``numpy.savez``.

    Parameters
    ----------
    source : Source
        The file: an array ``values`` (rows, variates), optionally ``timestamps`` (datetime64 or
        integer seconds since 1970) and ``names`` (text); or ``inputs`` (sequences, steps,
        channels) and ``labels``; or a single array of any other name.

    Returns
    -------
    Table
        The table, or labelled sequences. Further arrays of the archive are not read.

    Raises
    ------
    DataError
        If the file is anything else.
    """
    try:
        with zipfile.ZipFile(source.path) as archive:
            members = {member.filename: member for member in archive.infolist()}
            arrays = {name[:-4]: members[name] for name in members if name.endswith(".npy")}
            if INPUTS in arrays and "values" not in arrays:
                named = {name: arrays[name] for name in (INPUTS, LABELS) if name in arrays}
                return assemble_sequences(
                    source,
                    {name: _read_member(source, archive, found) for name, found in named.items()},
                )
            values_name = _values_name(source, list(arrays))
            values = _read_member(source, archive, arrays[values_name])
            timestamps, names = (
                _read_member(source, archive, arrays[name]) if name in arrays else None
                for name in ("timestamps", "names")
            )
    except _ARCHIVE_ERRORS as error:
        raise source.error("", f"a broken archive ({reason(error)})", "an npz file") from None
    return assemble_table(
        source, values, None if names is None else _texts(source, names), timestamps
    )


def _read_single(source: Source, label: str) -> NDArray[Any]:
    """Read the array of an npy file."""
    try:
        with source.path.open("rb") as stream:
            return _read_array(source, label, stream, source.size)
    except OSError as error:
        raise source.error("", f"a read error ({reason(error)})", "a readable file") from None


def _values_name(source: Source, names: list[str]) -> str:
    if "values" in names:
        return "values"
    if len(names) == 1:
        return names[0]
    raise source.error("", f"arrays {sorted(names)[:10]}", "an array 'values', or a single array")


def _read_member(source: Source, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise source.error(
            member.filename, f"compression {member.compress_type}", "deflate or none"
        )
    with archive.open(member) as stream:
        return _read_array(source, member.filename, stream, member.file_size)


def _read_array(source: Source, label: str, stream: IO[bytes], size: int) -> NDArray[Any]:
    """Read one array of the npy format, all `size` bytes of a stream.

    Reading a member of an archive to its end makes zipfile compare the checksum.
    """
    head = stream.read(min(size, _HEADER_BYTES))
    shape, fortran_order, dtype, start = _read_header(source, label, head)
    if dtype.hasobject:
        raise source.error(label, "pickled Python objects", "numbers or text")
    count = math.prod(shape)
    declared = count * dtype.itemsize
    if declared != size - start:
        raise source.error(
            label, f"{size - start} bytes of data", f"{declared} for {dtype} of shape {shape}"
        )
    source.check_cells(count, label)
    data = bytearray(head[start:])
    data += stream.read(max(0, size - len(head)))
    if len(data) != declared:
        raise source.error(label, f"{len(data)} bytes of data", f"{declared}: the file is cut off")
    return np.frombuffer(data, dtype=dtype).reshape(shape, order="F" if fortran_order else "C")


def _read_header(
    source: Source, label: str, head: bytes
) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Parse the header of an array; gives shape, order, dtype and where the data begins."""
    buffer = io.BytesIO(head)
    try:
        with warnings.catch_warnings():
            # Headers by Python 2 and outdated dtype names are read, not reported.
            warnings.simplefilter("ignore")
            # NumPy 1.26 does not annotate these functions.
            npy: Any = np.lib.format
            version = npy.read_magic(buffer)
            read = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[version]
            shape, fortran_order, dtype = read(buffer)
    except _HEADER_ERRORS as error:
        raise source.error(
            label, f"no array header ({reason(error)})", "an array in npy format"
        ) from None
    if any(isinstance(length, bool) or length < 0 for length in shape):
        raise source.error(label, f"shape {shape}", "lengths that are not negative")
    return shape, fortran_order, dtype, buffer.tell()


def _texts(source: Source, names: NDArray[Any]) -> list[str]:
    """Turn an array of names into text."""
    if names.ndim != 1 or names.dtype.kind not in "US":
        raise source.error(
            "names", f"dtype {names.dtype} and shape {names.shape}", "a list of texts"
        )
    try:
        return [
            name.decode("utf-8") if isinstance(name, bytes) else str(name)
            for name in names.tolist()
        ]
    except (ValueError, SystemError) as error:
        # SystemError: a code point that does not exist.
        raise source.error("names", f"broken text ({reason(error)})", "UTF-8 or Unicode") from None
