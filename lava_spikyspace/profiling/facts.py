"""What a run keeps about each row of the counts, so that a profile needs no model file.

These facts follow from the plan alone and are the same on every engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lava_spikyspace.network import Interval, ScanLayer
from lava_spikyspace.plan import Plan, ProcessPlan
from lava_spikyspace.profiling.counters import sends_binary


@dataclass(frozen=True)
class RowFacts:
    """One row of the counts: where it belongs, and what is proven about it.

    Parameters
    ----------
    name : str
        Name of the row.
    process : str
        The Lava process that the row is a part of; one with two kinds of neurons has two rows.
    layer : str
        The layer that the process belongs to.
    record : str or None
        Name in ``spikes.npz`` of what the row sends or keeps; None where nothing is recorded: for
        synapses, which send sums, and for neurons inside a process that hold no code.
    bits : int or None
        Width of the code in that record; None where it holds messages.
    binary : bool
        Whether a code is sent as that many binary spikes.
    range_of : str or None
        What ``min`` and ``max`` of the row are extremes of: ``accumulator``, ``state`` or
        ``message``.
    proven : Interval or None
        Range that the file proves for it.
    """

    name: str
    process: str
    layer: str
    record: str | None = None
    bits: int | None = None
    binary: bool = False
    range_of: str | None = None
    proven: Interval | None = None

    @property
    def levels(self) -> int | None:
        """Largest magnitude Q = 2**bits - 1 that the firing rate is relative to."""
        return None if self.bits is None else (1 << self.bits) - 1


def sending_rows(facts: Sequence[RowFacts]) -> frozenset[str]:
    """Return the names of the rows that send the message of their process: the last of each."""
    return frozenset({fact.process: fact.name for fact in facts}.values())


def row_facts(plan: Plan) -> tuple[RowFacts, ...]:
    """Return the facts of every row, in the order of the counts.

    Parameters
    ----------
    plan : Plan
        What is run.
    """
    return tuple(
        _facts_of(plan, process, row) for process in plan.processes for row, _ in process.rows
    )


def _facts_of(plan: Plan, process: ProcessPlan, row: str) -> RowFacts:
    layer = plan.network[process.layer]
    if row == plan.sender(layer.name):
        watched = "accumulator" if "accumulator" in layer.RANGE_NAMES else "message"
        record, bits = layer.name, layer.bits
    elif isinstance(layer, ScanLayer):  # the state codes never leave the process
        watched, record, bits = "state", row, layer.state_bits
    else:  # synapses, and neurons inside a process that hold no code
        return RowFacts(row, process.name, layer.name)
    return RowFacts(
        name=row,
        process=process.name,
        layer=layer.name,
        record=record,
        bits=bits,
        binary=sends_binary(plan, layer) and record == layer.name,
        range_of=watched,
        proven=layer.ranges.get(watched),
    )
