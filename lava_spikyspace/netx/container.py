"""Read an HDF5 file that nobody vouches for into a `Tree`.

Nothing is allocated before the size that a dataset declares has been compared with what the file
stores for it. Everything that could point elsewhere, hide something or run code is refused: links
other than hard links, an object with two names (which rules out cycles), external and virtual
storage, variable-length and compound types, references, filters other than shuffle and deflate.
Plain files of lava-dl may hold what h5py makes of texts and booleans; see `storage.Dialect`. Either
may be compressed as a whole by gzip.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import h5py

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.storage import OURS, Budget, Dialect, read_attribute, read_dataset
from lava_spikyspace.netx.tree import NAME, ROOT, Tree, Value, join

MAX_FILE_BYTES = 1 << 27
"""Largest file that is opened; one of 207 variates and three blocks has 300 kB."""

MAX_OBJECTS = 1 << 16
"""Most groups, datasets and attributes of a file."""

MAX_DEPTH = 8
"""Deepest nesting of groups; the format needs four."""

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_GZIP_SIGNATURE = b"\x1f\x8b"

# What h5py raises for malformed files; it has no exception of its own.
_HDF5_ERRORS = (OSError, RuntimeError, KeyError, ValueError, TypeError, NotImplementedError)


def read_tree(path: str | Path, dialect: Dialect = OURS) -> Tree:
    """Read the whole content of an HDF5 file.

    Parameters
    ----------
    path : str or Path
        A file of at most `MAX_FILE_BYTES`, compressed by gzip or not.
    dialect : Dialect
        Which values it may hold.

    Raises
    ------
    ModelFileError
        The file is missing, no HDF5 file, damaged, or holds something that is refused; the message
        names the file and the place inside it.
    """
    with _opened(Path(path)) as opened:
        walk = _Walk(Path(path), opened, dialect)
        walk.group(opened.root[ROOT].id, ROOT, depth=0)
        return Tree(walk.values, frozenset(walk.groups))


def root_attributes(path: str | Path) -> frozenset[str]:
    """Return the names of the attributes of the root, which tell what kind of file it is.

    Parameters
    ----------
    path : str or Path
        See `read_tree`, also for the errors.
    """
    with _opened(Path(path)) as opened:
        return frozenset(opened.root.attrs)


@dataclass(frozen=True)
class _Opened:
    """An HDF5 file, its content as it is before the library interprets it, and its size."""

    root: h5py.File
    content: BinaryIO
    size: int


@contextmanager
def _opened(file: Path) -> Iterator[_Opened]:
    """Open a file; the library is not asked before it is clear that it may be HDF5."""
    with _content(file) as content, _hdf5_errors(file):
        start = content.read(len(_SIGNATURE))
        if not start:
            raise ModelFileError(f"{file}: the file is empty; expected a model file (NetX HDF5)")
        if start != _SIGNATURE:
            raise ModelFileError(
                f"{file}: not an HDF5 file: starts with {start!r}, expected {_SIGNATURE!r}"
            )
        size = content.seek(0, io.SEEK_END)
        if size > MAX_FILE_BYTES:
            raise ModelFileError(f"{file}: {size} bytes; a model file has at most {MAX_FILE_BYTES}")
        # Not by its name: the library refuses a file that somebody in this process has open.
        with h5py.File(content, "r") as root:
            yield _Opened(root, content, size)


@contextmanager
def _content(file: Path) -> Iterator[BinaryIO]:
    """Open the content of a file, decompressed if need be."""
    try:
        if not file.is_file():
            found = "is not a regular file" if file.exists() else "no such file"
            raise ModelFileError(f"{file}: {found}; expected a model file (NetX HDF5)")
        stream = file.open("rb")
    except OSError as error:
        raise ModelFileError(f"{file}: cannot be read: {error.strerror}") from error
    with stream:
        is_compressed = stream.read(len(_GZIP_SIGNATURE)) == _GZIP_SIGNATURE
        stream.seek(0)
        yield _decompressed(file, stream) if is_compressed else stream


def _decompressed(file: Path, stream: BinaryIO) -> io.BytesIO:
    """Return what a gzip file holds, one byte more than is read of it where there is more."""
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            return io.BytesIO(unpacked.read(MAX_FILE_BYTES + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise ModelFileError(f"{file}: the gzip file is damaged: {error}") from error


@contextmanager
def _hdf5_errors(file: Path) -> Iterator[None]:
    """Turn what h5py raises for a malformed file into one error that names the file."""
    try:
        yield
    except _HDF5_ERRORS as error:
        reason = str(error).strip("'\"").partition("\n")[0] or type(error).__name__
        raise ModelFileError(
            f"{file}: the HDF5 file is damaged: {reason}",
            hint="copy or export the file again",
        ) from error


class _Walk:
    """Collects values and groups of one file, depth first, through the low-level interface.

    The high-level one follows links on its own and costs several times as much.
    """

    def __init__(self, file: Path, opened: _Opened, dialect: Dialect) -> None:
        self.file = file
        self.budget = Budget(opened.size, file.stat().st_size)
        self._content = opened.content
        self._dialect = dialect
        self.values: dict[str, Value] = {}
        self.groups: set[str] = set()
        self._seen: dict[int, str] = {}

    def group(self, group: h5py.h5g.GroupID, where: str, *, depth: int) -> None:
        """Add a group and all below it."""
        self._enter(group, where)
        self.groups.add(where)
        if depth > MAX_DEPTH:
            raise ModelFileError(f"{self.file}: {where}: groups nest deeper than {MAX_DEPTH}")
        for name in group:
            path = self._path(where, name)
            self._check_link(group, name, path)
            item = h5py.h5o.open(group, name)
            if isinstance(item, h5py.h5g.GroupID):
                self.group(item, path, depth=depth + 1)
            elif isinstance(item, h5py.h5d.DatasetID):
                self._enter(item, path)
                self.values[path] = read_dataset(
                    item, f"{self.file}: {path}", self.budget, self._dialect, self._content
                )
            else:
                raise ModelFileError(f"{self.file}: {path}: a named datatype; expected none")

    def _enter(self, item: h5py.h5g.GroupID | h5py.h5d.DatasetID, where: str) -> None:
        """Add the attributes of an object that has not been met under another name.

        A second hard link to an object is refused, and with it every cycle.
        """
        address = h5py.h5o.get_info(item).addr
        if address in self._seen:
            raise ModelFileError(
                f"{self.file}: {where}: the same object as {self._seen[address]}; "
                "expected one hard link to each object"
            )
        self._seen[address] = where
        for index in range(h5py.h5a.get_num_attrs(item)):
            attribute = h5py.h5a.open(item, index=index)
            path = self._path(where, attribute.name, "@")
            self.values[path] = read_attribute(attribute, f"{self.file}: {path}", self.budget)
        if len(self._seen) + len(self.values) > MAX_OBJECTS:
            raise ModelFileError(f"{self.file}: more than {MAX_OBJECTS} objects and attributes")

    def _path(self, group: str, name: bytes, prefix: str = "") -> str:
        text = name.decode("ascii", "replace")
        if not NAME.fullmatch(text):
            raise ModelFileError(
                f"{self.file}: {group}: an entry is called {name[:40]!r}; "
                "expected letters, digits, '_', '.' and '-'"
            )
        return join(group, prefix + text)

    def _check_link(self, group: h5py.h5g.GroupID, name: bytes, where: str) -> None:
        kind = group.links.get_info(name).type
        if kind != h5py.h5l.TYPE_HARD:
            found = {h5py.h5l.TYPE_SOFT: "a soft", h5py.h5l.TYPE_EXTERNAL: "an external"}
            raise ModelFileError(
                f"{self.file}: {where}: {found.get(kind, 'a user-defined')} link; "
                "expected hard links only"
            )
