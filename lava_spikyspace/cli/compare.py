"""`lss compare`: a model file beside the checkpoint it came from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lava_spikyspace.cli.options import (
    CodingOption,
    ModelArgument,
    RuntimeOption,
    TimeoutOption,
    WindowsOption,
)
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from netx_export.comparing import Comparison, Divergence, LayerAgreement


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
        Literal["batch", "sim"],
        typer.Option(help="Engines of the integers: sim runs Lava beside the batch engine."),
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
    _show(session, result)
    measured = result.forecast_error if quantity == "forecast" else result.unequal_share
    passed = fail_above is None or measured <= fail_above
    if not passed:
        session.line(f"failed: {quantity} {measured:.3e} is above {fail_above:g}")
    session.emit(
        data=result.to_dict(),
        backend=against,
        model=Path(network.source.path),
        ok=passed,
    )


def _show(session: Session, result: Comparison) -> None:
    """Print the codes of both (or all three) sides, their forecasts, and where they part."""
    lava = result.lava
    headings = ["layer", "codes", "float and integers", "equal"]
    rows: list[list[object]] = [
        [layer.name, layer.codes, _unequal(layer), f"{layer.agreement:.5%}"]
        for layer in result.layers
    ]
    if lava is not None:
        headings.append("integers and Lava")
        for row, layer in zip(rows, lava.layers, strict=True):
            row.append(_unequal(layer))
    session.table(headings, rows, title="Codes of the frozen float model and of the integers")
    sides = [
        ("frozen float model", None, result.r2_float),
        ("integers (batch)", result.relative_l2, result.r2_integer),
    ]
    if lava is not None:
        sides.append((f"Lava ({lava.runtime}, {lava.coding})", lava.relative_l2, lava.r2))
    session.table(
        ("forecasts", "relative L2 error", "R2"),
        [
            (
                name,
                None if error is None else f"{error:.3e}",
                None if r2 is None else f"{r2:.6f}",
            )
            for name, error, r2 in sides
        ],
    )
    session.line(_where("", "frozen", "integers", result.first_divergence))
    if lava is not None:
        session.line(_where("Lava: ", "batch", "Lava", lava.first_divergence))


def _unequal(layer: LayerAgreement) -> str:
    unequal = layer.codes - layer.equal
    return f"{unequal} unequal" if unequal else "equal"


def _where(prefix: str, one: str, other: str, first: Divergence | None) -> str:
    """Return a line that names the first code in which two sides part."""
    if first is None:
        return f"{prefix}no code differs"
    return (
        f"{prefix}first divergence: {first.layer}, window {first.window}, element {first.element}, "
        f"channel {first.channel}: expected {first.expected} ({one}), found {first.found} ({other})"
    )
