"""Time of neuron programs, modelled by their instruction counts.

No time of an instruction is public. The model takes an update of a leaky integrate-and-fire neuron
to last what the profile says, written in the same operations (``leaky_neuron``), and every
instruction to take the same. What is slower or faster than that is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lava_spikyspace.hardware.microcode.catalogue import assemble
from lava_spikyspace.hardware.microcode.paths import path_lengths
from lava_spikyspace.hardware.placement import Placement
from lava_spikyspace.hardware.spread import Spread

EVIDENCE = "model"
"""What the numbers rest on."""

_DECAY_BITS = 12


@dataclass(frozen=True)
class ProgramTime:
    """Time that the neurons of the slowest core take in a step if instructions cost alike.

    Parameters
    ----------
    core : int
        The core with most instructions.
    instructions : Spread
        Of all its neurons in one step: all on their shortest path, half way, all on their longest.
    time : Spread
        In ns.
    """

    core: int
    instructions: Spread
    time: Spread

    def to_dict(self) -> dict[str, Any]:
        """Return the model as plain values."""
        return {
            "evidence": EVIDENCE,
            "busiest_core": self.core,
            "instructions_per_step": self.instructions.to_dict(),
            "step_time_ns": self.time.to_dict(),
            "instructions_of_a_leaky_neuron": leaky_instructions(),
        }


def leaky_instructions() -> int:
    """Return the instructions of an update in which a leaky integrate-and-fire neuron spikes."""
    return path_lengths(assemble("leaky_neuron", {"DECAY_BITS": _DECAY_BITS})[1]).worst


def program_time(placement: Placement) -> ProgramTime | None:
    """Return the modelled time of the neuron programs of a placed network.

    Parameters
    ----------
    placement : Placement
        The network on cores.

    Returns
    -------
    ProgramTime or None
        None where no group has a program, or the profile has no time of an update.
    """
    update = placement.profile.time.update_active.spread
    loads = {core.index: instructions_of(placement, core.index) for core in placement.cores}
    if update is None or not any(load.nominal for load in loads.values()):
        return None
    core = max(loads, key=lambda index: loads[index].nominal)
    return ProgramTime(core, loads[core], update.times(loads[core] / leaky_instructions()))


def instructions_of(placement: Placement, core: int) -> Spread:
    """Return the instructions of all neurons of a core in one step.

    Parameters
    ----------
    placement : Placement
        The network on cores.
    core : int
        Its index.
    """
    total = Spread.exact(0)
    for run in placement.cores[core].slices:
        paths = placement.graph.by_name[run.group].instructions
        if paths is not None:
            best, worst = paths
            each = Spread(Fraction(best), Fraction(best + worst, 2), Fraction(worst))
            total = total + each * run.neurons
    return total
