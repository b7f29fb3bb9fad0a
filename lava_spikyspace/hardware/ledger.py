"""What an estimate takes for granted: constants with their evidence, assumptions in words."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass

from lava_spikyspace.hardware.fan_in import SUM_PROGRAM
from lava_spikyspace.hardware.placement import Placement
from lava_spikyspace.hardware.profile import Anchor, numbers
from lava_spikyspace.hardware.program_time import EVIDENCE
from lava_spikyspace.hardware.quantity import Quantity, Section
from lava_spikyspace.hardware.work import Work
from lava_spikyspace.network import ScanLayer
from lava_spikyspace.plan import Plan


@dataclass(frozen=True)
class Assumption:
    """One thing that an estimate takes for granted.

    Parameters
    ----------
    subject : str
        What it is about; a constant's place in the profile.
    text : str
        What is assumed.
    evidence : str, optional
        What a constant rests on.
    """

    subject: str
    text: str
    evidence: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """Return the fields as plain values."""
        return asdict(self)


def constants_used(sources: dict[str, str], **sections: Section) -> Iterator[Assumption]:
    """Yield one entry for each constant of sections of a profile, with value, source and note.

    Parameters
    ----------
    sources : dict of str to str
        Of the profile.
    **sections : Section
        By name.
    """
    for name, section in sections.items():
        for place, number in numbers(section, name):
            if isinstance(number, Quantity):
                yield Assumption(place, _described(number, sources), number.evidence)


def _described(number: Quantity, sources: dict[str, str]) -> str:
    if number.value is None:
        return f"{number.missing}: not charged"
    bounds = "" if number.low is None else f" ({number.low} to {number.high})"
    note = "" if number.note is None else f"; {number.note}"
    source = sources.get(number.source or "", "")
    return f"{number.value}{bounds} {number.unit}{note}; {source}"


def _anchored(anchor: Anchor) -> str:
    """Return a measurement in words: another network's, to hold an estimate against."""
    numbers = (anchor.step, anchor.dynamic_power, anchor.static_power, anchor.energy)
    step, dynamic, static, energy = (f"{number.value} {number.unit}" for number in numbers)
    return (
        f"not this network: {anchor.what}: {step} a step on {anchor.cores.value} cores, {dynamic} "
        f"dynamic and {static} static, {energy} for {anchor.steps.value} steps; a bound lies below "
        "what is measured, here by the speed-ups that are assumed and by traffic and host"
    )


def _inside_processes(placement: Placement, works: Collection[Work]) -> Iterator[Assumption]:
    """Yield what is taken for granted of messages between two kinds of neurons of one process."""
    if not placement.graph.inside:
        return
    yield Assumption(
        "messages inside a process",
        "counted whole; where they leave in limbs, each is charged for all its limbs, in packets "
        "and in synaptic operations: an upper bound, as a limb of 0 is not sent",
    )
    yield Assumption(
        "latency",
        "that of the plan, in which a message between two kinds of neurons of one process takes no "
        "step; on a chip it takes one",
    )
    if any(_sends_code_0(work) for work in works):
        yield Assumption(
            "messages of states",
            "counts of a scan whose states have zero-points are of codes other than 0; its "
            "messages on a chip may be more, as a state of code 0 sends one, too",
        )


def _sends_code_0(work: Work) -> bool:
    """Whether a state of a scan sends something when its code is 0."""
    return isinstance(work.plan, Plan) and any(
        layer.level[0] != 0 or layer.state_offset.any()
        for layer in work.plan.network
        if isinstance(layer, ScanLayer)
    )


def chip_assumptions(placement: Placement, works: Collection[Work]) -> Iterator[Assumption]:
    """Yield what an estimate on a chip takes for granted.

    Parameters
    ----------
    placement : Placement
        The network on cores.
    works : collection of Work
        Counts of every coding.
    """
    for work in works:
        spread = "" if work.is_by_neuron else "; spread evenly over the neurons of a process"
        yield Assumption(f"counts, {work.coding}", work.origin + spread)
    profile = placement.profile
    yield from constants_used(profile.sources, energy=profile.energy, time=profile.time)
    for name, anchor in profile.anchors.items():
        yield Assumption(f"measured, {name}", _anchored(anchor), anchor.step.evidence)
    yield Assumption("updates", "every neuron is updated in every step; it is active when it sends")
    yield Assumption(
        "neuron programs",
        "an update costs what one of a leaky integrate-and-fire neuron does; programs with powers, "
        "products or a scan take longer and more, by an unknown factor",
    )
    yield Assumption(
        "time of neuron programs",
        "shown beside the bound, not in it: every instruction takes the share that it has in an "
        "update of a leaky integrate-and-fire neuron written in the same operations; instruction "
        "counts are ours, times of instructions are not public",
        EVIDENCE,
    )
    yield Assumption("payloads", "a graded spike costs as much as a binary one")
    yield Assumption(
        "placement",
        "cores as `lss check` shows them; one packet for each core that a spike goes to; packets "
        "from beside the cores come without hops",
    )
    yield Assumption(
        "time",
        "a lower bound: means over the steps of a run, synapses, neurons and packets side by side, "
        "reading results not counted",
    )
    yield Assumption(
        "static power", "of the chips in use, all the time; processors beside the cores left out"
    )
    if placement.chips > 1:
        yield Assumption("chip crossings", "no hops are counted for packets between chips")
    programs = {group.program for group in placement.graph.neurons}
    if SUM_PROGRAM in programs:
        yield Assumption("partial sums", "each is sent once in every frame")
    yield from _inside_processes(placement, works)
