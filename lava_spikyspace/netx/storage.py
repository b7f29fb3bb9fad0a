"""Read one dataset or attribute of an untrusted HDF5 file without trusting what it declares."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any, BinaryIO

import h5py
import numpy as np

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.heap import DESCRIPTOR_BYTES, HeapError, read_heap_text
from lava_spikyspace.netx.tree import Value

MAX_CONTENT_BYTES = 1 << 27
"""Most bytes of all values of a file together, each number counted as the 8 bytes that it may have
in memory: 16 million parameters. A large file may have more, `CONTENT_PER_BYTE`."""

CONTENT_PER_BYTE = 10
"""Bytes of content for each byte on the disk: the 8 of an int8 weight, which hardly compresses, and
a quarter for what does. So nobody fills more memory than a tenth of it that they have sent."""

MAX_TEXT_BYTES = 1 << 22
"""Longest text."""


@dataclass(frozen=True)
class Dialect:
    """Which values a kind of file may hold beyond plain numbers and texts of fixed length.

    Parameters
    ----------
    max_rank : int
        Most axes of a value.
    h5py_values : bool
        Whether a dataset may be what h5py makes of a Python string (a single text of variable
        length) or of booleans (an enumeration, read as 0 and 1).
    """

    max_rank: int
    h5py_values: bool


OURS = Dialect(max_rank=4, h5py_values=False)
"""Files with our extension; they need three axes."""

LAVA_DL = Dialect(max_rank=5, h5py_values=True)
"""Plain files of lava-dl; kernels may have an axis of time."""

_WIDEST_NUMBER = 8
_h5t = h5py.h5t
_NUMBER_TYPES = (
    (_h5t.STD_I8LE, "<i1"),
    (_h5t.STD_I16LE, "<i2"),
    (_h5t.STD_I32LE, "<i4"),
    (_h5t.STD_I64LE, "<i8"),
    (_h5t.STD_I8BE, ">i1"),
    (_h5t.STD_I16BE, ">i2"),
    (_h5t.STD_I32BE, ">i4"),
    (_h5t.STD_I64BE, ">i8"),
    (_h5t.STD_U8LE, "<u1"),
    (_h5t.STD_U16LE, "<u2"),
    (_h5t.STD_U32LE, "<u4"),
    (_h5t.STD_U64LE, "<u8"),
    (_h5t.STD_U8BE, ">u1"),
    (_h5t.STD_U16BE, ">u2"),
    (_h5t.STD_U32BE, ">u4"),
    (_h5t.STD_U64BE, ">u8"),
    (_h5t.IEEE_F32LE, "<f4"),
    (_h5t.IEEE_F64LE, "<f8"),
    (_h5t.IEEE_F32BE, ">f4"),
    (_h5t.IEEE_F64BE, ">f8"),
)
_ADDRESS_BYTES = 8
_FLAGS = {b"FALSE": 0, b"TRUE": 1}
_CLASS_NAMES = {
    _h5t.INTEGER: "an integer type of unusual layout",
    _h5t.FLOAT: "a float type of unusual layout",
    _h5t.TIME: "a time type",
    _h5t.STRING: "a variable-length string",
    _h5t.BITFIELD: "a bit field",
    _h5t.OPAQUE: "an opaque type",
    _h5t.COMPOUND: "a compound type",
    _h5t.REFERENCE: "a reference",
    _h5t.ENUM: "an enumeration",
    _h5t.VLEN: "a variable-length type",
    _h5t.ARRAY: "an array type",
}
_FILTER_CHAINS = (
    (),
    (h5py.h5z.FILTER_DEFLATE,),
    (h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_DEFLATE),
)


class Budget:
    """What may still be allocated for a file.

    Parameters
    ----------
    file_bytes : int
        Size of the HDF5 file.
    disk_bytes : int
        Size as it lies on the disk; less where it is compressed.
    """

    def __init__(self, file_bytes: int, disk_bytes: int) -> None:
        self.file_bytes = file_bytes
        self._most = max(MAX_CONTENT_BYTES, CONTENT_PER_BYTE * disk_bytes)
        self._left = self._most

    def spend(self, shape: tuple[int, ...], dtype: np.dtype[Any], where: str) -> None:
        """Take the memory of a value from the budget, or refuse."""
        needed = math.prod(shape) * max(dtype.itemsize, _WIDEST_NUMBER)
        if needed > self._left:
            raise ModelFileError(
                f"{where}: declares shape {shape} of {dtype.name}, {needed} bytes in memory; all "
                f"content of this model file may have at most {self._most}"
            )
        self._left -= needed


def read_attribute(attribute: h5py.h5a.AttrID, where: str, budget: Budget) -> Value:
    """Read an attribute; `where` names file and path in an error."""
    dtype = _dtype(attribute.get_type(), where)
    shape = _shape(attribute.get_space(), where, OURS)
    declared = math.prod(shape) * dtype.itemsize
    # An attribute lies in the header of its object or in a heap: as it is, never compressed.
    if declared > budget.file_bytes:
        raise ModelFileError(f"{where}: declares {declared} bytes in a file of {budget.file_bytes}")
    budget.spend(shape, dtype, where)
    value = np.zeros(shape, dtype)
    if value.size:
        attribute.read(value)
    return value


def read_dataset(
    dataset: h5py.h5d.DatasetID,
    where: str,
    budget: Budget,
    dialect: Dialect = OURS,
    content: BinaryIO | None = None,
) -> Value:
    """Read a dataset.

    Parameters
    ----------
    dataset : h5py.h5d.DatasetID
        What to read.
    where : str
        File and path, for errors.
    budget : Budget
        What may still be allocated.
    dialect : Dialect
        What it may hold.
    content : binary file, optional
        Content of the HDF5 file, where the dialect has texts of variable length.
    """
    declared_type = dataset.get_type()
    shape = _shape(dataset.get_space(), where, dialect)
    if dialect.h5py_values:
        if content is not None and _is_heap_text(declared_type):
            return _read_heap_text(dataset, shape, where, content)
        if _is_flag(declared_type):
            declared_type = _h5t.STD_I8LE
    dtype = _dtype(declared_type, where)
    declared = math.prod(shape) * dtype.itemsize
    plan = dataset.get_create_plist()
    layout = plan.get_layout()
    if plan.get_external_count():
        raise ModelFileError(f"{where}: stored in another file; expected its data in this one")
    if layout == h5py.h5d.CHUNKED:
        return _read_chunk(dataset, plan, shape, dtype, where, budget)
    if layout not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT):
        raise ModelFileError(f"{where}: a virtual dataset; expected its data in this one")
    stored = dataset.get_storage_size()
    if stored != declared or stored > budget.file_bytes:
        raise ModelFileError(
            f"{where}: declares shape {shape} of {dtype.name}, {declared} bytes, and stores "
            f"{stored} in a file of {budget.file_bytes}"
        )
    budget.spend(shape, dtype, where)
    value = np.zeros(shape, dtype)
    if value.size:
        dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, value)
    return value


def _read_chunk(
    dataset: h5py.h5d.DatasetID,
    plan: Any,  # noqa: ANN401 - h5py has no types
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    where: str,
    budget: Budget,
) -> Value:
    """Read a dataset that is stored as one chunk, decompressing no more than it declares.

    The library would inflate a chunk to whatever size comes out, before comparing it.
    """
    chunk = tuple(plan.get_chunk())
    filters = tuple(plan.get_filter(i)[0] for i in range(plan.get_nfilters()))
    if chunk != shape or dataset.get_num_chunks() != 1:
        raise ModelFileError(
            f"{where}: declares shape {shape} and stores {dataset.get_num_chunks()} chunks of "
            f"shape {chunk}; expected one chunk of the whole shape"
        )
    if filters not in _FILTER_CHAINS:
        raise ModelFileError(
            f"{where}: uses the HDF5 filters {filters}; expected none, deflate, or shuffle and "
            "deflate"
        )
    stored = dataset.get_chunk_info(0)
    if stored.filter_mask or stored.byte_offset + stored.size > budget.file_bytes:
        raise ModelFileError(f"{where}: the data of its chunk lie outside the file")
    declared = math.prod(shape) * dtype.itemsize
    budget.spend(shape, dtype, where)
    _, raw = dataset.read_direct_chunk((0,) * len(shape))
    content = _inflate(raw, declared, where) if filters else raw
    if len(content) != declared:
        raise ModelFileError(
            f"{where}: declares shape {shape} of {dtype.name}, {declared} bytes, and its data "
            f"have {len(content)}"
        )
    octets = np.frombuffer(content, np.uint8)
    if h5py.h5z.FILTER_SHUFFLE in filters:
        octets = octets.reshape(dtype.itemsize, -1).T
    return np.frombuffer(octets.tobytes(), dtype).reshape(shape)


def _inflate(raw: bytes, limit: int, where: str) -> bytes:
    """Return the decompressed bytes; one more than `limit` where there would be more."""
    inflater = zlib.decompressobj()
    try:
        return inflater.decompress(raw, limit + 1)
    except zlib.error as error:
        raise ModelFileError(f"{where}: the compressed data are damaged: {error}") from error


def _dtype(declared: Any, where: str) -> np.dtype[Any]:  # noqa: ANN401 - h5py has no types
    """Return the NumPy dtype of an HDF5 type: a plain number or a string of fixed length."""
    kind = declared.get_class()
    if kind == _h5t.STRING and not declared.is_variable_str():
        size = declared.get_size()
        if size > MAX_TEXT_BYTES:
            raise ModelFileError(f"{where}: a text of {size} bytes, at most {MAX_TEXT_BYTES}")
        return np.dtype((np.bytes_, size))
    for known, name in _NUMBER_TYPES:
        if declared.equal(known):
            return np.dtype(name)
    raise ModelFileError(
        f"{where}: {_CLASS_NAMES.get(kind, 'an unknown type')}; expected integers, floats or a "
        "fixed-length string"
    )


def _is_heap_text(declared: Any) -> bool:  # noqa: ANN401 - h5py has no types
    return declared.get_class() == _h5t.STRING and bool(declared.is_variable_str())


def _is_flag(declared: Any) -> bool:  # noqa: ANN401 - h5py has no types
    """Whether a type is the enumeration that h5py makes of booleans."""
    if declared.get_class() != _h5t.ENUM or declared.get_size() != 1:
        return False
    indices = range(declared.get_nmembers())
    return {declared.get_member_name(i): declared.get_member_value(i) for i in indices} == _FLAGS


def _read_heap_text(
    dataset: h5py.h5d.DatasetID, shape: tuple[int, ...], where: str, content: BinaryIO
) -> Value:
    """Read a single text of variable length."""
    created = h5py.h5i.get_file_id(dataset).get_create_plist()
    position = dataset.get_offset()
    if (
        math.prod(shape) != 1
        or position is None
        or dataset.get_storage_size() != DESCRIPTOR_BYTES
        or created.get_sizes() != (_ADDRESS_BYTES, _ADDRESS_BYTES)
    ):
        raise ModelFileError(f"{where}: variable-length strings; expected a single one")
    try:
        return np.array(read_heap_text(content, position)).reshape(shape)
    except HeapError as error:
        raise ModelFileError(f"{where}: found {error}") from error


def _shape(space: h5py.h5s.SpaceID, where: str, dialect: Dialect) -> tuple[int, ...]:
    """Return the shape of a dataspace that is neither empty by type nor resizable."""
    if space.get_simple_extent_type() not in (h5py.h5s.SIMPLE, h5py.h5s.SCALAR):
        raise ModelFileError(f"{where}: holds no value; expected an array")
    shape = tuple(int(size) for size in space.get_simple_extent_dims())
    if len(shape) > dialect.max_rank:
        most = dialect.max_rank
        raise ModelFileError(f"{where}: has {len(shape)} axes; expected at most {most}")
    if tuple(space.get_simple_extent_dims(True)) != shape:
        raise ModelFileError(f"{where}: is resizable; expected a fixed shape")
    return shape
