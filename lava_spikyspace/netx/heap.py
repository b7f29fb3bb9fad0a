"""Texts of variable length, read from an HDF5 file without the HDF5 library.

h5py stores a Python string as a descriptor (length, address, index) of an object in a global heap.
The library allocates what the descriptor declares before it looks at the heap; here every number is
compared with the file first. The layout is that of the HDF5 file format specification, version 3.0,
III.E "Disk format: global heap".
"""

from __future__ import annotations

import struct
from typing import BinaryIO

MAX_TEXT_BYTES = 1 << 10
"""Longest text; those of lava-dl are names of neuron types and functions."""

_MAX_HEAP_BYTES = 1 << 20
_DESCRIPTOR = struct.Struct("<IQI")
_COLLECTION = struct.Struct("<4sB3xQ")
_OBJECT = struct.Struct("<HH4xQ")
_SIGNATURE = b"GCOL"
_VERSION = 1
_FREE_SPACE = 0
_ALIGNMENT = 8

DESCRIPTOR_BYTES = _DESCRIPTOR.size
"""Bytes of a descriptor in a file whose addresses have eight bytes."""


class HeapError(ValueError):
    """A descriptor points to no text; the message says why."""


def read_heap_text(stream: BinaryIO, position: int) -> bytes:
    """Return the text whose descriptor lies at `position`.

    Parameters
    ----------
    stream : binary file
        Content of the HDF5 file, from its first byte.
    position : int
        Where the descriptor lies.

    Returns
    -------
    bytes
        The text, without what fills it up.

    Raises
    ------
    HeapError
        There is no such text, or it is longer than `MAX_TEXT_BYTES`.
    """
    length, address, index = _DESCRIPTOR.unpack(_read(stream, position, _DESCRIPTOR.size))
    if length > MAX_TEXT_BYTES:
        raise HeapError(f"a text of {length} bytes, expected at most {MAX_TEXT_BYTES}")
    if not length:
        return b""
    signature, version, size = _COLLECTION.unpack(_read(stream, address, _COLLECTION.size))
    if (signature, version) != (_SIGNATURE, _VERSION) or size > _MAX_HEAP_BYTES:
        raise HeapError("a text outside every global heap")
    place, end = address + _COLLECTION.size, address + size
    while place + _OBJECT.size <= end:
        found, _, object_bytes = _OBJECT.unpack(_read(stream, place, _OBJECT.size))
        if found == _FREE_SPACE:
            break
        if found == index:
            if not length <= object_bytes <= end - place - _OBJECT.size:
                raise HeapError(f"a text of {length} bytes in a heap object of {object_bytes}")
            return _read(stream, place + _OBJECT.size, length).rstrip(b"\0")
        place += _OBJECT.size + -(-object_bytes // _ALIGNMENT) * _ALIGNMENT
    raise HeapError(f"the text {index}, which is not in its global heap")


def _read(stream: BinaryIO, position: int, count: int) -> bytes:
    if position >= 1 << 63:  # an address that is undefined has all bits set
        raise HeapError("a text outside the file")
    stream.seek(position)
    content = stream.read(count)
    if len(content) < count:
        raise HeapError("a text outside the file")
    return content
