"""`lss check`: does a model fit a chip, and where does it go."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lava_spikyspace.cli.options import CodingOption, ForceFlag, ModelArgument, ProfileOption
from lava_spikyspace.cli.session import Session

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
            "--core-map",
            metavar="FILE",
            help="Draw the cores (png, svg, pdf; needs matplotlib).",
            show_default=False,
        ),
    ] = None,
    force: ForceFlag = False,
) -> None:
    """Hold a model against the limits of a chip, and place it on cores.

    All findings are listed, each with what would help. Numbers of the chip and what they rest on:
    `lss profiles show`.

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
    """
    from lava_spikyspace.demo import demo_model_path
    from lava_spikyspace.files import check_target
    from lava_spikyspace.hardware import checking
    from lava_spikyspace.hardware.core_map import check_core_map, draw_core_map

    session.about(model=model or demo_model_path())
    if core_map is not None:
        check_core_map(core_map)
        check_target(core_map, force=force)
    result = checking.check(model, profile, coding=coding)
    _show_findings(session, result.findings)
    _show_layers(session, result)
    if cores:
        _show_cores(session, result)
    session.line(_verdict(result))
    if core_map is not None:
        draw_core_map(result.placement, core_map, force=force)
        session.note(f"core map in {core_map}")
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
    from lava_spikyspace.hardware.utilisation import layer_rows

    session.table(
        ("layer", "cores", "neurons", "synapses", "state bytes"),
        [tuple(row.values()) for row in layer_rows(result.placement)],
    )


def _show_cores(session: Session, result: CheckResult) -> None:
    from lava_spikyspace.hardware.usage import RESOURCES
    from lava_spikyspace.hardware.utilisation import core_rows

    session.table(
        ("core", "chip", "tile", *(name.replace("_", " ") for name in RESOURCES), "holds"),
        [
            (
                row["core"],
                row["chip"],
                row["tile"],
                *(_cell(row["used"][name], row["share"][name]) for name in RESOURCES),
                ", ".join(f"{run['group']}[{run['start']}:{run['stop']}]" for run in row["slices"]),
            )
            for row in core_rows(result.placement)
        ],
        title="Used, and share of the limit",
    )


def _cell(used: int, share: float | None) -> str:
    return str(used) if share is None else f"{used} ({share:.0%})"


def _verdict(result: CheckResult) -> str:
    placement = result.placement
    fits = "fits" if result.fits else "does not fit"
    return (
        f"{fits} {result.profile.name} in {result.coding} coding: {result.errors} errors, "
        f"{result.warnings} warnings; {len(placement.cores)} of {result.profile.usable_cores} "
        f"cores, {placement.chips} of {result.profile.layout.chips.whole} chips"
    )
