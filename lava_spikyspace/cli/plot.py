"""`lss plot`: figures of a run for papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lava_spikyspace.cli.command import CommandGroup
from lava_spikyspace.cli.options import ForceFlag, RunDirArgument
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from lava_spikyspace.results import RunResult

FigureOption = Annotated[
    Path,
    typer.Option("--out", "-o", metavar="FILE", help="File to write: png, svg or pdf."),
]
ProcessOption = Annotated[
    str | None,
    typer.Option(
        "--process",
        metavar="NAME",
        help="A process that sends or keeps a code, or its layer.",
        show_default=False,
    ),
]


def raster(
    session: Session,
    run: RunDirArgument,
    *,
    out: FigureOption,
    process: ProcessOption = None,
    window: Annotated[
        int | None,
        typer.Option("--window", metavar="I", help="A recorded window.", show_default=False),
    ] = None,
    force: ForceFlag = False,
) -> None:
    """Draw the spikes of one process in one window (needs a run with --record-spikes).

    Parameters
    ----------
    session : Session
        The call.
    run : Path
        Run directory.
    out : Path
        File to write.
    process : str, optional
        Row of the counts, or its layer.
    window : int, optional
        Index of a window.
    force : bool
        Replace the file.
    """
    _draw(session, "raster", run, out, lambda r: r.plot_raster(process, window), force=force)


def rates(
    session: Session,
    run: RunDirArgument,
    *,
    out: FigureOption,
    process: ProcessOption = None,
    force: ForceFlag = False,
) -> None:
    """Draw the firing rate of every process, or of every channel of one.

    Parameters
    ----------
    session : Session
        The call.
    run : Path
        Run directory.
    out : Path
        File to write.
    process : str, optional
        Row of the counts, or its layer.
    force : bool
        Replace the file.
    """
    _draw(session, "rates", run, out, lambda r: r.plot_rates(process), force=force)


def forecast(
    session: Session,
    run: RunDirArgument,
    *,
    out: FigureOption,
    variate: Annotated[
        list[str] | None,
        typer.Option(
            "--variate",
            metavar="NAME",
            help="A variate; several make several panels.",
            show_default=False,
        ),
    ] = None,
    step: Annotated[
        int | None,
        typer.Option(
            "--step", metavar="H", help="One step of the horizon, from 1.", show_default=False
        ),
    ] = None,
    force: ForceFlag = False,
) -> None:
    """Draw forecasts beside the actual series.

    Parameters
    ----------
    session : Session
        The call.
    run : Path
        Run directory.
    out : Path
        File to write.
    variate : list of str, optional
        Names of variates.
    step : int, optional
        Step of the horizon.
    force : bool
        Replace the file.
    """
    _draw(session, "forecast", run, out, lambda r: r.plot_forecast(variate, step), force=force)


PLOTS = CommandGroup(
    "Draw figures of a run for papers, as PNG, SVG or PDF.",
    {"raster": raster, "rates": rates, "forecast": forecast},
)


def _draw(
    session: Session,
    kind: str,
    run: Path,
    out: Path,
    draw: Callable[[RunResult], Figure],
    *,
    force: bool,
) -> None:
    from lava_spikyspace.files import check_target
    from lava_spikyspace.pictures import check_picture, save_picture
    from lava_spikyspace.results import RunResult

    check_picture(out)
    check_target(out, force=force)
    result = RunResult.load(run)
    with session.timer("draw"):
        save_picture(draw(result), out, salt=kind, force=force)
    session.line(f"{kind} of {run} in {out}")
    session.emit(
        data={"kind": kind, "run": str(run), "path": str(out)},
        backend=result.backend,
        model=result.model,
    )
