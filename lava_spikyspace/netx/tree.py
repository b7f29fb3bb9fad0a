"""The content of a model file as a flat mapping of paths to arrays, free of HDF5.

A path is that of HDF5: ``/layer/0/weight`` for a dataset, ``/layer/0@name`` for an attribute,
``/@format`` for an attribute of the root.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Value = npt.NDArray[Any]
"""Integers (kinds i and u), floats (f) or byte strings (S), of any rank."""

ROOT = "/"

CREATED = "/@created"
"""When the file was written."""

CONTENT_SHA256 = "/@content_sha256"
"""`content_digest` of the file."""

NAME = re.compile(r"[A-Za-z0-9_.\-]{1,255}")
"""Names of groups, datasets and attributes."""

_LAYER_ID = re.compile(r"0|[1-9]\d{0,5}")
_DIGEST_PIECE = 1 << 16
_NOT_CONTENT = frozenset({CREATED, CONTENT_SHA256})


@dataclass(frozen=True, eq=False)
class Tree:
    """Everything that a model file holds.

    Parameters
    ----------
    values : mapping of str to ndarray
        Datasets and attributes by path.
    groups : frozenset of str
        Paths of all groups, the root included.
    """

    values: Mapping[str, Value]
    groups: frozenset[str]

    @classmethod
    def of(cls, values: Mapping[str, Value]) -> Tree:
        """Return the tree whose groups are just those that the paths of `values` need."""
        return cls(values, frozenset({ROOT, *(g for path in values for g in groups_above(path))}))


def join(group: str, name: str) -> str:
    """Return the path of a dataset or group `name` in `group`; ``@name`` for an attribute."""
    return f"{group}{name}" if name.startswith("@") or group == ROOT else f"{group}/{name}"


def owner(path: str) -> str:
    """Return the path of the object that holds a dataset or an attribute."""
    head, attribute, _ = path.partition("@")
    return head if attribute else head.rpartition("/")[0] or ROOT


def groups_above(path: str) -> Iterable[str]:
    """Yield the paths of the groups that hold a value, innermost first, without the root."""
    group = owner(path)
    while group != ROOT:
        yield group
        group = owner(group)


def layer_ids(tree: Tree) -> list[str]:
    """Return the names of the groups below ``/layer`` that are numbers, in their order."""
    below = {path.split("/")[2] for path in tree.groups if path.startswith("/layer/")}
    return sorted((name for name in below if _LAYER_ID.fullmatch(name)), key=int)


def content_digest(values: Mapping[str, Value]) -> str:
    """Return the SHA-256 of the content of a file, as 64 hexadecimal digits.

    It covers path, kind, shape and elements of every value but `CREATED` and `CONTENT_SHA256`, in
    the order of the paths. Integers count as little-endian int64 and floats as little-endian
    float64, so the digest does not depend on dtype, layout or compression in the file.

    Parameters
    ----------
    values : mapping of str to ndarray
        The values of a `Tree`.
    """
    digest = hashlib.sha256()
    for path in sorted(set(values) - _NOT_CONTENT):
        value = values[path]
        kind, dtype = _canonical(value)
        shape = ",".join(str(size) for size in value.shape)
        digest.update(f"{path}\0{kind}\0{shape}\0".encode())
        flat = value.reshape(-1)
        for start in range(0, flat.size, _DIGEST_PIECE):
            piece = flat[start : start + _DIGEST_PIECE]
            digest.update(_texts(piece) if dtype is None else piece.astype(dtype).tobytes())
    return digest.hexdigest()


def _canonical(value: Value) -> tuple[str, str | None]:
    """Return kind and dtype that a value counts as, the same for every dtype that holds it."""
    if value.dtype.kind == "S":
        return "text", None
    if value.dtype.kind == "f":
        return "real", "<f8"
    if value.dtype.kind == "u" and value.size and int(value.max()) > np.iinfo(np.int64).max:
        return "unsigned", "<u8"
    return "integer", "<i8"


def _texts(items: Value) -> bytes:
    """Return texts, each behind its length."""
    return b"".join(b"%d:%s" % (len(item), item) for item in map(bytes, items))
