"""Say what the neuron programs of a network are: listings, words, messages, instruction counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.microcode.engine import run_programs
from lava_spikyspace.hardware.microcode.kinds import KindGraph, NeuronKind, Synapses
from lava_spikyspace.hardware.microcode.machine import PathCount
from lava_spikyspace.hardware.microcode.paths import PathLengths, path_lengths
from lava_spikyspace.hardware.microcode.shortening import shortened
from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.inputs import ModelSource, resolve_network
from lava_spikyspace.network import Interval
from lava_spikyspace.plan import Coding
from lava_spikyspace.running import plan_of

MEASURED_WINDOWS = 1
"""Golden windows that the measured path lengths come from."""


@dataclass(frozen=True, eq=False)
class KindDescription:
    """A neuron kind with the lengths of its program's paths.

    Parameters
    ----------
    kind : NeuronKind
        The kind.
    synapses : tuple of Synapses
        Those that end at it.
    paths : PathLengths
        Shortest and longest path through the program.
    measured : PathCount, optional
        What was executed in golden windows.
    """

    kind: NeuronKind
    synapses: tuple[Synapses, ...]
    paths: PathLengths
    measured: PathCount | None

    def to_dict(self) -> dict[str, Any]:
        """Return the description as plain values."""
        kind, measured = self.kind, self.measured
        program = kind.program
        return {
            "name": kind.name,
            "layer": kind.layer,
            "program": program.name,
            "title": program.title,
            "neurons": kind.neurons,
            "instructions": {
                "program": len(program.instructions),
                "best": self.paths.best,
                "worst": self.paths.worst,
                "measured": None
                if measured is None
                else {"best": measured.best, "mean": measured.mean, "worst": measured.worst},
            },
            "operations": sorted(program.operations),
            "registers": len(program.registers),
            "state_words": list(program.states),
            "constants": [
                {
                    "name": name,
                    "shared": array.ndim == 0,
                    "min": int(array.min()),
                    "max": int(array.max()),
                }
                for name, array in kind.constants.items()
            ],
            "messages": [
                {"port": port, **_range(interval)} for port, interval in kind.payloads.items()
            ],
            "synapses": [
                {
                    "source": one.source,
                    "port": one.port,
                    "input": one.cell,
                    "role": one.role,
                    "pattern": type(one.pattern).__name__,
                    "count": one.pattern.synapses,
                    "weighted": one.weight is not None,
                    "delay": one.delay,
                }
                for one in self.synapses
            ],
            "listing": program.lines(),
            "source": program.source,
        }

    @property
    def lines(self) -> list[str]:
        """The listing for people: copies with other indices are left out."""
        return shortened(self.kind.program)


@dataclass(frozen=True, eq=False)
class Microcode:
    """The neuron programs of a network.

    Parameters
    ----------
    coding : str
        ``graded`` or ``unary``.
    graph : KindGraph
        All kinds.
    kinds : tuple of KindDescription
        Those that were asked for.
    windows : int
        Windows that path lengths were measured on.
    """

    coding: Coding
    graph: KindGraph
    kinds: tuple[KindDescription, ...]
    windows: int

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``inspect --microcode --json``, as plain values."""
        return {
            "coding": self.coding,
            "measured_windows": self.windows,
            "kinds": [entry.to_dict() for entry in self.kinds],
        }


def describe_microcode(
    model: ModelSource = None,
    layers: str = "*",
    *,
    coding: Coding = "graded",
    measure: bool = True,
) -> Microcode:
    """Describe the neuron programs of a model.

    Parameters
    ----------
    model : Network, str, Path or None
        Network or model file; the bundled demo model by default.
    layers : str
        Which layers or kinds: a pattern of names as a shell has it, ``blocks.0.*``.
    coding : {"graded", "unary"}
        Coding of the spikes.
    measure : bool
        Run a golden window, if there is one, for the path lengths that really occur.

    Raises
    ------
    UsageError
        No layer has such a name.
    InputError
        The model cannot be used, or has sums that no neuron of 24 bits can take in.
    """
    network = resolve_network(model)
    plan = plan_of(network, coding)
    graph = split_plan(plan)
    chosen = [k for k in graph.kinds if any(fnmatchcase(n, layers) for n in (k.layer, k.name))]
    if not chosen:
        known = ", ".join(layer.name for layer in network)
        raise UsageError(f"no layer is called {layers}", hint=f"layers: {known}")
    measured: Mapping[str, PathCount] = {}
    windows = 0
    if measure and network.golden is not None and len(network.golden.inputs):
        inputs = network.golden.inputs[:MEASURED_WINDOWS]
        windows = len(inputs)
        measured = run_programs(plan, inputs, graph=graph).paths
    kinds = tuple(
        KindDescription(
            kind, graph.onto(kind.name), path_lengths(kind.program), measured.get(kind.name)
        )
        for kind in chosen
    )
    return Microcode(coding, graph, kinds, windows)


def _range(interval: Interval) -> dict[str, int]:
    return {"min": interval.lo, "max": interval.hi, "bits": interval.bits}
