"""`lss verify`: does this machine give what the exporter recorded."""

from __future__ import annotations

from pathlib import Path

from lava_spikyspace.cli.engine_progress import engine_progress
from lava_spikyspace.cli.options import (
    BackendOption,
    CodingOption,
    ModelArgument,
    RuntimeOption,
    StrictFlag,
    TimeoutOption,
)
from lava_spikyspace.cli.session import Session


def verify(
    session: Session,
    model: ModelArgument = None,
    *,
    backend: BackendOption = "batch",
    runtime: RuntimeOption = "inprocess",
    coding: CodingOption = "graded",
    strict: StrictFlag = False,
    timeout: TimeoutOption = 600.0,
) -> None:
    """Replay the golden windows of a model file.

    The forecasts and the codes of every process have to equal those that the exporter recorded
    in the file, bit for bit.

    Parameters
    ----------
    session : Session
        The call.
    model : Path, optional
        Model file.
    backend, runtime, coding : str
        Engine, Lava runtime, and how a code travels.
    strict : bool
        Fail when a value leaves its proven range.
    timeout : float
        Seconds that a simulation gets.
    """
    from lava_spikyspace import verification
    from lava_spikyspace.demo import demo_model_path

    session.about(backend=backend, model=model or demo_model_path())
    with engine_progress(session, f"replaying on {backend}") as progress:
        result = verification.verify(
            model,
            backend=backend,
            runtime=runtime,
            coding=coding,
            strict=strict,
            timeout_s=timeout,
            progress=progress,
        )
    session.findings(result.mismatches)
    data = result.to_dict()
    session.line(
        f"{result.windows} golden windows on {backend}: "
        f"{data['equal']} of {len(result.records)} records equal"
    )
    session.suggest("check" if result.ok else "lint", model)
    session.emit(
        data=data,
        backend=backend,
        model=None if result.model is None else Path(result.model.path),
        diagnostics=result.mismatches,
        timings_s=result.timings_s,
        ok=result.ok,
    )
