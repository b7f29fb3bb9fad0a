"""`lss compare`: a model file beside the checkpoint it came from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from lava_spikyspace.cli.options import (
    CodingOption,
    ModelArgument,
    RuntimeOption,
    TimeoutOption,
    WindowsOption,
)
from lava_spikyspace.cli.session import Session


def compare(
    session: Session,
    model: ModelArgument = None,
    *,
    checkpoint: Annotated[
        Path, typer.Option(metavar="CKPT", help="Checkpoint that the model was exported from.")
    ],
    data: Annotated[Path, typer.Option(metavar="FILE", help="Table of time series.")],
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="JSON",
            help="Sizes and scaler of a checkpoint in the published layout.",
            show_default=False,
        ),
    ] = None,
    against: Annotated[
        Literal["batch", "sim"], typer.Option(help="Engine that runs the integers.")
    ] = "batch",
    runtime: RuntimeOption = "inprocess",
    coding: CodingOption = "graded",
    windows: WindowsOption = None,
    timeout: TimeoutOption = 600.0,
    fail_above: Annotated[
        float | None,
        typer.Option(
            metavar="X", min=0, help="Exit 1 if --quantity is above X.", show_default=False
        ),
    ] = None,
    quantity: Annotated[
        Literal["forecast", "codes"],
        typer.Option(help="Relative L2 of the forecasts, or share of unequal codes."),
    ] = "forecast",
) -> None:
    """Compare integers with the frozen float model, code by code, and find where they part.

    Parameters
    ----------
    session : Session
        The call.
    model, checkpoint, data, config : Path
        Files.
    against, runtime, coding
        Engine of the integers.
    windows : str, optional
        Windows to compare on.
    timeout : float
        Seconds that a simulation gets.
    fail_above : float, optional
        Gate.
    quantity : str
        What the gate looks at.
    """
    from lava_spikyspace.availability import require_export

    require_export()

    from lava_spikyspace.cli.engine_progress import engine_progress
    from lava_spikyspace.datasets.readers import read_table
    from lava_spikyspace.inputs import load
    from netx_export.comparing import compare as run_comparison
    from netx_export.exporting import load_trained

    with session.timer("read"):
        network = load(model)
        trained = load_trained(checkpoint, config)
        table = read_table(data)
    with session.timer("compare"), engine_progress(session, against) as progress:
        result = run_comparison(
            network,
            trained,
            table,
            windows=windows,
            backend=against,
            runtime=runtime,
            coding=coding,
            timeout_s=timeout,
            progress=progress,
        )
    session.table(
        ("layer", "codes", "unequal", "equal"),
        [
            (layer.name, layer.codes, layer.codes - layer.equal, f"{layer.agreement:.5%}")
            for layer in result.layers
        ],
        title=f"Codes of the frozen float model and of the integers ({against})",
    )
    session.line(f"forecasts: relative L2 error {result.relative_l2:.3e}")
    if result.r2_float is not None:
        session.line(f"R2: float {result.r2_float:.6f}, integers {result.r2_integer:.6f}")
    first = result.first_divergence
    session.line(
        "no code differs"
        if first is None
        else f"first divergence: {first.layer}, window {first.window}, element {first.element}, "
        f"channel {first.channel}: expected {first.expected}, found {first.found}"
    )
    measured = result.relative_l2 if quantity == "forecast" else result.unequal_share
    passed = fail_above is None or measured <= fail_above
    if not passed:
        session.line(f"failed: {quantity} {measured:.3e} is above {fail_above:g}")
    session.emit(
        data=result.to_dict(),
        backend=against,
        model=Path(network.source.path),
        ok=passed,
    )
