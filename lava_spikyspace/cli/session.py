"""What a command sees of the outside: results, notes, progress bars, timers."""

from __future__ import annotations

import logging
import re
import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TextIO

from rich.text import Text

from lava_spikyspace.cli.console import make_console
from lava_spikyspace.cli.envelope import Result, Subject, build_envelope, dump_envelope
from lava_spikyspace.cli.failure import Failure
from lava_spikyspace.cli.fitting import fitting_columns
from lava_spikyspace.cli.jsonable import to_jsonable
from lava_spikyspace.cli.options import OutputOptions
from lava_spikyspace.cli.progress import ProgressBar, progress_bar
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import InternalError

if TYPE_CHECKING:
    from lava_spikyspace.inputs import FileReference

_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}
_NUMBER = re.compile(r"(?<!\S)[(+-]?\d[\d.,]*(?:e[+-]?\d+)?[%),;]*(?!\S)")
_LEAST_TEXT = 8
"""Characters of a column of text below which it is not worth showing."""
_LOGGERS = ("lava_spikyspace", "netx_export")


class Session:
    """One call of one command.

    Results (`line`, `table`, `findings`, `emit`) go to stdout, everything else (`note`, `detail`,
    `warn`, `progress`) to stderr. With ``--json`` the printed results stay silent, and what
    `emit` was given is written as one object when the command ends.

    Parameters
    ----------
    command : str or None
        Name of the command; None if the command line names none.
    options : OutputOptions
        The flags that all commands share.
    stdout : text stream, optional
        Where results go; default `sys.stdout`.

    Attributes
    ----------
    result : Result or None
        What the command gave to `emit`.
    """

    def __init__(
        self, command: str | None, options: OutputOptions, stdout: TextIO | None = None
    ) -> None:
        self.command = command
        self.options = options
        self.result: Result | None = None
        self._subject = Subject()
        self._started = time.perf_counter()
        self._out = make_console(sys.stdout if stdout is None else stdout)
        self._err = make_console(sys.stderr)

    @property
    def width(self) -> int:
        """Characters of a line on stdout."""
        return self._out.width

    def line(self, text: str = "") -> None:
        """Print one line of the result."""
        if not self.options.json:
            self._out.print(text, soft_wrap=True)

    def table(
        self,
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        title: str | None = None,
        expendable: Sequence[str] = (),
    ) -> None:
        """Print a table of the result; columns of numbers are aligned to the right.

        A number is never broken into two lines, also where it stands in a text. Where the table
        is wider than the terminal, columns of `expendable` give way; then texts are folded, and if
        that is not enough, the last columns give way as well. A note says which.

        Parameters
        ----------
        columns : sequence of str
            Headings.
        rows : iterable of sequences
            Cells: text as it is, integers in full, other numbers with six digits, None as a dash.
        title : str, optional
            A line above the table.
        expendable : sequence of str
            Headings of columns that may be left out, the least useful first.
        """
        if self.options.json:
            return
        from rich import box
        from rich.table import Table

        cells = [list(row) for row in rows]
        texts = [[_cell(value) for value in row] for row in cells]
        widths = [
            max(map(len, (heading, *(row[index] for row in texts))))
            for index, heading in enumerate(columns)
        ]
        shown = fitting_columns(widths, self.width, [columns.index(name) for name in expendable])
        least = [
            _least_width(heading, (row[index] for row in texts))
            for index, heading in enumerate(columns)
        ]
        roomy = [max(least[index], min(widths[index], _LEAST_TEXT)) for index in shown]
        foldable = fitting_columns(roomy, self.width, range(len(shown) - 1, 0, -1))
        shown = tuple(shown[place] for place in foldable)
        grid = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for index in shown:
            grid.add_column(
                Text(columns[index]),
                justify=_alignment(row[index] for row in cells),
                min_width=least[index],
                overflow="fold",
            )
        for row in texts:
            grid.add_row(*(Text(row[index]) for index in shown))
        self._out.print(grid)
        if len(shown) < len(columns):
            left_out = ", ".join(name for i, name in enumerate(columns) if i not in shown)
            self.note(f"columns that do not fit: {left_out}; --json has them")

    def findings(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Print diagnostics as part of the result, one a line, hints below them."""
        if self.options.json:
            return
        for diagnostic in diagnostics:
            self._out.print(str(diagnostic), style=_STYLES[diagnostic.severity], soft_wrap=True)
            if diagnostic.hint:
                self._out.print(f"  hint: {diagnostic.hint}", soft_wrap=True)

    def emit(
        self,
        *,
        data: Mapping[str, object],
        backend: str | None = None,
        model: Path | FileReference | None = None,
        diagnostics: Iterable[Diagnostic] = (),
        timings_s: Mapping[str, float] | None = None,
        ok: bool = True,
    ) -> None:
        """Hand over the result of the command; every command does so once.

        Parameters
        ----------
        data : mapping
            The result, as documented for the command; see `to_jsonable` for what it may hold.
        backend : str, optional
            Name of the backend that computed it.
        model : Path or FileReference, optional
            The model file; its SHA-256 goes into the envelope. A reference keeps the one that it
            had when it was run.
        diagnostics : iterable of Diagnostic
            Findings and warnings.
        timings_s : mapping, optional
            Times in seconds, beside those of `timer`.
        ok : bool, default True
            False if a gate failed; the command then ends with exit code 1.

        Raises
        ------
        InternalError
            The command emits twice, or `data` holds what JSON cannot say.
        """
        if self.result is not None:
            raise InternalError(f"command {self.command} emits two results")
        self.about(backend=backend, model=model)
        self._subject.timings_s.update(timings_s or {})
        plain = {key: to_jsonable(value) for key, value in data.items()}
        self.result = Result(plain, ok, tuple(diagnostics))

    def about(
        self,
        *,
        backend: str | None = None,
        model: Path | FileReference | None = None,
        known: Mapping[str, object] | None = None,
    ) -> None:
        """Say what the command works on and has found so far, so that errors can tell it.

        Parameters
        ----------
        backend : str, optional
            Name of the backend.
        model : Path or FileReference, optional
            The model file.
        known : mapping, optional
            The ``data`` of the JSON object if the command fails.
        """
        self._subject.backend = backend or self._subject.backend
        self._subject.model = model or self._subject.model
        if known is not None:
            self._subject.known = {key: to_jsonable(value) for key, value in known.items()}

    def note(self, text: str) -> None:
        """Say something on stderr, unless ``--quiet``."""
        if not self.options.quiet:
            self._err.print(text, style="dim", soft_wrap=True)

    def suggest(self, command: str, *arguments: object, **options: object) -> None:
        """Say on stderr which command is useful next, ready to be typed.

        Parameters
        ----------
        command : str
            Name of the command.
        *arguments : object
            What follows it; None is left out.
        **options : object
            Values by name of a flag, ``data`` for ``--data``, several as a list; None is left out.
        """
        words = [command, *(str(value) for value in arguments if value is not None)]
        for name, value in options.items():
            if value is not None:
                words += [f"--{name}", *(value if isinstance(value, list) else [str(value)])]
        self.note(f"next: lss {shlex.join(words)}")

    def detail(self, text: str) -> None:
        """Say something on stderr with ``--verbose``."""
        if self.options.verbose:
            self._err.print(text, style="dim", soft_wrap=True)

    def warn(self, text: str) -> None:
        """Warn on stderr, also with ``--quiet``."""
        self._err.print(f"warning: {text}", style=_STYLES["warning"], soft_wrap=True)

    @contextmanager
    def timer(self, name: str) -> Iterator[None]:
        """Add the time that the block takes to ``timings_s[name]``."""
        started = time.perf_counter()
        try:
            yield
        finally:
            times = self._subject.timings_s
            times[name] = times.get(name, 0.0) + time.perf_counter() - started

    @contextmanager
    def progress(self, description: str, total: int | None = None) -> Iterator[ProgressBar]:
        """Show a progress bar on stderr within the block.

        It stays away with ``--json``, ``--quiet`` and ``--no-progress``, and where stderr is not
        a terminal; the block need not know.

        Parameters
        ----------
        description : str
            Text beside the bar.
        total : int, optional
            Steps until it is full; without it the bar only moves.
        """
        options = self.options
        silent = options.json or options.quiet or options.no_progress
        with progress_bar(
            self._err, description, total, visible=not silent and self._err.is_terminal
        ) as bar:
            yield bar

    @contextmanager
    def logging(self) -> Iterator[None]:
        """Send the log records of our packages to stderr within the block.

        Warnings and worse by default, errors with ``--quiet``, everything with ``--verbose``.
        """
        from rich.logging import RichHandler

        level = logging.ERROR if self.options.quiet else logging.WARNING
        level = logging.DEBUG if self.options.verbose else level
        handler = RichHandler(console=self._err, show_time=False, show_path=False)
        loggers = [logging.getLogger(name) for name in _LOGGERS]
        levels = [logger.level for logger in loggers]
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(level)
            # Every Lava process gives the root logger a handler, which would say it once more.
            logger.propagate = False
        try:
            yield
        finally:
            for logger, previous in zip(loggers, levels, strict=True):
                logger.removeHandler(handler)
                logger.setLevel(previous)
                logger.propagate = True

    def report(self, failure: Failure) -> None:
        """Print on stderr why the command failed, the message last."""
        diagnostic = failure.diagnostic
        if failure.traceback and (self.options.verbose or failure.traceback_when == "always"):
            self._err.print(failure.traceback.rstrip(), soft_wrap=True)
        self._err.print(f"error: {diagnostic.message}", style=_STYLES["error"], soft_wrap=True)
        if diagnostic.hint:
            self._err.print(f"hint: {diagnostic.hint}", soft_wrap=True)

    def json_line(self, outcome: Result | Failure) -> str:
        """Return the envelope of this call."""
        self._subject.timings_s["total"] = time.perf_counter() - self._started
        return dump_envelope(build_envelope(self.command, self._subject, outcome))


def _least_width(heading: str, column: Iterable[str]) -> int:
    """Return the characters that the longest number and a word of the heading take."""
    numbers = (len(word) for cell in column for word in _NUMBER.findall(cell))
    return max(*map(len, heading.split()), *numbers, 0, 0)


def _alignment(column: Iterable[object]) -> Literal["left", "right"]:
    present = [value for value in column if value is not None]
    is_numeric = all(isinstance(value, Real) and not isinstance(value, bool) for value in present)
    return "right" if present and is_numeric else "left"


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Real) and not isinstance(value, Integral):
        return f"{float(value):.6g}"
    return str(value)
