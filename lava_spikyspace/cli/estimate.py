"""`lss estimate`: what forecasts of a model cost."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lava_spikyspace.cli.notices import say_notices
from lava_spikyspace.cli.options import ModelArgument, ProfileOption
from lava_spikyspace.cli.session import Session
from lava_spikyspace.cli.stock import PLAIN_FILES, refuse_flags
from lava_spikyspace.cli.stock_options import (
    InputBitsOption,
    ResetIntervalOption,
    SkipLayersOption,
    stock_settings,
)


def estimate(
    session: Session,
    model: ModelArgument = None,
    *,
    profile: ProfileOption = "loihi2",
    activity: Annotated[
        Path | None,
        typer.Option(
            "--activity",
            metavar="RUN_DIR",
            help="Counts of a run (`run --out`, `evaluate --out`); by default a batch run of the "
            "model's golden windows.",
            show_default=False,
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            "--rate",
            metavar="0..1",
            help="Stated firing rate of every code, instead of counts.",
            show_default=False,
        ),
    ] = None,
    processes: Annotated[bool, typer.Option("--processes", help="Show every process.")] = False,
    skip_layers: SkipLayersOption = 0,
    reset_interval: ResetIntervalOption = None,
    input_bits: InputBitsOption = 0,
) -> None:
    """Estimate energy and time of forecasts on a chip, in unary and graded coding.

    Counts are exact; energies are counts times the constants of the profile, with low, nominal and
    high values, and every assumption is listed. With the profile cmos45, the model is compared
    with others on paper instead. MODEL may also be a plain NetX file of lava-dl, with --activity
    or --rate.

    Parameters
    ----------
    session : Session
        The call.
    model : Path, optional
        Model file.
    profile : str
        Name or path of a hardware profile.
    activity : Path, optional
        Run directory.
    rate : float, optional
        Firing rate.
    processes : bool
        Show every process.
    skip_layers, reset_interval, input_bits : int
        What is taken of a plain network, with --rate; a run has settings of its own.
    """
    from lava_spikyspace.cli.estimate_tables import show_chip, show_paper
    from lava_spikyspace.demo import demo_model_path
    from lava_spikyspace.hardware import estimating
    from lava_spikyspace.hardware.chip_estimate import ChipEstimate
    from lava_spikyspace.netx.kind import file_kind

    session.about(model=model or (None if activity else demo_model_path()))
    flags = {
        "--skip-layers": skip_layers,
        "--reset-interval": reset_interval,
        "--input-bits": input_bits,
    }
    if rate is None or model is None or file_kind(model) != "stock":
        refuse_flags(flags, model, are_for=f"{PLAIN_FILES} with a stated --rate")
    result = estimating.estimate(
        model, profile, activity=activity, rate=rate, settings=stock_settings(flags)
    )
    if isinstance(result, ChipEstimate):
        show_chip(session, result, processes=processes)
    else:
        show_paper(session, result)
    say_notices(session, result.diagnostics)
    session.emit(
        data=result.to_dict(),
        model=None if result.model is None else Path(result.model.path),
        diagnostics=result.diagnostics,
        timings_s=result.timings_s,
    )
