"""`lss sweep`: a grid of settings, one row each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lava_spikyspace.cli.engine_progress import engine_progress
from lava_spikyspace.cli.options import (
    DataOption,
    ForceFlag,
    JobsOption,
    PartOption,
    PublishedConfigOption,
    SchedulerOption,
    SplitOption,
)
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.diagnostics import Diagnostic
    from lava_spikyspace.sweeps import Sweep

_TERM = re.compile(r"[a-z]\w*=")
_SHOWN = (
    "r2",
    "rrse",
    "mae",
    "firing_rate",
    "spikes",
    "graded_spikes",
    "message_bits",
    "value_bits",
    "seconds",
)


def sweep(
    session: Session,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL|CKPT] [KEY=V,V]...",
            help="Model file or checkpoint, the bundled demo model by default; more of the grid.",
            show_default=False,
        ),
    ] = None,
    *,
    grid: Annotated[
        list[str],
        typer.Option(
            "--grid", metavar="KEY=V,V", help="A setting and its values; more may follow it."
        ),
    ],
    data: DataOption = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Table to calibrate a checkpoint on; default: --data.",
            show_default=False,
        ),
    ] = None,
    config: PublishedConfigOption = None,
    split: SplitOption = None,
    part: PartOption = "test",
    missing_value: Annotated[
        float | None,
        typer.Option(
            "--missing-value", help="Leave targets of this value out.", show_default=False
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="CSV",
            help="File of all rows, whole after every point.",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the points that --out has already.")
    ] = False,
    force: ForceFlag = False,
    jobs: JobsOption = 1,
    scheduler: SchedulerOption = None,
) -> None:
    """Evaluate a model, or what a checkpoint is exported to, at every point of a grid.

    For example `lss sweep model.net --data FILE --grid coding=unary,graded exp2_terms=0,4,8`. Run
    settings (coding, backend, windows, clip_input, strict) and exp2_terms apply to both; the export
    settings (width, residual_bits, gate_bits, b_bits, c_bits, state_bits) need a checkpoint. A
    point that fails is a row with its error, and the exit code is then 1.

    Parameters
    ----------
    session : Session
        The call.
    arguments : list of str, optional
        Model or checkpoint, and terms of the grid.
    grid : list of str
        Terms of the grid.
    data, calibration, config : Path, optional
        Files.
    split, part, missing_value
        See `lava_spikyspace.sweeps.sweeping.sweep`.
    out : Path, optional
        CSV file.
    resume, force : bool
        What happens to rows that are there.
    jobs, scheduler
        Who does the work.
    """
    from lava_spikyspace.demo import demo_model_path
    from lava_spikyspace.sweeps.sweeping import sweep as run_sweep

    model, terms = _sort(arguments or [])
    session.about(model=model or demo_model_path())
    with engine_progress(session, "sweeping") as progress:
        result = run_sweep(
            model,
            data,
            grid=[*grid, *terms],
            config=config,
            calibration=calibration,
            split=split,
            part=part,
            missing_value=missing_value,
            out=out,
            force=force,
            resume=resume,
            jobs=jobs,
            scheduler=scheduler,
            progress=progress,
        )
    _show(session, result)
    session.note(f"kept in {out}" if out else "--out FILE.csv keeps all columns")
    if out is None:
        session.suggest(
            "sweep",
            model,
            data=data,
            calibration=calibration,
            config=config,
            split=split,
            out="sweep.csv",
            grid=[*grid, *terms],
        )
    elif result.kind == "checkpoint" and model is not None:
        session.suggest(
            "export",
            model,
            "-o",
            model.with_suffix(".net"),
            calibration=calibration or data,
            config=config,
            split=split,
        )
    else:
        session.suggest("evaluate", model, data=data, split=split)
    session.emit(
        data=result.to_dict(),
        model=Path(result.model.path),
        diagnostics=_diagnostics(result),
        ok=not result.failed,
    )


def _sort(arguments: Sequence[str]) -> tuple[Path | None, list[str]]:
    """Tell the model from terms of the grid that follow ``--grid``."""
    from lava_spikyspace.errors import UsageError

    terms = [argument for argument in arguments if _TERM.match(argument)]
    files = [argument for argument in arguments if not _TERM.match(argument)]
    if len(files) > 1:
        raise UsageError(
            f"found {' and '.join(files)}, expected one model or checkpoint",
            hint="terms of the grid are key=value,value",
        )
    return (Path(files[0]) if files else None), terms


def _show(session: Session, result: Sweep) -> None:
    settings = list(result.grid.axes)
    with_errors = ("error",) if result.failed else ()
    session.table(
        (*settings, *(name.replace("_", " ") for name in _SHOWN), *with_errors),
        [
            tuple(_rounded(row[name]) for name in (*settings, *_SHOWN, *with_errors))
            for row in result.rows
        ],
        title=f"{len(result.rows)} points",
    )


def _rounded(value: object) -> object:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _diagnostics(result: Sweep) -> list[Diagnostic]:
    from lava_spikyspace.diagnostics import Diagnostic

    return [
        Diagnostic(
            "point-failed",
            "error",
            row["error"],
            where=" ".join(f"{name}={row[name]}" for name in result.grid.axes),
        )
        for row in result.failed
    ]
