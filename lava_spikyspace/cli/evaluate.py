"""`lss evaluate`: how good are the forecasts of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lava_spikyspace.cli.engine_progress import engine_progress
from lava_spikyspace.cli.metric_names import METRIC_NAMES
from lava_spikyspace.cli.notices import say_notices
from lava_spikyspace.cli.options import (
    ClipInputFlag,
    CodingOption,
    DataOption,
    ForceFlag,
    JobsOption,
    ModelArgument,
    OutOption,
    PartOption,
    RecordFlag,
    SchedulerOption,
    SplitOption,
    StrictFlag,
)
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.evaluation import Evaluation
    from lava_spikyspace.scoring import Scores


def evaluate(
    session: Session,
    model: ModelArgument = None,
    *,
    data: DataOption = None,
    split: SplitOption = None,
    part: PartOption = "test",
    missing_value: Annotated[
        float | None,
        typer.Option(
            "--missing-value",
            help="Print the metrics without targets of this value as well.",
            show_default=False,
        ),
    ] = None,
    coding: CodingOption = "graded",
    strict: StrictFlag = False,
    clip_input: ClipInputFlag = False,
    record_spikes: RecordFlag = False,
    out: OutOption = None,
    force: ForceFlag = False,
    jobs: JobsOption = 1,
    scheduler: SchedulerOption = None,
) -> None:
    """Score the forecasts of a model, beside persistence and ridge regression.

    Runs on the batch engine, whose forecasts are those of the simulator.

    Parameters
    ----------
    session : Session
        The call.
    model, data : Path, optional
        Model file and table.
    split : str, optional
        Shares of the three parts.
    part : str
        Windows to score.
    missing_value : float, optional
        Value of the table that means missing.
    coding : str
        How a code travels; for the counts in the run directory.
    strict, clip_input, record_spikes, force : bool
        See `lava_spikyspace.evaluation.evaluate`.
    out : Path, optional
        Run directory to write.
    jobs : int
        Processes on this machine.
    scheduler : str, optional
        Address of a Dask scheduler.
    """
    from lava_spikyspace import evaluation
    from lava_spikyspace.demo import demo_model_path

    session.about(backend="batch", model=model or demo_model_path())
    with engine_progress(session, "evaluating") as progress:
        result = evaluation.evaluate(
            model,
            data,
            split=split,
            part=part,
            missing_value=missing_value,
            coding=coding,
            strict=strict,
            clip_input=clip_input,
            record=record_spikes,
            out=out,
            force=force,
            jobs=jobs,
            scheduler=scheduler,
            progress=progress,
        )
    _show(session, result)
    say_notices(session, result.diagnostics)
    if out is None:
        session.note("--out DIR keeps all forecasts and counts")
        session.suggest("check", model)
    else:
        session.note(f"kept in {out}")
        session.suggest("report", out, "-o", f"{out}.html")
    session.emit(
        data=result.to_dict(),
        backend=result.backend,
        model=None if result.model is None else Path(result.model.path),
        diagnostics=result.diagnostics,
        timings_s=result.timings_s,
    )


def _show(session: Session, result: Evaluation) -> None:
    masked = result.masked
    what = f"{len(result.windows)} {result.part} windows"
    if masked is None:
        _show_scores(session, result.scores, what)
        return
    _show_scores(session, result.scores, f"{what}, all targets")
    _show_scores(
        session,
        masked.scores,
        f"{what}, without {masked.left_out} missing targets (value {masked.missing_value:g})",
    )


def _show_scores(session: Session, scores: Mapping[str, Scores], title: str) -> None:
    """Print the metrics of every forecaster, step by step."""
    steps = list(next(iter(scores.values())))
    shown = [name for name in METRIC_NAMES if name in next(iter(scores.values()))["all"]]
    session.table(
        ("step", "forecast", *(METRIC_NAMES[name] for name in shown)),
        [
            (step if step == "all" else f"+{step}", name, *_rounded(entry[step], shown))
            for step in steps
            for name, entry in scores.items()
        ],
        title=title,
    )


def _rounded(metrics: Mapping[str, float], shown: Iterable[str]) -> list[float]:
    return [float(f"{metrics[metric]:.4g}") for metric in shown]
