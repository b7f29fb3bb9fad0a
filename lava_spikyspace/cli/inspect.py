"""`lss inspect`: what is in a model file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lava_spikyspace.cli.options import CodingOption, ModelArgument
from lava_spikyspace.cli.session import Session
from lava_spikyspace.errors import UsageError

_LAYER_COLUMNS = (
    "layer",
    "type",
    "reads",
    "neurons",
    "weights",
    "sends",
    "bits",
    "fraction",
    "bits inside",
    "low limbs",
)


def inspect(
    session: Session,
    model: ModelArgument = None,
    chosen: Annotated[
        str | None,
        typer.Argument(
            metavar="[LAYER]",
            help="With --microcode: the layers to show in full, as --layer.",
            show_default=False,
        ),
    ] = None,
    *,
    layer: Annotated[
        str | None,
        typer.Option(
            "--layer",
            metavar="GLOB",
            help="Only these layers, with their parameters and ranges: blocks.0.*",
            show_default=False,
        ),
    ] = None,
    microcode: Annotated[
        bool,
        typer.Option(
            "--microcode",
            help="Neuron programs in Loihi 2's public operations: listing, constants, state, "
            "messages, instruction counts.",
        ),
    ] = False,
    coding: CodingOption = "graded",
) -> None:
    """Show layers, formats, proven widths and provenance of a model file.

    Of a plain NetX file of lava-dl, layers with their neurons and weights.

    Parameters
    ----------
    session : Session
        The call.
    model : Path, optional
        Model file.
    layer : str, optional
        Pattern of layer names.
    chosen : str, optional
        The same for `microcode`.
    microcode : bool
        Show the neuron programs instead.
    coding : str
        Coding that the neuron programs are for.

    Raises
    ------
    UsageError
        LAYER is given without --microcode, or --microcode for a plain NetX file.
    """
    from lava_spikyspace.cli.microcode import inspect_microcode
    from lava_spikyspace.cli.stock import inspect_stock_file
    from lava_spikyspace.demo import demo_model_path
    from lava_spikyspace.netx.describe import describe
    from lava_spikyspace.netx.kind import file_kind
    from lava_spikyspace.netx.reader import read_model_file

    if chosen is not None and not microcode:
        raise UsageError(f"found a second argument {chosen}", hint=f"--layer {chosen}")
    if microcode and model is not None and _is_layer(model):
        model, chosen = None, chosen or str(model)
    path = demo_model_path() if model is None else model
    session.about(model=path)
    if file_kind(path) == "stock":
        if microcode:
            raise UsageError(
                f"{path}: a plain NetX file has the neurons that the chip comes with; programs "
                "are there for the layers of this package"
            )
        inspect_stock_file(session, path, layer)
        return
    if microcode:
        inspect_microcode(session, path, chosen or layer, coding)
        return
    file = read_model_file(path)
    found = describe(file.network, layer or "*")
    if layer is None:
        _show_file(session, {**file.header}, found)
    session.table(_LAYER_COLUMNS, [_layer_row(entry) for entry in found["layers"]])
    if layer is not None:
        for entry in found["layers"]:
            _show_layer(session, entry)
    session.emit(data={"file": dict(file.header), **found}, model=path)


def _is_layer(argument: Path) -> bool:
    """Whether the first argument can only be a layer (of the bundled model), and no file."""
    return not argument.exists() and argument.suffix not in (".net", ".gz", ".h5")


def _show_file(session: Session, header: Mapping[str, str], found: Mapping[str, Any]) -> None:
    """Show what the file says of itself and of its use."""
    deployment = found["deployment"]
    limits = deployment["input_range"]
    golden = found["golden"]
    normalisation = deployment["normalisation"]
    rows = {
        "format": f"{header['format']}, {header['extension']} {header['extension_version']}",
        "written": f"{header['created']} by {header['generator']}",
        "content sha256": header["content_sha256"],
        "window, horizon": f"{deployment['window']}, {deployment['horizon']}",
        "variates": f"{deployment['channels']}{_names(deployment['variates'])}",
        "bits": _pairs(deployment["bits"]),
        "formats": _pairs(deployment["formats"]),
        "input range": f"{limits['min']} to {limits['max']}, {limits['bits']} bits",
        "normalisation": normalisation["kind"]
        + ("" if normalisation["eps"] is None else f", eps {normalisation['eps']:g}"),
        "golden windows": "none" if golden is None else str(golden["windows"]),
        **{f"provenance: {key}": _brief(value) for key, value in found["provenance"].items()},
    }
    session.table(("model", ""), rows.items())


def _show_layer(session: Session, entry: Mapping[str, Any]) -> None:
    """Show all parameters and ranges of one layer."""
    session.table(
        ("parameter", "dtype", "shape", "min", "max"),
        [
            (value["name"], value["dtype"], _times(value["shape"]), value["min"], value["max"])
            for value in entry["parameters"]
        ],
        title=entry["name"],
    )
    session.table(
        ("proven range", "min", "max", "bits"),
        [(name, r["min"], r["max"], r["bits"]) for name, r in entry["ranges"].items()],
    )


def _layer_row(entry: Mapping[str, Any]) -> tuple[object, ...]:
    stored = {value["name"]: value for value in entry["parameters"]}
    inside = [f"{n} {r['bits']}" for n, r in entry["ranges"].items() if n != "message"]
    is_coded = entry["code_bits"] is not None
    return (
        entry["name"],
        "/".join(part for part in (entry["type"], entry["neuron_type"]) if part),
        ", ".join(_relative(source, entry["name"]) for source in entry["inputs"]) or None,
        entry["neurons"],
        _times(stored["weight"]["shape"]) if "weight" in stored else None,
        "code" if is_coded else "message",
        entry["code_bits"] if is_coded else entry["ranges"]["message"]["bits"],
        None if is_coded or "frac_bits" not in stored else stored["frac_bits"]["min"],
        ", ".join(inside) or None,
        "+".join(str(width) for width in entry["limbs"]) or None,
    )


def _relative(source: str, reader: str) -> str:
    """Return the name of a source without the block that it shares with its reader."""
    block = ".".join(reader.split(".")[:2]) + "."
    return source.removeprefix(block)


def _times(shape: list[int]) -> str:
    return " x ".join(str(size) for size in shape) or "scalar"


def _pairs(values: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items()) or "-"


def _names(variates: list[str] | None) -> str:
    if variates is None:
        return ", without names"
    shown = ", ".join(variates[:6])
    return f": {shown}{', …' if len(variates) > 6 else ''}"


def _brief(value: object) -> str:
    """Return one line for a value of the provenance; --json has all of it."""
    if isinstance(value, dict):
        return f"{len(value)} entries: {', '.join(list(value)[:6])}"
    if isinstance(value, list):
        return f"{len(value)} values" if len(value) > 6 else ", ".join(map(str, value))
    return str(value)
