"""Put a network on cores: split layers, pack small ones, respect every limit.

Each neuron group is cut into runs of neurons (output channels), each with all synapses that end at
them; a run lies on one core. The cuts are as few as the limits allow. Runs are then put on cores in
the order of the data, on the first of the most recent cores that has room, so that neighbours lie
near each other. The result depends on nothing but network and profile.

A neuron whose synapses alone exceed a core is summed up in parts first; see `fan_in`. What fits
nowhere still gets a core to itself, and `hardware.rules` reports it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from lava_spikyspace.hardware.cutting import cut_groups
from lava_spikyspace.hardware.fan_in import split_fan_in
from lava_spikyspace.hardware.groups import GroupGraph
from lava_spikyspace.hardware.profile import ChipProfile, known
from lava_spikyspace.hardware.usage import Limits, Sizer, Slice, Usage
from lava_spikyspace.network import IntArray

OPEN_CORES = 16
"""Cores that may still take something: more pack tighter, fewer keep neighbours together."""


@dataclass(frozen=True, eq=False)
class PlacedCore:
    """One core and what lies on it.

    Parameters
    ----------
    index : int
        Number of the core on the whole board, from 0.
    chip, tile : int
        Its chip, and its tile on the chip.
    column, row : int
        Where the tile lies in the mesh.
    slices : tuple of Slice
        Runs of neurons.
    usages : tuple of Usage
        What each of them uses.
    """

    index: int
    chip: int
    tile: int
    column: int
    row: int
    slices: tuple[Slice, ...]
    usages: tuple[Usage, ...]

    @cached_property
    def usage(self) -> Usage:
        """What they use together."""
        return sum(self.usages, Usage())


@dataclass(frozen=True, eq=False)
class Placement:
    """A network on the cores of a board.

    Parameters
    ----------
    graph : GroupGraph
        The network, with the partial sums that placement may have added.
    profile : ChipProfile
        The board.
    limits : Limits
        Of one core.
    cores : tuple of PlacedCore
        Cores in use.
    """

    graph: GroupGraph
    profile: ChipProfile
    limits: Limits
    cores: tuple[PlacedCore, ...]

    @property
    def chips(self) -> int:
        """Chips in use."""
        return self.cores[-1].chip + 1 if self.cores else 0

    @property
    def unshared_cores(self) -> int:
        """Cores if no two groups shared one, as in Intel's mapper: one for each run of neurons."""
        return sum(len(core.slices) for core in self.cores)

    @cached_property
    def sites(self) -> dict[str, tuple[tuple[PlacedCore, Slice], ...]]:
        """Cores and runs of every neuron group, in the order of its neurons."""
        found: dict[str, list[tuple[PlacedCore, Slice]]] = {}
        for core in self.cores:
            for run in core.slices:
                found.setdefault(run.group, []).append((core, run))
        return {
            name: tuple(sorted(places, key=lambda place: place[1].start))
            for name, places in found.items()
        }


def place(graph: GroupGraph, profile: ChipProfile, *, share_cores: bool = True) -> Placement:
    """Put a network on the cores of a board.

    Parameters
    ----------
    graph : GroupGraph
        The network.
    profile : ChipProfile
        The board. If it has too few cores, the placement uses more, which the rules report.
    share_cores : bool
        Whether groups may share a core, as a tight packing does. Intel's mapper gives every layer
        cores of its own.

    Returns
    -------
    Placement
        The same for the same arguments.
    """
    limits = Limits.of(profile)
    graph = split_fan_in(graph, profile, limits)
    runs = cut_groups(graph, Sizer(graph, profile), limits)
    return assign(graph, profile, _pack(runs, limits, share_cores=share_cores))


def _pack(
    runs: Iterable[tuple[Slice, Usage]], limits: Limits, *, share_cores: bool
) -> list[list[Slice]]:
    """Put runs on cores, in their order."""
    cores: list[list[Slice]] = []
    used: list[Usage] = []
    for run, usage in runs:
        first_open = max(0, len(cores) - OPEN_CORES) if share_cores else len(cores)
        for index in range(first_open, len(cores)):
            together = used[index] + usage
            if not limits.exceeded_by(together):
                cores[index].append(run)
                used[index] = together
                break
        else:
            cores.append([run])
            used.append(usage)
    return cores


def assign(graph: GroupGraph, profile: ChipProfile, cores: Iterable[Sequence[Slice]]) -> Placement:
    """Return the placement with the given runs of neurons on the given cores.

    Parameters
    ----------
    graph : GroupGraph
        The network.
    profile : ChipProfile
        The board.
    cores : iterable of sequences of Slice
        What lies on each core, in the order of the cores.
    """
    content = [tuple(slices) for slices in cores]
    sizer = Sizer(graph, profile)
    reached = _reached_cores(graph, content)
    placed = []
    for index, slices in enumerate(content):
        usages = []
        for run in slices:
            axons = sum(
                int(counts[max(run.start - first, 0) : max(run.stop - first, 0)].sum())
                for first, counts in reached[run.group]
            )
            usages.append(sizer.usage(graph.by_name[run.group], run.start, run.stop, axons))
        placed.append(_core(index, profile, slices, tuple(usages)))
    return Placement(graph, profile, Limits.of(profile), tuple(placed))


def _core(
    index: int, profile: ChipProfile, slices: tuple[Slice, ...], usages: tuple[Usage, ...]
) -> PlacedCore:
    layout = profile.layout
    chip, on_chip = divmod(index, known(layout.usable_cores_per_chip))
    tile = on_chip // known(layout.cores_per_tile)
    row, column = divmod(tile, known(layout.tile_columns))
    return PlacedCore(index, chip, tile, column, row, slices, usages)


def _reached_cores(
    graph: GroupGraph, content: Sequence[Sequence[Slice]]
) -> dict[str, list[tuple[int, IntArray]]]:
    """Return how many cores each neuron reaches, by sending group and synapse group.

    Each entry has the number of the first sender and an array of shape (sender,).
    """
    homes = {group.name: np.full(group.neurons, -1, dtype=np.int64) for group in graph.neurons}
    for index, slices in enumerate(content):
        for run in slices:
            homes[run.group][run.start : run.stop] = index
    reached: dict[str, list[tuple[int, IntArray]]] = {group.name: [] for group in graph.neurons}
    for synapses in graph.synapses:
        home = homes[synapses.target]
        edges = np.flatnonzero(np.diff(home)) + 1
        runs = list(pairwise([0, *edges.tolist(), len(home)]))
        counts = synapses.pattern.destinations(runs)
        reached[synapses.source].append((synapses.pattern.first, counts))
    return reached
