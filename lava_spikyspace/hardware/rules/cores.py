"""Rules about what a core holds, and how many there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from lava_spikyspace.hardware.findings import Finding
from lava_spikyspace.hardware.locations import profile_paths
from lava_spikyspace.hardware.placement import PlacedCore, Placement
from lava_spikyspace.hardware.profile import ChipProfile, known
from lava_spikyspace.hardware.profile_files import load_profile
from lava_spikyspace.hardware.usage import RESOURCES, Limits, Sizer

_SHOWN_RUNS = 3

_UNITS = {
    "neurons": "neuron",
    "neuron_groups": "group",
    "synapse_words": "word",
    "axons_in": "axon",
    "axons_out": "axon",
    "total_words": "word",
}


def check_core(placement: Placement, *, code: str, resource: str) -> Iterator[Finding]:
    """Name the core that exceeds a resource most, and say how many do.

    Parameters
    ----------
    placement : Placement
        The placed network.
    code : str
        Name of the rule.
    resource : str
        One of `usage.RESOURCES`.
    """
    limit = placement.limits.known.get(resource)
    if limit is None:
        return
    over = [core for core in placement.cores if getattr(core.usage, resource) > limit]
    if not over:
        return
    worst = max(over, key=lambda core: (getattr(core.usage, resource), -core.index))
    actual = getattr(worst.usage, resource)
    others = f", and {len(over) - 1} more cores exceed it" if len(over) > 1 else ""
    yield Finding(
        code,
        "error",
        f"found {actual} {resource.replace('_', ' ')}, expected at most {limit}{others}",
        where=_name(worst),
        hint=_room(placement, worst, resource, limit),
        actual=actual,
        limit=limit,
        unit=_UNITS[resource],
    )


def _name(core: PlacedCore) -> str:
    runs = [str(run) for run in core.slices]
    more = ", …" if len(runs) > _SHOWN_RUNS else ""
    return f"core {core.index} ({', '.join(runs[:_SHOWN_RUNS])}{more})"


def _room(placement: Placement, core: PlacedCore, resource: str, limit: int) -> str:
    """Return what would make the core fit."""
    alone = Limits(**{resource: limit})
    sizer = Sizer(placement.graph, placement.profile)
    single = [
        run
        for run in core.slices
        if alone.exceeded_by(
            sizer.usage(placement.graph.by_name[run.group], run.start, run.start + 1)
        )
    ]
    if single:
        what = f"a single neuron of {single[0].group} has too many inputs: "
        if known(placement.profile.widths.payload_bits):
            return f"{what}sum them up in parts; the default placement does"
        return f"{what}to sum them up in parts takes graded spikes (--profile loihi2)"
    pieces = -(-getattr(core.usage, resource) // limit)
    return f"split it over {pieces} cores; the default placement does"


_DEMANDS = {
    "neurons": "a core holds no more neurons than it has",
    "neuron_groups": "a core holds no more groups than it can tell apart",
    "synapse_words": "the synapses of a core fit its synaptic memory",
    "axons_in": "no more axons arrive at a core than it has entries",
    "axons_out": "no more axons leave a core than it has entries",
    "total_words": "all tables of a core fit its memory",
}


def core_rules() -> Iterator[tuple[str, str, str, Callable[[Placement], Iterator[Finding]]]]:
    """Yield code, demand, resource and check of the rules about one core."""
    for resource in RESOURCES:
        code = f"core-{resource.replace('_', '-')}"
        yield code, _DEMANDS[resource], resource, partial(check_core, code=code, resource=resource)


def check_cores(placement: Placement) -> Iterator[Finding]:
    """Compare the cores in use with those of the board."""
    usable = placement.profile.usable_cores
    needed = len(placement.cores)
    if needed <= usable:
        return
    per_chip = known(placement.profile.layout.usable_cores_per_chip)
    chips = -(-needed // per_chip)
    yield Finding(
        "cores",
        "error",
        f"found {needed} cores in use, expected at most {usable}: the network needs {chips} chips, "
        f"{placement.profile.name} has {known(placement.profile.layout.chips)}",
        where=placement.profile.name,
        hint=_larger_board(placement.profile, needed),
        actual=needed,
        limit=usable,
        unit="core",
    )


def _larger_board(profile: ChipProfile, needed: int) -> str:
    """Return the smallest board of the same cores that is large enough."""
    boards = [load_profile(name) for name in profile_paths()]
    enough = [
        board
        for board in boards
        if isinstance(board, ChipProfile)
        and (board.core, board.widths) == (profile.core, profile.widths)
        and board.usable_cores >= needed
    ]
    if not enough:
        return "a smaller model: fewer variates, channels or blocks"
    best = min(enough, key=lambda board: board.usable_cores)
    return f"--profile {best.name} has {best.usable_cores} cores"
