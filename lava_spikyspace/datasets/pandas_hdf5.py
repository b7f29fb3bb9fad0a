"""The HDF5 files of METR-LA and PEMS-BAY, as pandas writes a data frame in its fixed format.

A frame with numbers of one dtype is a group with ``block0_values`` (rows, variates), ``axis0``
(names of the columns), ``axis1`` (index of the rows) and ``block0_items`` (names in the order of
the block). They are read with h5py, without pandas or PyTables; attributes that hold pickles are
never looked at.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets.checks import assemble_table
from lava_spikyspace.datasets.source import Source, reason, shown
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.times import is_row_count

if TYPE_CHECKING:
    import h5py

_HDF5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError, OverflowError)
"""What h5py raises on files that are broken in one way or another."""

_DATETIME_KIND = re.compile(r"datetime64(\[(?P<unit>s|ms|us|ns)(, .*)?\])?")
_DEFAULT_KIND = "datetime64[ns]"


def read_pandas_hdf5(source: Source) -> Table:
    """Read a data frame of numbers that pandas stored in its fixed format.

    Parameters
    ----------
    source : Source
        The file; the frame lies under any key at the top level.

    Returns
    -------
    Table
        The table; with times where the index of the frame has them.

    Raises
    ------
    DataError
        If the file is anything else.
    """
    import h5py

    try:
        with h5py.File(source.path, "r") as file:
            frame = _frame(source, file)
            values = _read_dataset(source, frame, "block0_values")
            columns = _read_dataset(source, frame, "axis0")
            # Files written by other tools lack the order of the block; it is the frame's then.
            has_items = "block0_items" in frame
            items = _read_dataset(source, frame, "block0_items") if has_items else columns
            index = _read_dataset(source, frame, "axis1")
            kind = _text(frame["axis1"].attrs.get("kind", _DEFAULT_KIND))
    except _HDF5_ERRORS as error:
        raise source.error("", f"broken HDF5 ({reason(error)})", "a readable HDF5 file") from None
    names = _names(source, items)
    if sorted(names) != sorted(_names(source, columns)):
        raise source.error("block0_items", "other columns", "those of axis0")
    return assemble_table(source, values, names, _timestamps(source, index, kind))


def _frame(source: Source, file: h5py.File) -> h5py.Group:
    """Find the one data frame at the top level of an open h5py file."""
    groups = {key: _own_object(source, file, key) for key in file}
    frames = [key for key, group in groups.items() if "block0_values" in _members(group)]
    if len(frames) != 1:
        found = (
            f"{len(frames)} data frames" if frames else f"no data frame in {sorted(groups)[:10]}"
        )
        hint = None
        if any("table" in _members(group) for group in groups.values()):
            hint = "store the frame with to_hdf(..., format='fixed') or as parquet"
        raise source.error("", found, "one, stored by pandas in its fixed format", hint=hint)
    frame = groups[frames[0]]
    if "block1_values" in frame:
        raise source.error(
            f"{frames[0]}/block1_values", "columns of different dtypes", "numbers of one dtype"
        )
    return frame


def _members(group: h5py.Group | h5py.Dataset) -> list[str]:
    """List what a group holds; a dataset holds nothing."""
    return list(group) if hasattr(group, "keys") else []


def _own_object(source: Source, parent: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """Open an object of this file; links lead elsewhere and are not followed."""
    import h5py

    link = parent.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise source.error(f"{parent.name}/{name}", type(link).__name__, "data of its own")
    return parent[name]


def _read_dataset(source: Source, frame: h5py.Group, name: str) -> NDArray[Any]:
    """Read a dataset after comparing what it declares with what the file holds."""
    import h5py

    place = f"{frame.name}/{name}"
    if name not in frame:
        raise source.error(place, "nothing", "a dataset")
    dataset = _own_object(source, frame, name)
    if not isinstance(dataset, h5py.Dataset) or dataset.shape is None:
        raise source.error(place, type(dataset).__name__, "a dataset with numbers or names")
    if dataset.is_virtual or dataset.external:
        raise source.error(place, "data in other files", "data of its own")
    is_text = h5py.check_string_dtype(dataset.dtype) is not None
    if dataset.dtype.kind not in "fiu" and not is_text:
        raise source.error(
            place,
            f"dtype {dataset.dtype}",
            "numbers or text",
            hint="pickled names are not read: store the frame with plain text columns",
        )
    source.check_cells(math.prod(dataset.shape), place)
    _check_storage(source, dataset, place)
    return np.asarray(dataset.asstr("utf-8")[()] if is_text else dataset[()])


def _check_storage(source: Source, dataset: h5py.Dataset, place: str) -> None:
    """Refuse a dataset of which less is stored than it declares: HDF5 would give zeros for it."""
    if dataset.chunks is None:
        stored, declared = dataset.id.get_storage_size(), dataset.nbytes
        unit = "bytes"
    else:
        source.check_cells(math.prod(dataset.chunks), f"{place} chunk")
        stored = dataset.id.get_num_chunks()
        declared = math.prod(
            -(-length // chunk) for length, chunk in zip(dataset.shape, dataset.chunks, strict=True)
        )
        unit = "chunks"
    if stored < declared:
        raise source.error(place, f"{stored} {unit} of data", f"{declared} for {dataset.shape}")


def _names(source: Source, columns: NDArray[Any]) -> list[str]:
    """Turn column labels, text or integers, into names."""
    if columns.ndim != 1 or columns.dtype.kind not in "iuO":
        raise source.error(
            "axis0", f"dtype {columns.dtype} of shape {columns.shape}", "a list of names"
        )
    return [str(name) for name in columns.tolist()]


def _timestamps(source: Source, index: NDArray[Any], kind: str) -> NDArray[Any] | None:
    """Turn the index of the rows into times; row numbers are none."""
    if kind == "integer" or is_row_count(index):
        return None
    matched = _DATETIME_KIND.fullmatch(kind)
    if matched is None or index.dtype.kind not in "iu":
        raise source.error(
            "axis1", f"an index of kind {shown(kind)} and dtype {index.dtype}", "times or integers"
        )
    return index.astype(np.int64).view(f"datetime64[{matched['unit'] or 'ns'}]")


def _text(attribute: object) -> str:
    return attribute.decode("utf-8") if isinstance(attribute, bytes) else str(attribute)
