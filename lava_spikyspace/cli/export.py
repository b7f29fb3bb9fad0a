"""`lss export`: from a checkpoint to a model file of integers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lava_spikyspace.cli.notices import say_notices
from lava_spikyspace.cli.options import ForceFlag, PublishedConfigOption, SplitOption
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from netx_export.exporting import ExportResult
    from netx_export.formats import Trial
    from netx_export.spike_ssm.exporting import SsmExport


def _bits(what: str) -> Any:  # noqa: ANN401 - an option, for which typer has no public type
    return typer.Option(
        help=f"Fraction bits of {what}; the search leaves them alone.",
        show_default=False,
        rich_help_panel="Formats",
    )


def export(
    session: Session,
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CKPT", help="Checkpoint of `train`, or a published one.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="MODEL", help="File to write.")],
    calibration: Annotated[
        Path, typer.Option(metavar="FILE", help="Data whose training split fixes the ranges.")
    ],
    config: PublishedConfigOption = None,
    split: SplitOption = None,
    width: Annotated[
        int, typer.Option(min=16, max=53, help="Widest accumulator and state in bits.")
    ] = 53,
    residual_bits: Annotated[int | None, _bits("the residual stream")] = None,
    gate_bits: Annotated[int | None, _bits("PTSiLU")] = None,
    b_bits: Annotated[int | None, _bits("B")] = None,
    c_bits: Annotated[int | None, _bits("C")] = None,
    state_bits: Annotated[int | None, _bits("the scan's state")] = None,
    golden: Annotated[
        int, typer.Option(min=0, help="Windows stored with their forecasts and digests.")
    ] = 4,
    force: ForceFlag = False,
) -> None:
    """Calibrate a checkpoint, lower it to integers, prove all widths and write a model file.

    Zero-points are frozen on windows of the training split, and what every quantiser does there is
    reported: layers that are silent, saturated or dead are named. The fraction bits are searched:
    the fewest with which the integers agree with the frozen float model.

    Parameters
    ----------
    session : Session
        The call.
    checkpoint, out, calibration, config : Path
        Files.
    split : str, optional
        Shares of the calibration table.
    width : int
        Widest value.
    residual_bits, gate_bits, b_bits, c_bits, state_bits : int, optional
        Formats fixed by hand.
    golden : int
        Windows to record.
    force : bool
        Replace the model file.
    """
    from lava_spikyspace.availability import require_export
    from lava_spikyspace.cli.calibration_table import show_calibration
    from lava_spikyspace.files import check_target

    require_export()
    check_target(out, force=force)

    from lava_spikyspace.datasets.readers import read_table
    from lava_spikyspace.datasets.windows import parse_ratios
    from netx_export.exporting import ExportOptions, ExportResult
    from netx_export.families import export as run_export
    from netx_export.families import load_trained
    from netx_export.writer import write_network

    by_hand = {
        "residual": residual_bits,
        "gate": gate_bits,
        "b": b_bits,
        "c": c_bits,
        "state": state_bits,
    }
    options = ExportOptions(
        formats={name: bits for name, bits in by_hand.items() if bits is not None},
        width=width,
        golden=golden,
        split=None if split is None else parse_ratios(split),
    )
    with session.timer("read"):
        trained = load_trained(checkpoint, config)
        table = read_table(calibration)
    with session.progress("choosing formats") as bar, session.timer("export"):

        def tried(trial: Trial) -> None:
            bar.advance()

        result = run_export(trained, table, options, tried)
    with session.timer("write"):
        write_network(result.network, out, force=force)
    if isinstance(result, ExportResult):
        show_calibration(session, result.quantisers)
        _show(session, result)
    else:
        _show_spikes(session, result)
    for found in result.diagnostics:
        # The hint of its code stands in the docs; here it would be repeated for every layer.
        say_notices(session, [replace(found, message=f"{found.message} [{found.code}]", hint=None)])
    session.suggest("run", out, data=calibration)
    data = _data(result) if isinstance(result, ExportResult) else _spike_data(result)
    session.emit(data=data, model=out, diagnostics=result.diagnostics)


def _show(session: Session, result: ExportResult) -> None:
    """Print the trials of the format search, and the agreement of what was chosen."""
    names = ("residual", "gate", "b", "c", "state")
    session.table(
        (*(f"{name} bits" for name in names), "limbs", "least equal codes", "forecast error", ""),
        [
            (
                *(getattr(trial.formats, name) for name in names),
                trial.limbs,
                "does not fit" if trial.agreement is None else f"{trial.agreement.worst:.5%}",
                None if trial.agreement is None else f"{trial.agreement.relative_l2:.2e}",
                "chosen" if trial.chosen else "",
            )
            for trial in result.trials
        ],
        title="Bits against agreement with the frozen float model",
    )
    session.line(
        f"least equal codes of any encoder {result.agreement.worst:.5%}, "
        f"forecast error {result.agreement.relative_l2:.2e} (relative L2)"
    )


def _show_spikes(session: Session, result: SsmExport) -> None:
    """Print the agreement of the integers with the frozen float model, block by block."""
    agreement = result.agreement
    session.table(
        ("spikes of", "equal"),
        [(name, f"{share:.5%}") for name, share in agreement.spikes.items()],
        title="Integers beside the frozen float model",
    )
    same = "" if agreement.same_class is None else f", same class {agreement.same_class:.2%}"
    session.line(f"output error {agreement.relative_l2:.2e} (relative L2){same}")


def _spike_data(result: SsmExport) -> dict[str, object]:
    """Return the result as the JSON envelope holds it; there are no trials of formats."""
    agreement, network = result.agreement, result.network
    return {
        "formats": dict(network.formats),
        "agreement": {
            "codes": dict(agreement.spikes),
            "relative_l2": agreement.relative_l2,
            "same_class": agreement.same_class,
        },
        "trials": [],
        "quantisers": {},
        "golden_windows": 0 if network.golden is None else len(network.golden.inputs),
    }


def _data(result: ExportResult) -> dict[str, object]:
    """Return the result as the JSON envelope holds it."""
    from dataclasses import asdict

    return {
        "formats": dict(result.network.formats),
        "agreement": {
            "codes": dict(result.agreement.codes),
            "relative_l2": result.agreement.relative_l2,
        },
        "trials": [
            {
                "formats": asdict(trial.formats),
                "limbs": trial.limbs,
                "least_equal_codes": None if trial.agreement is None else trial.agreement.worst,
                "relative_l2": None if trial.agreement is None else trial.agreement.relative_l2,
                "chosen": trial.chosen,
            }
            for trial in result.trials
        ],
        "quantisers": {name: seen.to_dict() for name, seen in result.quantisers.items()},
        "golden_windows": 0 if result.network.golden is None else len(result.network.golden.inputs),
    }
