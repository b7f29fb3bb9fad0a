"""Cut neuron groups into runs that fit a core."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from lava_spikyspace.hardware.groups import GroupGraph, NeuronGroup
from lava_spikyspace.hardware.usage import RESOURCES, Limits, Sizer, Slice, Usage
from lava_spikyspace.network import IntArray

_DIVISIBLE = ("neurons", "synapse_words", "axons_out", "total_words")
"""Resources of which several cores have several times as much; axons that arrive are not."""


def cut_groups(graph: GroupGraph, sizer: Sizer, limits: Limits) -> list[tuple[Slice, Usage]]:
    """Cut every neuron group into as few runs of nearly equal length as the limits allow.

    A neuron has one leaving axon for each run that it reaches, so the cuts of its receivers count
    for its own. More cuts downstream can only mean more upstream: the cuts are refined until
    nothing changes.

    Parameters
    ----------
    graph : GroupGraph
        The network.
    sizer : Sizer
        What a run uses.
    limits : Limits
        Of one core. Those that a single neuron exceeds are left out of account for its group.

    Returns
    -------
    list of (Slice, Usage)
        In the order of groups and neurons. Leaving axons are counted as if no two runs shared a
        core, so that any packing of the runs uses at most the sum of these usages.
    """
    groups = list(graph.on_cores)
    pieces = {group.name: 1 for group in graph.neurons}
    while True:
        before = dict(pieces)
        for group in reversed(groups):
            cutter = _Cutter(group, graph, sizer, limits, pieces)
            pieces[group.name] = cutter.fewest(pieces[group.name])
        if pieces == before:
            break
    return [
        found
        for group in groups
        for found in _Cutter(group, graph, sizer, limits, pieces).runs(pieces[group.name])
    ]


def bounds_of(neurons: int, pieces: int) -> list[tuple[int, int]]:
    """Return the bounds of so many runs of nearly equal length."""
    return list(pairwise(index * neurons // pieces for index in range(pieces + 1)))


class _Cutter:
    """Cuts one group, given how all others are cut."""

    def __init__(
        self,
        group: NeuronGroup,
        graph: GroupGraph,
        sizer: Sizer,
        limits: Limits,
        pieces: dict[str, int],
    ) -> None:
        self.group = group
        self.sizer = sizer
        self.limits = limits
        self.leaving: list[tuple[int, IntArray]] = [
            (
                synapses.pattern.first,
                synapses.pattern.destinations(
                    bounds_of(synapses.pattern.targets, pieces[synapses.target])
                ),
            )
            for synapses in graph.leaving(group.name)
        ]
        hopeless = set(limits.exceeded_by(self._usage(0, 1)))
        self.considered = tuple(name for name in RESOURCES if name not in hopeless)

    def runs(self, pieces: int) -> Iterator[tuple[Slice, Usage]]:
        """Yield the runs of the group, cut into so many pieces."""
        for start, stop in bounds_of(self.group.neurons, pieces):
            yield Slice(self.group.name, start, stop), self._usage(start, stop)

    def fewest(self, at_least: int) -> int:
        """Return the least number of pieces that all fit, from `at_least` on."""
        low = high = max(at_least, self._bound())
        # The bound is close as a rule: look near it first.
        while high < self.group.neurons and not self._fit(high):
            low, high = high + 1, min(2 * high, self.group.neurons)
        while low < high:
            middle = (low + high) // 2
            if self._fit(middle):
                high = middle
            else:
                low = middle + 1
        return low

    def _bound(self) -> int:
        """Return a number of pieces below which some resource cannot suffice."""
        whole = self._usage(0, self.group.neurons)
        needed = [
            -(-getattr(whole, name) // limit)
            for name, limit in self.limits.known.items()
            if name in _DIVISIBLE and name in self.considered and limit > 0
        ]
        return min(max(needed, default=1), self.group.neurons)

    def _fit(self, pieces: int) -> bool:
        return not any(
            name in self.considered
            for _, usage in self.runs(pieces)
            for name in self.limits.exceeded_by(usage)
        )

    def _usage(self, start: int, stop: int) -> Usage:
        axons_out = sum(
            int(counts[max(start - first, 0) : max(stop - first, 0)].sum())
            for first, counts in self.leaving
        )
        return self.sizer.usage(self.group, start, stop, axons_out)
