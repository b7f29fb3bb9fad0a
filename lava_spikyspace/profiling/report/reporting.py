"""Write the report of one run, or of two beside each other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lava_spikyspace.availability import require_report
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import UsageError
from lava_spikyspace.files import atomic_write, check_target
from lava_spikyspace.hardware.profile_files import DEFAULT_PROFILE, ProfileSource, load_chip
from lava_spikyspace.profiling.profile import RunSource
from lava_spikyspace.profiling.report.contents import Contents, gather
from lava_spikyspace.profiling.report.page import render_page
from lava_spikyspace.profiling.report.text import render_markdown, report_dict

Format = Literal["html", "md", "json"]
FORMATS: tuple[Format, ...] = ("html", "md", "json")
MAX_RUNS = 2


@dataclass(frozen=True, eq=False)
class Report:
    """A written report.

    Parameters
    ----------
    path : Path
        The file.
    format : str
        ``html``, ``md`` or ``json``.
    runs : tuple of Contents
        What it tells.
    size : int
        Bytes of the file.
    """

    path: Path
    format: Format
    runs: tuple[Contents, ...]
    size: int

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Findings of all runs."""
        return tuple(finding for contents in self.runs for finding in contents.diagnostics)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``report --json``, as plain values."""
        return {
            "path": str(self.path),
            "format": self.format,
            "bytes": self.size,
            **report_dict(self.runs),
        }


def report(
    run: RunSource,
    *others: RunSource,
    out: str | Path,
    format: Format | None = None,
    profile: ProfileSource = DEFAULT_PROFILE,
    model: str | Path | None = None,
    force: bool = False,
) -> Report:
    """Write what a run did as one file that can be handed on.

    Parameters
    ----------
    run : RunResult, str or Path
        A result or a run directory.
    *others : RunResult, str or Path
        At most one more, to compare with.
    out : str or Path
        File to write.
    format : {"html", "md", "json"}, optional
        By default what the suffix of `out` says. HTML is one page of less than 10 MB that opens
        from disk and fetches nothing.
    profile : ChipProfile, str or Path
        Chip for energy and core map.
    model : str or Path, optional
        Model file of `run`, where it is no longer where the run found it.
    force : bool
        Replace the file.

    Returns
    -------
    Report
        Where it is, and what it tells.

    Raises
    ------
    UsageError
        The file exists, the format is unknown, or there are more than two runs.
    InputError
        A run directory is damaged, or the model file is another one.
    BackendUnavailableError
        The page needs jinja2 and plotly, and one of them is not installed.
    """
    chosen = format_of(out, format)
    if len(others) >= MAX_RUNS:
        raise UsageError(f"found {len(others) + 1} runs, expected at most {MAX_RUNS}")
    check_target(out, force=force)
    if chosen == "html":
        require_report("jinja2", "plotly")
    board = load_chip(profile)
    runs = (gather(run, board, model=model), *(gather(other, board) for other in others))
    text = _render(chosen, runs)
    with atomic_write(out, force=force) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Report(Path(out), chosen, runs, len(text.encode("utf-8")))


def format_of(out: str | Path, format: Format | None = None) -> Format:
    """Return the format that was asked for, or that the suffix of the file says.

    Raises
    ------
    UsageError
        There is no such format.
    """
    suffix = {".htm": "html", ".markdown": "md"}.get(
        Path(out).suffix.lower(), Path(out).suffix.lower()[1:]
    )
    for known in FORMATS:
        if known == (format or suffix):
            return known
    raise UsageError(
        f"{out}: found the format {format or suffix!r}, expected one of {', '.join(FORMATS)}",
        hint="--format says it, or the suffix of the file",
    )


def _render(format: Format, runs: Sequence[Contents]) -> str:
    if format == "html":
        return render_page(runs)
    if format == "md":
        return render_markdown(runs)
    return json.dumps(report_dict(runs), allow_nan=False, ensure_ascii=False, indent=1) + "\n"
