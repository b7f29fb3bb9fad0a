"""What each layer is on a chip: kinds of neurons, and the synapses that reach them.

Most layers are one kind of neurons. Three are two, the last of which sends the message of the
layer:

* the root mean square: a neuron for each channel squares what it gets (``.squares``), and one
  adds up and takes the root of the mean;
* the selective scan: a neuron for each state (``.state``) decays, is driven, encodes, and sends
  what its channel reads of it; one for each channel (``.output``) adds up;
* the diagonal state space: a neuron for each complex state (``.state``), and one for each channel.

The parts are the rows that the plan counts, the synapses stand here alone: neuron programs are made
for both (`microcode.splitting`), and `describing` gives them to placement, check and estimate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, singledispatch

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.patterns import Dense, FanIn, FanOut, Pattern, Strided
from lava_spikyspace.network import (
    ConvLayer,
    HeadLayer,
    Layer,
    NormEncoderLayer,
    RmsNormLayer,
    ScanLayer,
)
from lava_spikyspace.plan import Plan, Weighted
from lava_spikyspace.spike_ssm.layers import S4dLayer


@dataclass(frozen=True)
class Part:
    """Neurons of one kind.

    Parameters
    ----------
    name : str
        Of the row of the counts, of the neuron kind and of the neuron group.
    neurons : int
        How many.
    """

    name: str
    neurons: int


@dataclass(frozen=True)
class Wire:
    """Synapses of one form that end at a part.

    Parameters
    ----------
    role : str
        What the part takes the events for.
    target : str
        Name of the part.
    pattern : Pattern
        Who reaches whom.
    source : str, optional
        Name of the part of the same layer that sends; None where it is the layer's input of that
        role.
    """

    role: str
    target: str
    pattern: Pattern
    source: str | None = None


@dataclass(frozen=True)
class Wiring:
    """What a layer is on a chip.

    Parameters
    ----------
    parts : tuple of Part
        Kinds of neurons in the order of the data; the last one sends the layer's message.
    wires : tuple of Wire
        Synapses that end at them.
    """

    parts: tuple[Part, ...]
    wires: tuple[Wire, ...]

    def wire(self, role: str, target: str) -> Wire:
        """Return the synapses that bring a part what it takes for a role."""
        found = self._by_role.get((role, target))
        if found is None:
            raise InternalError(f"{target} has no synapses for {role}")
        return found

    @cached_property
    def _by_role(self) -> dict[tuple[str, str], Wire]:
        return {(wire.role, wire.target): wire for wire in self.wires}

    @property
    def inside(self) -> tuple[Wire, ...]:
        """Synapses between the parts."""
        return tuple(wire for wire in self.wires if wire.source is not None)


def wiring_of(layer: Layer, plan: Plan) -> Wiring:
    """Return what a layer of a planned network is on a chip.

    Parameters
    ----------
    layer : Layer
        The layer.
    plan : Plan
        Its rows with neurons are the parts.
    """
    parts = tuple(Part(row, neurons) for row, neurons in plan.rows_of(layer.name))
    return Wiring(parts, tuple(_wires(layer, *(part.name for part in parts))))


@singledispatch
def _wires(layer: Layer, *parts: str) -> Iterator[Wire]:
    """Yield the synapses that end at the parts of a layer."""
    yield from _onto_one(layer, parts[-1], {})


def _onto_one(layer: Layer, part: str, other: Mapping[str, Pattern]) -> Iterator[Wire]:
    """Yield synapses one to one, unless by weights or by other patterns."""
    for role in layer.INPUT_ROLES:
        pattern = other.get(role)
        if pattern is None and isinstance(layer, Weighted) and role == layer.INPUT_ROLES[0]:
            pattern = Dense(layer.weight.shape[1], layer.neurons)
        yield Wire(role, part, pattern or FanOut(layer.neurons, layer.neurons))


@_wires.register
def _(layer: NormEncoderLayer, *parts: str) -> Iterator[Wire]:
    yield from _onto_one(layer, parts[-1], {"rms": Dense(1, layer.neurons)})


@_wires.register
def _(layer: ConvLayer, *parts: str) -> Iterator[Wire]:
    taps = FanOut(layer.neurons, layer.neurons, taps=layer.weight.shape[1])
    yield from _onto_one(layer, parts[-1], {"codes": taps})


@_wires.register
def _(layer: HeadLayer, *parts: str) -> Iterator[Wire]:
    yield from _onto_one(layer, parts[-1], {"residual": Strided(layer.channels, layer.neurons)})


@_wires.register
def _(layer: RmsNormLayer, squares: str, root: str) -> Iterator[Wire]:
    yield Wire("residual", squares, FanOut(layer.channels, layer.channels))
    yield Wire("squares", root, Dense(layer.channels, 1), squares)


@_wires.register
def _(layer: ScanLayer, state: str, output: str) -> Iterator[Wire]:
    channels, all_states = layer.neurons, layer.neurons * layer.states
    for role in ("codes", "delta"):
        yield Wire(role, state, FanOut(channels, all_states))
    for role in ("B", "C"):
        yield Wire(role, state, Strided(layer.states, all_states))
    yield Wire("codes", output, FanOut(channels, channels))
    yield Wire("state", output, FanIn(all_states, channels), state)


@_wires.register
def _(layer: S4dLayer, state: str, output: str) -> Iterator[Wire]:
    channels, all_states = layer.neurons, layer.neurons * layer.states
    yield Wire("message", state, FanOut(channels, all_states))
    yield Wire("message", output, FanOut(channels, channels))
    yield Wire("state", output, FanIn(all_states, channels), state)
