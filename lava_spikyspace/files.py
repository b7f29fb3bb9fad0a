"""Files that are written whole or not at all, and their fingerprints."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lava_spikyspace.errors import InputError, UsageError

_CHUNK_BYTES = 1 << 20

MAX_SETTINGS_BYTES = 16 << 20
"""Longest file of settings that is read."""


@contextmanager
def atomic_write(path: str | Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary file to write, which becomes `path` when the block ends without an error.

    The temporary file lies in the folder of `path` (a rename is atomic only within a file system)
    and keeps its suffix (some writers choose the format by it). An error inside the block removes
    it and leaves `path` as it was.

    Parameters
    ----------
    path : str or Path
        The file to create. A symbolic link is followed.
    force : bool, default False
        Replace a file that exists already.

    Yields
    ------
    Path
        An empty file to be written, with the permissions that a new file gets.

    Raises
    ------
    UsageError
        `path` exists and `force` is not given, or it is not a regular file, or its folder does
        not exist or cannot be written to.

    Examples
    --------
    >>> with atomic_write("model.net", force=True) as temporary:  # doctest: +SKIP
    ...     temporary.write_bytes(content)
    """
    shown = Path(path)
    target = shown.resolve()
    _check_target(shown, target, force=force)
    temporary = target.with_name(f".{target.stem}.{secrets.token_hex(4)}{target.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except OSError as error:
        raise UsageError(f"{shown}: cannot be written: {error.strerror}") from error
    try:
        yield temporary
        _check_target(shown, target, force=force)  # the block may have taken hours
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def check_target(path: str | Path, *, force: bool = False) -> None:
    """Refuse a file that `atomic_write` would refuse, before hours of work go into its content.

    Parameters
    ----------
    path : str or Path
        The file to create later.
    force : bool, default False
        A file that exists already may be replaced.

    Raises
    ------
    UsageError
        As `atomic_write`.
    """
    _check_target(Path(path), Path(path).resolve(), force=force)


def _check_target(shown: Path, target: Path, *, force: bool) -> None:
    """Refuse what must not be replaced; `shown` is the name that the user gave."""
    if not target.parent.is_dir():
        raise UsageError(f"{shown}: the folder {target.parent} does not exist")
    if not target.exists():
        return
    if not target.is_file():
        raise UsageError(f"{shown}: exists and is not a regular file")
    if not force:
        raise UsageError(f"{shown}: exists already", hint="--force replaces it")


def read_regular(path: Path, *, most: int | None = None) -> bytes:
    """Return the content of a regular file; a device or a pipe might never end.

    Parameters
    ----------
    path : Path
        File to read.
    most : int, optional
        Longest content that is accepted, in bytes.

    Raises
    ------
    InputError
        The file cannot be read, is not a regular one, or is longer than `most`.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
            raise InputError(f"{path}: cannot be read: found {kind}, expected a regular file")
        if most is not None and status.st_size > most:
            raise InputError(f"{path}: found {status.st_size} bytes, expected at most {most}")
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # a name with a zero byte
        raise InputError(f"{str(path)!r}: cannot be read: {error}") from error


def sha256_of(path: str | Path) -> str:
    """Return the SHA-256 digest of a file's content, as 64 hexadecimal digits.

    Parameters
    ----------
    path : str or Path
        File to read; of any size, it is read in pieces.

    Raises
    ------
    InputError
        The file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with Path(path).open("rb") as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    return digest.hexdigest()
