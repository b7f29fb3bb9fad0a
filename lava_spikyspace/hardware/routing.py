"""Packets and hops: what the events of a network become on the mesh between its cores.

A spike becomes one packet for each core that holds synapses of its neuron. A packet goes from tile
to tile along rows and columns; from beside the cores it comes in without hops, and from chip to
chip it counts as one crossing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.fan_in import SUM_PROGRAM
from lava_spikyspace.hardware.groups import NeuronGroup, SynapseGroup
from lava_spikyspace.hardware.placement import PlacedCore, Placement
from lava_spikyspace.hardware.work import Work, spread_evenly
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import MESSAGE


@dataclass
class Packets:
    """Packets of the events of one row.

    Parameters
    ----------
    packets : int
        All of them.
    hops_east_west, hops_north_south : int
        Steps from tile to tile.
    chip_crossings : int
        Packets that leave their chip.
    """

    packets: int = 0
    hops_east_west: int = 0
    hops_north_south: int = 0
    chip_crossings: int = 0

    def add(self, events: int, source: PlacedCore | None, target: PlacedCore) -> None:
        """Add events that travel from one core (None: from beside the cores) to another."""
        self.packets += events
        if source is None:
            return
        if source.chip != target.chip:
            self.chip_crossings += events
            return
        self.hops_east_west += events * abs(source.column - target.column)
        self.hops_north_south += events * abs(source.row - target.row)


@dataclass
class Routes:
    """All packets of a run.

    Parameters
    ----------
    by_row : dict of str to Packets
        By sending row.
    sent, received : dict of int to int
        Packets that leave and that reach each core.
    longest : tuple of (int, int)
        East-west and north-south hops of the longest route that any packet takes.
    """

    by_row: dict[str, Packets] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)
    received: dict[int, int] = field(default_factory=dict)
    longest: tuple[int, int] = (0, 0)


def route(placement: Placement, work: Work) -> Routes:
    """Route the events of a run over the cores that a network lies on.

    Parameters
    ----------
    placement : Placement
        The network on cores.
    work : Work
        Who sent how much.
    """
    routes = Routes({group.name: Packets() for group in placement.graph.neurons})
    for synapses in placement.graph.synapses:
        events = events_of(placement, synapses, work)
        for source, target, count in _journeys(placement, synapses, events):
            routes.by_row[synapses.source].add(count, source, target)
            if source is not None:
                routes.sent[source.index] = routes.sent.get(source.index, 0) + count
                if source.chip == target.chip:
                    hops = (abs(source.column - target.column), abs(source.row - target.row))
                    routes.longest = max(routes.longest, hops, key=sum)
            routes.received[target.index] = routes.received.get(target.index, 0) + count
    return routes


def events_of(placement: Placement, synapses: SynapseGroup, work: Work) -> IntArray:
    """Return the events that enter a synapse group by sender, shape (sender,).

    A limb that the counts do not know, as those of the messages inside a process, is taken to leave
    whenever the message does. Partial sums are no row of the counts, see `messages_of`.
    """
    pattern = synapses.pattern
    sent = work.events.get((synapses.source, synapses.port))
    if sent is None:
        sent = work.events.get((synapses.source, MESSAGE))
    if sent is None:
        group = placement.graph.by_name[synapses.source]
        sent = spread_evenly(messages_of(group, work), group.neurons)
    return sent[pattern.first : pattern.first + pattern.sources]


def further_synops(placement: Placement, work: Work) -> dict[str, int]:
    """Return the synaptic operations that the counts leave out, by row.

    They count one for a message inside a process. On a chip it leaves in limbs, and each of these
    meets synapses of its own.

    Parameters
    ----------
    placement : Placement
        The network on cores.
    work : Work
        Counts.
    """
    found: dict[str, int] = {}
    counted: dict[str, str] = {}
    for links in placement.graph.inside:
        if links.port != counted.setdefault(links.source, links.port):
            events = int(events_of(placement, links, work).sum())
            each = links.pattern.synapses // links.pattern.sources
            found[links.row] = found.get(links.row, 0) + events * each
    return found


def messages_of(group: NeuronGroup, work: Work) -> int:
    """Return the messages that the neurons of a group have sent.

    Partial sums, which placement has added and nobody has counted, are taken to send once in each
    frame.
    """
    if group.name in work.counts:
        return work.messages(group.name)
    if group.program != SUM_PROGRAM:
        raise InternalError(f"{group.name} has not been counted")
    return group.neurons * work.frames


def _journeys(
    placement: Placement, synapses: SynapseGroup, events: IntArray
) -> Iterator[tuple[PlacedCore | None, PlacedCore, int]]:
    """Yield source core, target core and number of packets of a synapse group."""
    first = synapses.pattern.first
    sources = placement.sites.get(synapses.source, ())
    for target, reached in _reached(placement, synapses):
        if not sources:
            yield None, target, int(events[reached].sum())
        for core, run in sources:
            start, stop = max(run.start - first, 0), max(run.stop - first, 0)
            count = int(events[start:stop][reached[start:stop]].sum())
            if count:
                yield core, target, count


def _reached(
    placement: Placement, synapses: SynapseGroup
) -> Iterator[tuple[PlacedCore, npt.NDArray[np.bool_]]]:
    """Yield each core that holds receivers, and which senders reach it."""
    masks: dict[int, npt.NDArray[np.bool_]] = {}
    cores: dict[int, PlacedCore] = {}
    for core, run in placement.sites[synapses.target]:
        reaching = synapses.pattern.reaching(run.start, run.stop)
        masks[core.index] = masks[core.index] | reaching if core.index in masks else reaching
        cores[core.index] = core
    for index, mask in masks.items():
        yield cores[index], mask
