"""Time of a step: what the slowest core takes at least.

All cores wait for each other at the end of a step. Within it a core works on synapses, on neurons
and on packets side by side, so a step takes at least as long as the most of any of them on any
core, as the longest route of a packet, and as the barrier itself. Counts are averaged over the
steps of a run; a step with more than the average takes longer, so this is a lower bound of the
mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from lava_spikyspace.hardware.placement import Placement
from lava_spikyspace.hardware.profile import EventTime
from lava_spikyspace.hardware.quantity import Quantity
from lava_spikyspace.hardware.routing import Routes, events_of, further_synops, messages_of
from lava_spikyspace.hardware.spread import NOTHING, Spread
from lava_spikyspace.hardware.work import Work


@dataclass(frozen=True)
class CoreLoad:
    """Mean work of one core in one step.

    Parameters
    ----------
    synops, active, inactive, packets : float
        Synaptic operations, updates of neurons that send and that do not, and packets sent or
        received, whichever are more.
    """

    synops: float = 0.0
    active: float = 0.0
    inactive: float = 0.0
    packets: float = 0.0


@dataclass(frozen=True)
class StepTime:
    """Lower bounds of the time of a step, in ns.

    Parameters
    ----------
    synapses, neurons, traffic : Spread
        Of the core that has most to do with them.
    route : Spread
        The longest way of any packet.
    barrier : Spread
        All cores waiting for each other.
    busiest : dict of str to int
        Core of each of the first three.
    """

    synapses: Spread
    neurons: Spread
    traffic: Spread
    route: Spread
    barrier: Spread
    busiest: dict[str, int]

    @property
    def bounds(self) -> dict[str, Spread]:
        """All bounds by name."""
        names = ("synapses", "neurons", "traffic", "route", "barrier")
        return {name: getattr(self, name) for name in names}

    @property
    def step(self) -> Spread:
        """The largest of them."""
        total = NOTHING
        for bound in self.bounds.values():
            total = total.most(bound)
        return total

    @property
    def limited_by(self) -> str:
        """Name of the largest nominal one."""
        return max(self.bounds, key=lambda name: self.bounds[name].nominal)


def step_time(placement: Placement, work: Work, routes: Routes) -> StepTime:
    """Return the lower bounds of the mean time of a step.

    Parameters
    ----------
    placement : Placement
        The network on cores.
    work : Work
        Counts.
    routes : Routes
        Packets of the same run.
    """
    time = placement.profile.time
    loads = core_loads(placement, work, routes)
    bounds: dict[str, Spread] = dict.fromkeys(("synapses", "neurons", "traffic"), NOTHING)
    busiest: dict[str, int] = {}
    for core, load in loads.items():
        for name, spent in _spent(load, time).items():
            if name not in busiest or spent.nominal > bounds[name].nominal:
                busiest[name] = core
            bounds[name] = bounds[name].most(spent)
    east_west, north_south = routes.longest
    route = (
        _of(time.hop_east_west) * east_west
        + _of(time.hop_north_south) * north_south
        + (_of(time.packet) if routes.received else NOTHING)
    )
    return StepTime(**bounds, route=route, barrier=_of(time.barrier), busiest=busiest)


def core_loads(placement: Placement, work: Work, routes: Routes) -> dict[int, CoreLoad]:
    """Return the mean work of each core in a step, by core.

    The synaptic operations and updates of a group are shared among its cores by their synapses and
    neurons.

    Parameters
    ----------
    placement : Placement
        The network on cores.
    work : Work
        Counts.
    routes : Routes
        Packets of the same run.
    """
    synops = _synops_by_group(placement, work)
    loads = {}
    for core in placement.cores:
        worked = active = inactive = 0.0
        for run in core.slices:
            group = placement.graph.by_name[run.group]
            for links in placement.graph.onto(run.group):
                share = links.pattern.synapses_onto(run.start, run.stop) / links.pattern.synapses
                worked += synops[links.name] * share
            updates = group.neurons * work.steps
            sent = messages_of(group, work)
            share = run.neurons / group.neurons
            active += min(sent, updates) * share
            inactive += (updates - min(sent, updates)) * share
        packets = max(routes.sent.get(core.index, 0), routes.received.get(core.index, 0))
        loads[core.index] = CoreLoad(
            *(number / work.steps for number in (worked, active, inactive, packets))
        )
    return loads


def _synops_by_group(placement: Placement, work: Work) -> dict[str, float]:
    """Return the synaptic operations of each synapse group; those of a row are as charged."""
    further = further_synops(placement, work)
    estimates = {
        links.name: float(events_of(placement, links, work).sum())
        * links.pattern.synapses
        / links.pattern.sources
        for links in placement.graph.synapses
    }
    rows: dict[str, float] = {}
    for links in placement.graph.synapses:
        rows[links.row] = rows.get(links.row, 0.0) + estimates[links.name]
    found = {}
    for links in placement.graph.synapses:
        estimate = estimates[links.name]
        counted = work.counts.get(links.row)
        if counted is not None and rows[links.row]:
            charged = counted.synops + further.get(links.row, 0)
            estimate *= charged / rows[links.row]
        found[links.name] = estimate
    return found


def _spent(load: CoreLoad, time: EventTime) -> dict[str, Spread]:
    return {
        "synapses": _of(time.synop) * Fraction(load.synops),
        "neurons": _of(time.update_active) * Fraction(load.active)
        + _of(time.update_inactive) * Fraction(load.inactive),
        "traffic": _of(time.packet) * Fraction(load.packets),
    }


def _of(quantity: Quantity) -> Spread:
    """Return a number as an estimate; nothing where it is not public, which makes a bound lower."""
    return quantity.spread or NOTHING
