"""`lss inspect --microcode`: the neuron programs of a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lava_spikyspace.cli.options import CodingName
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.hardware.microcode.describing import KindDescription

_COLUMNS = (
    "neurons of",
    "program",
    "number",
    "instructions",
    "best",
    "mean",
    "worst",
    "registers",
    "state words",
    "constants",
    "shared",
    "message bits",
)


def inspect_microcode(session: Session, path: Path, layer: str | None, coding: CodingName) -> None:
    """Show the neuron kinds of a model; of chosen layers also listings, constants and synapses.

    Parameters
    ----------
    session : Session
        The call.
    path : Path
        Model file.
    layer : str, optional
        Pattern of layer names.
    coding : str
        Coding of the spikes.
    """
    from lava_spikyspace.hardware.microcode.describing import describe_microcode

    found = describe_microcode(path, layer or "*", coding=coding)
    session.table(_COLUMNS, [_row(entry) for entry in found.kinds])
    if layer is not None:
        for entry in found.kinds:
            _show(session, entry)
    if not found.windows:
        session.note("no golden windows: there is no mean path")
    session.emit(data={"microcode": found.to_dict()}, model=path)


def _row(entry: KindDescription) -> tuple[object, ...]:
    kind, measured = entry.kind, entry.measured
    return (
        kind.name,
        kind.program.name,
        kind.neurons,
        len(kind.program.instructions),
        entry.paths.best,
        None if measured is None else round(measured.mean, 1),
        entry.paths.worst,
        len(kind.program.registers),
        kind.state_words,
        kind.own_words,
        kind.shared_words,
        ", ".join(str(interval.bits) for interval in kind.payloads.values()),
    )


def _show(session: Session, entry: KindDescription) -> None:
    """Show listing, constants and synapses of one kind."""
    kind = entry.kind
    session.line(f"{kind.name}: {kind.program.title}")
    for line in entry.lines:
        session.line(line)
    session.table(
        ("constant", "for", "min", "max"),
        [
            (name, "all" if array.ndim == 0 else "each", int(array.min()), int(array.max()))
            for name, array in kind.constants.items()
        ],
    )
    session.table(
        ("input", "from", "port", "synapses", "pattern", "weights", "delay"),
        [
            (
                one.cell,
                one.source,
                one.port,
                one.pattern.synapses,
                type(one.pattern).__name__,
                "1" if one.weight is None else "own",
                one.delay,
            )
            for one in entry.synapses
        ],
    )
    session.table(
        ("sends", "min", "max", "bits"),
        [(port, span.lo, span.hi, span.bits) for port, span in kind.payloads.items()],
    )
