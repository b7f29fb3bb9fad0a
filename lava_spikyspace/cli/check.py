"""`lss check`: does a model fit a chip, and where does it go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lava_spikyspace.cli.options import CodingOption, ForceFlag, ModelArgument, ProfileOption
from lava_spikyspace.cli.session import Session
from lava_spikyspace.cli.stock import OUR_MODELS, PLAIN_FILES, refuse_flags
from lava_spikyspace.cli.stock_options import (
    InputBitsOption,
    ResetIntervalOption,
    SkipLayersOption,
    stock_settings,
)

if TYPE_CHECKING:
    from lava_spikyspace.hardware.checking import CheckResult
    from lava_spikyspace.hardware.findings import Finding


def check(
    session: Session,
    model: ModelArgument = None,
    *,
    profile: ProfileOption = "loihi2",
    coding: CodingOption = "graded",
    fail_on: Annotated[
        Literal["error", "warning"],
        typer.Option("--fail-on", help="Least severity of a finding that ends with exit code 1."),
    ] = "error",
    cores: Annotated[bool, typer.Option("--cores", help="Show how full every core is.")] = False,
    core_map: Annotated[
        Path | None,
        typer.Option(
            "--map",
            "--core-map",
            metavar="FILE",
            help="Draw the cores (png, svg, pdf; needs matplotlib).",
            show_default=False,
        ),
    ] = None,
    force: ForceFlag = False,
    skip_layers: SkipLayersOption = 0,
    reset_interval: ResetIntervalOption = None,
    input_bits: InputBitsOption = 0,
) -> None:
    """Hold a model against the limits of a chip, and place it on cores.

    All findings are listed, each with what would help. Numbers of the chip and what they rest on:
    `lss profiles show`. MODEL may also be a plain NetX file of lava-dl.

    Parameters
    ----------
    session : Session
        The call.
    model : Path, optional
        Model file.
    profile : str
        Name or path of a hardware profile.
    coding : str
        How a code travels.
    fail_on : str
        Least severity that fails.
    cores : bool
        Show every core.
    core_map : Path, optional
        Picture to draw.
    force : bool
        Replace the picture.
    skip_layers, reset_interval, input_bits : int
        What is taken of a plain network; see `lava_spikyspace.stock.running.run_stock`.
    """
    from lava_spikyspace.demo import demo_model_path
    from lava_spikyspace.files import check_target
    from lava_spikyspace.hardware import checking
    from lava_spikyspace.hardware.core_map import draw_core_map
    from lava_spikyspace.netx.kind import file_kind
    from lava_spikyspace.pictures import check_picture

    session.about(model=model or demo_model_path())
    if core_map is not None:
        check_picture(core_map)
        check_target(core_map, force=force)
    flags = {
        "--skip-layers": skip_layers,
        "--reset-interval": reset_interval,
        "--input-bits": input_bits,
    }
    if model is not None and file_kind(model) == "stock":
        refuse_flags({"--coding": coding != "graded"}, model, are_for=OUR_MODELS)
    else:
        refuse_flags(flags, model, are_for=PLAIN_FILES)
    result = checking.check(model, profile, coding=coding, settings=stock_settings(flags))
    _show_findings(session, result.findings)
    _show_layers(session, result)
    if cores:
        _show_cores(session, result)
    session.line(_verdict(result))
    if core_map is not None:
        draw_core_map(result.placement, core_map, force=force)
        session.note(f"core map in {core_map}")
    rate = 0.1 if result.coding == "plain" else None  # nothing to count without an input
    session.suggest("estimate", model, profile=profile, rate=rate)
    session.emit(
        data=result.to_dict(),
        model=None if result.model is None else Path(result.model.path),
        diagnostics=result.findings,
        timings_s=result.timings_s,
        ok=result.fits if fail_on == "error" else not result.findings,
    )


def _show_findings(session: Session, findings: Iterable[Finding]) -> None:
    """Print one row per finding, and each hint once with the rules that give it."""
    rows = [
        (found.severity, found.code, found.where, found.actual, found.limit, found.unit)
        for found in findings
    ]
    if not rows:
        return
    session.table(("severity", "rule", "subject", "actual", "limit", "unit"), rows)
    hints: dict[str, list[str]] = {}
    for found in findings:
        codes = hints.setdefault(found.hint or "", [])
        if found.code not in codes:
            codes.append(found.code)
    for hint, codes in hints.items():
        if hint:
            session.line(f"{', '.join(codes)}: {hint}")


def _show_layers(session: Session, result: CheckResult) -> None:
    from lava_spikyspace.hardware.usage import RESOURCES
    from lava_spikyspace.hardware.utilisation import layer_rows

    shares = _share_columns()
    session.table(
        ("layer", "cores", "neurons", "synapses", "state bytes", *shares),
        [
            (
                row["layer"],
                row["cores"],
                row["neurons"],
                row["synapses"],
                row["state_bytes"],
                *(_percent(row["share"][name]) for name in RESOURCES),
            )
            for row in layer_rows(result.placement)
        ],
        title="Layers, and what they fill of their cores, in % of each limit",
        expendable=("state bytes", *_least_useful(shares)),
    )


def _show_cores(session: Session, result: CheckResult) -> None:
    """Print one row per core: percent of each limit, and what lies there."""
    from lava_spikyspace.hardware.usage import RESOURCES
    from lava_spikyspace.hardware.utilisation import core_rows

    shares = _share_columns()
    session.table(
        ("core", "chip", "tile", *shares, "holds"),
        [
            (
                row["core"],
                row["chip"],
                row["tile"],
                *(_percent(row["share"][name]) for name in RESOURCES),
                ", ".join(f"{run['group']}[{run['start']}:{run['stop']}]" for run in row["slices"]),
            )
            for row in core_rows(result.placement)
        ],
        title="Cores, in % of each limit",
    )


def _share_columns() -> tuple[str, ...]:
    """Return short headings of the resources, in their order."""
    return ("neurons %", "groups %", "syn %", "in %", "out %", "words %")


def _least_useful(shares: Sequence[str]) -> tuple[str, ...]:
    neurons, groups, synapses, axons_in, axons_out, words = shares
    return groups, neurons, axons_in, axons_out, synapses, words


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _verdict(result: CheckResult) -> str:
    placement = result.placement
    fits = "fits" if result.fits else "does not fit"
    coding = "" if result.coding == "plain" else f" in {result.coding} coding"
    return (
        f"{fits} {result.profile.name}{coding}: {result.errors} errors, "
        f"{result.warnings} warnings; {len(placement.cores)} of {result.profile.usable_cores} "
        f"cores ({placement.unshared_cores} if no two groups shared one), {placement.chips} of "
        f"{result.profile.layout.chips.whole} chips"
    )
