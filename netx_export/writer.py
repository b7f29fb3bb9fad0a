"""Write an integer network as a model file (NetX HDF5).

The same network gives the same bytes: nothing but the attribute ``created`` tells the time, and
that follows ``SOURCE_DATE_EPOCH`` where it is set.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from lava_spikyspace import __version__
from lava_spikyspace.errors import ModelFileError, UsageError
from lava_spikyspace.files import atomic_write
from lava_spikyspace.network import Network
from lava_spikyspace.netx.encode import encode
from lava_spikyspace.netx.examine import examine_values
from lava_spikyspace.netx.schema import EXTENSION, FORMAT, VERSION
from lava_spikyspace.netx.tree import CONTENT_SHA256, CREATED, Value, content_digest, owner

# Metadata of this version carry checksums, so that damage is found before it is believed.
_LIBRARY_VERSIONS = ("v110", "v110")
_COMPRESSION_LEVEL = 9
_LARGEST_PLAIN_BYTES = 256
"""Values up to this size are not compressed: to describe a chunk costs as much as it saves."""


def write_network(network: Network, path: str | Path, *, force: bool = False) -> None:
    """Write a network as a model file, whole or not at all.

    Parameters
    ----------
    network : Network
        It has to keep all rules that a reader checks.
    path : str or Path
        File to create.
    force : bool, default False
        Replace a file that exists.

    Raises
    ------
    ModelFileError
        The network breaks a rule; nothing is written.
    UsageError
        `path` exists and `force` is not given, or ``SOURCE_DATE_EPOCH`` is not a number of seconds.
    """
    try:
        values = encode(network)
    except ValueError as error:
        raise ModelFileError(f"{path}: not written: provenance: {error}") from error
    findings = examine_values(values).findings
    if findings:
        first, *others = findings
        more = f" ({len(others)} more findings)" if others else ""
        raise ModelFileError(f"{path}: not written: {first.where}: {first.message}{more}")
    with atomic_write(path, force=force) as temporary:
        _write_hdf5(temporary, {**values, **_header(values)})


def _header(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the attributes of the root."""
    header = {
        "/@format": FORMAT,
        "/@extension": EXTENSION,
        "/@extension_version": f"{VERSION[0]}.{VERSION[1]}",
        "/@generator": f"lava-spikyspace {__version__}",
    }
    content = {path: np.array(text.encode()) for path, text in header.items()}
    digest = content_digest({**values, **content})
    return {
        **content,
        CREATED: np.array(_created().encode()),
        CONTENT_SHA256: np.array(digest.encode()),
    }


def _created() -> str:
    """Return the time that the file tells, in UTC."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        moment = (
            datetime.now(timezone.utc)
            if epoch is None
            else datetime.fromtimestamp(int(epoch), timezone.utc)
        )
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH is {epoch!r}, expected seconds since 1970") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _write_hdf5(path: Path, values: Mapping[str, Value]) -> None:
    """Write all values in the order of their paths, which settles every byte."""
    with h5py.File(path, "w", libver=_LIBRARY_VERSIONS) as file:
        datasets = sorted(place for place in values if "@" not in place)
        for place in datasets:
            _write_dataset(file, place, values[place])
        for place in sorted(values.keys() - set(datasets)):
            holder = owner(place)
            target = file[holder] if holder in file else file.create_group(holder)
            target.attrs.create(place.partition("@")[2], values[place])


def _write_dataset(file: h5py.File, place: str, value: Value) -> None:
    """Write one dataset: as one compressed chunk where that is smaller, else as it is."""
    options: dict[str, Any] = {}
    if value.nbytes > _LARGEST_PLAIN_BYTES and _compressed_bytes(value) < value.nbytes:
        options = {
            "chunks": value.shape,
            "shuffle": True,
            "compression": "gzip",
            "compression_opts": _COMPRESSION_LEVEL,
        }
    file.create_dataset(place, data=value, **options)


def _compressed_bytes(value: Value) -> int:
    """Return the size of a value after shuffle and deflate."""
    octets = np.frombuffer(value.tobytes(), np.uint8).reshape(-1, value.dtype.itemsize)
    return len(zlib.compress(octets.T.tobytes(), _COMPRESSION_LEVEL))
