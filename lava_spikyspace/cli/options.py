"""Flags and arguments that several commands share, so that they mean the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

# The names that the library knows, repeated because it is not imported here (a test compares them).
BackendName = Literal["sim", "batch", "loihi2"]
RuntimeName = Literal["inprocess", "multiprocessing"]
CodingName = Literal["graded", "unary"]
PartName = Literal["train", "valid", "test"]

_OUTPUT = "Output"

# Every command takes these four, before or after its own name (see `command.py`).
JsonFlag = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object on stdout.", rich_help_panel=_OUTPUT),
]
QuietFlag = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Only results and errors.", rich_help_panel=_OUTPUT),
]
VerboseFlag = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Say more, with tracebacks of errors.", rich_help_panel=_OUTPUT
    ),
]
NoProgressFlag = Annotated[
    bool,
    typer.Option("--no-progress", help="No progress bars.", rich_help_panel=_OUTPUT),
]

ModelArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="[MODEL]",
        help="Model file (NetX HDF5). Without it, the bundled demo model.",
        show_default=False,
    ),
]
BackendOption = Annotated[BackendName, typer.Option("--backend", help="Engine to run on.")]
RuntimeOption = Annotated[
    RuntimeName,
    typer.Option(
        "--runtime", help="All Lava processes in one OS process, or one OS process for each."
    ),
]
CodingOption = Annotated[
    CodingName,
    typer.Option("--coding", help="A code q as one graded spike, or as q binary spikes."),
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Table of time series (CSV, npz, h5).", show_default=False),
]
WindowsOption = Annotated[
    str | None,
    typer.Option(
        "--windows",
        metavar="A:B|N",
        help="Windows A to B (half-open), or the last N.",
        show_default=False,
    ),
]
TimeoutOption = Annotated[
    float, typer.Option("--timeout", metavar="SECONDS", min=0, help="Give up after so long.")
]
StrictFlag = Annotated[
    bool, typer.Option("--strict", help="Fail when a value leaves its proven range.")
]
ClipInputFlag = Annotated[
    bool,
    typer.Option("--clip-input", help="Saturate and count values outside the input range."),
]
ProfileOption = Annotated[
    str,
    typer.Option(
        "--profile",
        metavar="NAME|PATH",
        help="Hardware profile: one of `lss profiles list`, or a file of your own.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Run directory to write.", show_default=False),
]
RecordFlag = Annotated[
    bool, typer.Option("--record-spikes", help="Keep the codes of every process, for --out.")
]
RunDirArgument = Annotated[
    Path, typer.Argument(metavar="RUN", help="Run directory of `run --out` or `evaluate --out`.")
]
JobsOption = Annotated[
    int,
    typer.Option(
        "--jobs", "-j", metavar="N", min=1, help="Processes on this machine that share the work."
    ),
]
SchedulerOption = Annotated[
    str | None,
    typer.Option(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler whose workers share the work, such as tcp://host:8786.",
        show_default=False,
    ),
]
PublishedConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="JSON",
        help="Sizes and scaler of a checkpoint in the published layout.",
        show_default=False,
    ),
]
SplitOption = Annotated[
    str | None,
    typer.Option(
        "--split",
        metavar="R,R,R",
        help="Shares of train, validation and test; else the model's, else 0.7,0.2,0.1.",
        show_default=False,
    ),
]
PartOption = Annotated[PartName, typer.Option("--part", help="Windows to score.")]
ForceFlag = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]


@dataclass(frozen=True)
class OutputOptions:
    """How a command speaks: the four flags that all commands share.

    Parameters
    ----------
    json : bool
        One JSON object on stdout instead of tables.
    quiet : bool
        No notes and no progress bars.
    verbose : bool
        Details, and tracebacks of errors.
    no_progress : bool
        No progress bars.
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False
    no_progress: bool = False

    @classmethod
    def guess(cls, arguments: Sequence[str]) -> OutputOptions:
        """Read the flags from a command line that is not parsed yet, or cannot be.

        An error in the command line itself has to be reported in the form that was asked for.
        """
        ours = arguments[: arguments.index("--")] if "--" in arguments else arguments
        return cls(json="--json" in ours, verbose="-v" in ours or "--verbose" in ours)

    def merge(self, other: OutputOptions) -> OutputOptions:
        """Return the flags that are set on either side."""
        return OutputOptions(
            json=self.json or other.json,
            quiet=self.quiet or other.quiet,
            verbose=self.verbose or other.verbose,
            no_progress=self.no_progress or other.no_progress,
        )
