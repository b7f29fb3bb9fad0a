"""Rich consoles that fit a command line: wide when piped, quiet about broken pipes."""

from __future__ import annotations

import os
from typing import TextIO

from rich.console import Console

_PIPED_WIDTH = 200
"""Columns of a table that no terminal limits."""


class OutputClosedError(Exception):
    """Whoever read our output has gone, as `head` does; there is nobody left to tell."""


class _PipeAwareConsole(Console):
    def on_broken_pipe(self) -> None:
        """Let the command end, where rich would exit the process on the spot."""
        self.quiet = True
        raise OutputClosedError


def make_console(stream: TextIO) -> Console:
    """Return a console on `stream` that prints text as it is: no markup, no highlighting.

    Colours follow the terminal and ``NO_COLOR``; the width follows the terminal or ``COLUMNS``,
    and is generous where there is neither.
    """
    bounded = stream.isatty() or "COLUMNS" in os.environ
    return _PipeAwareConsole(
        file=stream,
        width=None if bounded else _PIPED_WIDTH,
        markup=False,
        highlight=False,
        emoji=False,
    )
