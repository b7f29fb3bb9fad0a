"""`lss compare`: a model file beside the checkpoint it came from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lava_spikyspace.cli.options import (
    ClipInputFlag,
    CodingOption,
    ModelArgument,
    PublishedConfigOption,
    RuntimeOption,
    TimeoutOption,
    WindowsOption,
)
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from netx_export.comparison import (
        ClassAgreement,
        Comparison,
        Divergence,
        LayerAgreement,
        ParameterCheck,
    )

PARAMETERS_SHOWN = 20
"""Arrays that differ from the checkpoint's, in the table; ``--json`` has all."""

_ROUNDED = ("frozen", "integers")


def compare(
    session: Session,
    model: ModelArgument = None,
    *,
    checkpoint: Annotated[
        Path, typer.Option(metavar="CKPT", help="Checkpoint that the model was exported from.")
    ],
    data: Annotated[Path, typer.Option(metavar="FILE", help="Table or labelled sequences.")],
    config: PublishedConfigOption = None,
    against: Annotated[
        Literal["batch", "sim"],
        typer.Option(help="Engines of the integers: sim runs Lava beside the batch engine."),
    ] = "batch",
    runtime: RuntimeOption = "inprocess",
    coding: CodingOption = "graded",
    windows: WindowsOption = None,
    clip_input: ClipInputFlag = False,
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
    clip_input : bool
        Saturate values outside the input range.
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
    from netx_export.families import load_trained

    with session.timer("read"):
        network = load(model, may_be_edited=True)
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
            clip=clip_input,
            progress=progress,
        )
    findings = [] if network.edited is None else [replace(network.edited, severity="warning")]
    for finding in findings:
        session.warn(str(finding))
    if result.clipped:
        session.warn(f"{result.clipped} input values lie outside the input range and are clipped")
    _show(session, result)
    measured = result.forecast_error if quantity == "forecast" else result.unequal_share
    passed = fail_above is None or measured <= fail_above
    if not passed:
        session.line(f"failed: {quantity} {measured:.3e} is above {fail_above:g}")
    if findings:
        session.suggest("lint", model)
    else:
        _say_next(session, model, data, result)
    session.emit(
        data=result.to_dict(),
        backend=against,
        model=Path(network.source.path),
        diagnostics=findings,
        ok=passed,
    )


def _say_next(session: Session, model: Path | None, data: Path | None, result: Comparison) -> None:
    """Point at the layer where the sides part; where they do not, at the score."""
    first = result.first_divergence
    if first is None:
        session.suggest("evaluate", model, data=data)
    else:
        session.suggest("inspect", model, layer=_layer_of(first.layer))


def _layer_of(record: str) -> str:
    """Return the layer of a record; states and inner codes have a suffix (see `Records`)."""
    return record.removesuffix(".state").removesuffix(".code")


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
    if result.classes is not None:
        _show_classes(session, result.classes)
    if result.parameters is not None:
        _show_parameters(session, result.parameters)
    sides_named = ("from the checkpoint", "in the file") if result.is_changed else _ROUNDED
    session.line(_where("", *sides_named, result.first_divergence))
    if lava is not None:
        session.line(_where("Lava: ", "batch", "Lava", lava.first_divergence))


def _show_classes(session: Session, classes: ClassAgreement) -> None:
    """Print how often the classes of both (or all three) sides are right."""
    lava = "" if classes.accuracy_lava is None else f", Lava {classes.accuracy_lava:.2%}"
    session.line(
        f"accuracy: frozen float model {classes.accuracy_float:.2%}, integers "
        f"{classes.accuracy_integer:.2%}{lava}; same class for {classes.same} of "
        f"{classes.windows} sequences"
    )


def _show_parameters(session: Session, parameters: ParameterCheck) -> None:
    """Print which integers of the file are not those of the checkpoint."""
    different = parameters.different
    if not different:
        session.line(f"parameters: all {parameters.arrays} as the checkpoint gives them")
        return
    session.table(
        ("in the file", "layer", "values", "first at", "expected", "found"),
        [
            (one.where, one.layer, one.values, list(one.index), one.expected, one.found)
            for one in different[:PARAMETERS_SHOWN]
        ],
        title="Parameters that are not those of the checkpoint",
    )
    if len(different) > PARAMETERS_SHOWN:
        session.line(f"and {len(different) - PARAMETERS_SHOWN} more")
    if parameters.first_divergence is None:
        session.line("no code of these windows shows that")


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
