"""Keep stdout for results: whatever else is printed there goes to stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO

_STDOUT = 1
_STDERR = 2


@contextmanager
def stdout_guard() -> Iterator[TextIO]:
    """Send all that is printed to stdout within the block to stderr.

    Lava, libraries in C and child processes print to stdout, some of them on import. The guard
    works on the file descriptor, so it holds for them too.

    Yields
    ------
    TextIO
        The real stdout, for results; buffered also with ``python -u``, whose own stream may write
        a part of a long text and drop the rest. It is closed when the block ends.
    """
    original = sys.stdout
    original.flush()
    results = _private_copy(original)
    saved = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    try:
        with redirect_stdout(sys.stderr):
            yield results
    finally:
        original.flush()  # somebody may have kept it from before
        if results is not original:
            with suppress(BrokenPipeError):  # reported where it was met first
                results.close()
        os.dup2(saved, _STDOUT)
        os.close(saved)


def _private_copy(stream: TextIO) -> TextIO:
    """Return a stream of its own on the file behind `stream`; `stream` itself if there is none."""
    try:
        descriptor = stream.fileno()
    except io.UnsupportedOperation:  # captured in memory, by a test for example
        return stream
    return os.fdopen(
        os.dup(descriptor),
        "w",
        buffering=1 if stream.isatty() else -1,
        encoding=stream.encoding,
        errors=stream.errors,
    )
