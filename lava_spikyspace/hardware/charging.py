"""Energy of a run: exact counts times the constants of a profile, process by process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from lava_spikyspace.hardware.groups import NeuronGroup
from lava_spikyspace.hardware.placement import Placement
from lava_spikyspace.hardware.profile import EventEnergy
from lava_spikyspace.hardware.routing import (
    Packets,
    Routes,
    events_of,
    further_synops,
    messages_of,
)
from lava_spikyspace.hardware.spread import NOTHING, Spread
from lava_spikyspace.hardware.work import Work


@dataclass(frozen=True)
class EventCounts:
    """Events that cost energy; the names are those of `profile.EventEnergy`.

    Parameters
    ----------
    synop : int
        Events times the synapses that they met.
    update_active, update_inactive : int
        Updates in which a neuron sent something, and all others.
    packet : int
        Packets, one for each spike and core that it goes to.
    hop_east_west, hop_north_south : int
        Steps of packets from tile to tile.
    chip_crossing : int
        Packets from chip to chip.
    """

    synop: int = 0
    update_active: int = 0
    update_inactive: int = 0
    packet: int = 0
    hop_east_west: int = 0
    hop_north_south: int = 0
    chip_crossing: int = 0

    def __add__(self, other: EventCounts) -> EventCounts:
        return EventCounts(*(getattr(self, name) + getattr(other, name) for name in EVENTS))

    def to_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return {name: getattr(self, name) for name in EVENTS}


EVENTS: tuple[str, ...] = tuple(item.name for item in fields(EventCounts))
"""Names of the events that cost energy."""


@dataclass(frozen=True)
class ProcessCharge:
    """What one process did and took.

    Parameters
    ----------
    name, type : str
        Row of the counts and class of its process.
    spikes : int
        Events that it sent, binary and graded.
    counts : EventCounts
        Events that cost energy.
    energy : Spread
        In pJ, over all windows.
    """

    name: str
    type: str
    spikes: int
    counts: EventCounts
    energy: Spread


def constants(energy: EventEnergy) -> dict[str, Spread]:
    """Return the energy of each event in pJ; events without a public number are left out."""
    found = {name: getattr(energy, name).spread for name in EVENTS}
    return {name: spread for name, spread in found.items() if spread is not None}


def charge(placement: Placement, work: Work, routes: Routes) -> tuple[ProcessCharge, ...]:
    """Charge every process for what it did.

    Parameters
    ----------
    placement : Placement
        The network on cores.
    work : Work
        Counts.
    routes : Routes
        Packets of the same run.

    Returns
    -------
    tuple of ProcessCharge
        In the order of the data; partial sums, which nobody has counted, come before the row of
        their layer.
    """
    prices = constants(placement.profile.energy)
    further = further_synops(placement, work)
    sums: dict[str, list[NeuronGroup]] = {}
    for group in placement.graph.neurons:
        if group.name not in work.counts:
            sums.setdefault(group.layer, []).append(group)
    rows = []
    for name, entry in work.counts.items():
        found = placement.graph.by_name.get(name)
        if found is not None:
            others = sums.pop(found.layer, [])
            rows += [_charge_sums(placement, other, work, routes, prices) for other in others]
        updates = 0 if found is None or found.on_host else entry.neuron_updates
        counts = _counts(
            synops=entry.synops + further.get(name, 0),
            updates=updates,
            active=work.messages(name),
            packets=routes.by_row.get(name, Packets()),
        )
        spikes = entry.spikes + entry.graded_spikes
        rows.append(ProcessCharge(name, entry.type, spikes, counts, cost(counts, prices)))
    return tuple(rows)


def _charge_sums(
    placement: Placement,
    group: NeuronGroup,
    work: Work,
    routes: Routes,
    prices: Mapping[str, Spread],
) -> ProcessCharge:
    """Charge partial sums for what they send, and where it arrives."""
    messages = messages_of(group, work)
    sent = (
        int(events_of(placement, links, work).sum())
        * links.pattern.synapses
        // links.pattern.sources
        for links in placement.graph.leaving(group.name)
        if links.row == group.name
    )
    counts = _counts(
        synops=sum(sent),
        updates=group.neurons * work.steps,
        active=messages,
        packets=routes.by_row[group.name],
    )
    return ProcessCharge(group.name, group.program, messages, counts, cost(counts, prices))


def _counts(*, synops: int, updates: int, active: int, packets: Packets) -> EventCounts:
    active = min(active, updates)
    return EventCounts(
        synop=synops,
        update_active=active,
        update_inactive=updates - active,
        packet=packets.packets,
        hop_east_west=packets.hops_east_west,
        hop_north_south=packets.hops_north_south,
        chip_crossing=packets.chip_crossings,
    )


def cost(counts: EventCounts, prices: Mapping[str, Spread]) -> Spread:
    """Return the sum of count times constant over all events, in pJ."""
    total = NOTHING
    for name, price in prices.items():
        total = total + price * getattr(counts, name)
    return total


def total_counts(rows: Iterable[ProcessCharge]) -> EventCounts:
    """Return the sum of the counts of all processes."""
    total = EventCounts()
    for row in rows:
        total = total + row.counts
    return total


def total_energy(rows: Iterable[ProcessCharge]) -> Spread:
    """Return the sum of the energy of all processes, in pJ."""
    total = NOTHING
    for row in rows:
        total = total + row.energy
    return total
