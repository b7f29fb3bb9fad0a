"""What `lss run` and `lss inspect` do with a plain NetX file of lava-dl."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lava_spikyspace.cli.engine_progress import engine_progress
from lava_spikyspace.cli.notices import say_notices
from lava_spikyspace.cli.options import BackendName, RuntimeName
from lava_spikyspace.cli.session import Session
from lava_spikyspace.errors import UsageError

OUR_MODELS = "models of lava-spikyspace"
PLAIN_FILES = "plain NetX files of lava-dl"
"""What flags are for."""

MAX_OUTPUTS = 6
"""Outputs that the table names at most, those with the most events."""

_LAYER_COLUMNS = (
    "layer",
    "type",
    "neuron",
    "shape",
    "weights",
    "weight range",
    "delays to",
    "threshold",
    "decays",
)


def refuse_flags(given: Mapping[str, object], model: Path | None, *, are_for: str) -> None:
    """Refuse flags that have no meaning for a kind of model.

    Parameters
    ----------
    given : mapping of str to object
        Value by flag; None, False and 0 count as not given.
    model : Path, optional
        The model file.
    are_for : str
        What the flags are for.

    Raises
    ------
    UsageError
        One of them is given.
    """
    flags = [flag for flag, value in given.items() if value]
    if flags:
        verb = "is" if len(flags) == 1 else "are"
        raise UsageError(
            f"{', '.join(flags)} {verb} for {are_for} only, which "
            f"{model or 'the demo model'} is not"
        )


def run_stock_file(
    session: Session,
    model: Path,
    data: Path | None,
    settings: Mapping[str, Any],
    *,
    backend: BackendName,
    runtime: RuntimeName,
    record: bool,
    out: Path | None,
    force: bool,
    timeout: float,
) -> None:
    """Run a plain NetX file and show what it did.

    Parameters
    ----------
    session : Session
        The call.
    model, data : Path
        Files.
    settings : mapping of str to int
        What the run takes of the network, see `lava_spikyspace.stock.running.run_stock`.
    backend, runtime : str
        Engine and Lava runtime.
    record, force : bool
        See `run_stock` and `StockResult.save`.
    out : Path, optional
        Run directory to write.
    timeout : float
        Seconds that the simulation gets.
    """
    from lava_spikyspace.cli.run_tables import show_processes
    from lava_spikyspace.stock.running import run_stock

    with engine_progress(session, f"running on {backend}") as progress:
        result = run_stock(
            model,
            data,
            **settings,
            backend=backend,
            runtime=runtime,
            record=record,
            timeout_s=timeout,
            progress=progress,
        )
    if out is not None:
        result.save(out, force=force)
    shown = result.to_dict()
    _show_outputs(session, result.outputs)
    show_processes(session, result.counts, over="steps")
    session.line(
        f"{result.time_steps} time steps of shape {_times(shown['outputs_shape'][1:])}, input as "
        f"{result.feed}, latency {result.latency_steps}"
    )
    say_notices(session, result.diagnostics)
    session.note(f"kept in {out}" if out else "--out DIR keeps all outputs and counts")
    session.suggest("inspect" if out is None else "profile", model if out is None else out)
    session.emit(
        data=shown,
        backend=result.backend,
        model=model,
        diagnostics=result.diagnostics,
        timings_s=result.timings_s,
    )


def inspect_stock_file(session: Session, model: Path, layer: str | None) -> None:
    """Show the layers of a plain NetX file.

    Parameters
    ----------
    session : Session
        The call.
    model : Path
        File.
    layer : str, optional
        Pattern of layer names.
    """
    from lava_spikyspace.netx.stock.describe import describe_stock
    from lava_spikyspace.netx.stock.reader import read_stock

    found = describe_stock(read_stock(model), layer or "*")
    if layer is None:
        rows = {
            "format": "plain NetX of lava-dl",
            "input": _times(found["input_shape"]),
            "output": _times(found["output_shape"]),
            "neurons": str(sum(entry["neurons"] for entry in found["layers"])),
        }
        session.table(("model", ""), rows.items())
    session.table(_LAYER_COLUMNS, [_layer_row(entry) for entry in found["layers"]])
    if layer is not None:
        for entry in found["layers"]:
            _show_layer(session, entry)
    session.emit(data=found, model=model)


def _show_outputs(session: Session, outputs: Any) -> None:  # noqa: ANN401 - NumPy is not imported
    """Show which outputs have sent the most events, and the sum of what they sent."""
    flat = outputs.reshape(outputs.shape[0], -1)
    events = (flat != 0).sum(axis=0)
    most = sorted(range(events.size), key=lambda index: (-int(events[index]), index))
    rows = [
        (_place(index, outputs.shape[1:]), int(events[index]), int(flat[:, index].sum()))
        for index in most[:MAX_OUTPUTS]
    ]
    session.table(("output", "events", "sum"), rows, title="Most active outputs")


def _place(index: int, shape: tuple[int, ...]) -> str:
    """Return the place of an element, as NumPy counts it."""
    places = []
    for size in reversed(shape):
        index, place = divmod(index, size)
        places.append(str(place))
    return ", ".join(reversed(places))


def _show_layer(session: Session, entry: Mapping[str, Any]) -> None:
    """Show all that one layer has."""
    values = {**(entry["neuron"] or {}), **(entry["geometry"] or {}), **(entry["transform"] or {})}
    session.table(
        ("value", ""),
        [(name, _times(v) if isinstance(v, list) else v) for name, v in values.items()],
        title=entry["name"],
    )
    columns = ("parameter", "shape", "min", "max", "not 0")
    session.table(
        columns,
        [
            (value["name"], _times(value["shape"]), value["min"], value["max"], value["nonzero"])
            for value in entry["parameters"]
        ],
    )


def _layer_row(entry: Mapping[str, Any]) -> tuple[object, ...]:
    stored = {value["name"]: value for value in entry["parameters"]}
    weight, delay, neuron = stored.get("weight"), stored.get("delay"), entry["neuron"] or {}
    decays = (
        f"{neuron['current_decay']}, {neuron['voltage_decay']}"
        if "current_decay" in neuron
        else None
    )
    return (
        entry["name"],
        entry["type"],
        entry["neuron_type"],
        _times(entry["shape"]),
        None if weight is None else _times(weight["shape"]),
        None if weight is None else f"{weight['min']} to {weight['max']}",
        None if delay is None else delay["max"],
        neuron.get("threshold"),
        decays,
    )


def _times(shape: list[int]) -> str:
    return " x ".join(str(size) for size in shape)
