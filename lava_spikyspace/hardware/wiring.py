"""What each layer is on a chip: kinds of neurons, and the synapses that reach them.

Most layers are one kind of neurons. Three are two, the last of which sends the message of the
layer:

* the root mean square: a neuron for each channel squares what it gets (``.squares``), and one
  adds up and takes the root of the mean;
* the selective scan: a neuron for each state (``.state``) decays, is driven, encodes, and sends
  what its channel reads of it; one for each channel (``.output``) adds up;
* the diagonal state space: a neuron for each complex state (``.state``), and one for each channel.

Sizes, names and patterns stand here alone: neuron programs are made for these parts and these
synapses (`microcode.splitting`), and `describing` gives them to placement, check and estimate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, singledispatch

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.patterns import Dense, FanIn, FanOut, Pattern, Strided
from lava_spikyspace.network import (
    ConvLayer,
    HeadLayer,
    InputLayer,
    Layer,
    NormEncoderLayer,
    RmsNormLayer,
    ScanLayer,
)
from lava_spikyspace.plan import Plan, Weighted
from lava_spikyspace.spike_ssm.layers import S4dLayer

SQUARES = ".squares"
"""Suffix of the neurons that square the channels of a root mean square."""

STATE = ".state"
"""Suffix of the neurons that hold states."""


@dataclass(frozen=True)
class Part:
    """Neurons of one kind.

    Parameters
    ----------
    name : str
        Of the neuron kind and of the neuron group; a row of the counts where they have one.
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
        Names the row that sends its message.
    """
    return _wiring(layer, plan.sender(layer.name))


@singledispatch
def _wiring(layer: Layer, sender: str) -> Wiring:
    """Return the wiring of a layer whose last part has the name `sender`."""
    return _of_one_part(layer, sender, {})


def _of_one_part(layer: Layer, sender: str, other: dict[str, Pattern]) -> Wiring:
    """Return one part that is reached one to one, unless by weights or by other patterns."""
    patterns: dict[str, Pattern] = {}
    for role in layer.INPUT_ROLES:
        patterns[role] = FanOut(layer.neurons, layer.neurons)
    if isinstance(layer, Weighted):
        inputs = layer.weight.shape[1]
        patterns[layer.INPUT_ROLES[0]] = Dense(inputs, layer.neurons)
    wires = {**patterns, **other}.items()
    return Wiring(
        (Part(sender, layer.neurons),),
        tuple(Wire(role, sender, pattern) for role, pattern in wires),
    )


@_wiring.register
def _(layer: InputLayer, sender: str) -> Wiring:
    return Wiring((Part(sender, layer.channels),), ())


@_wiring.register
def _(layer: NormEncoderLayer, sender: str) -> Wiring:
    return _of_one_part(layer, sender, {"rms": Dense(1, layer.neurons)})


@_wiring.register
def _(layer: ConvLayer, sender: str) -> Wiring:
    taps = FanOut(layer.neurons, layer.neurons, taps=layer.weight.shape[1])
    return _of_one_part(layer, sender, {"codes": taps})


@_wiring.register
def _(layer: HeadLayer, sender: str) -> Wiring:
    return _of_one_part(layer, sender, {"residual": Strided(layer.channels, layer.neurons)})


@_wiring.register
def _(layer: RmsNormLayer, sender: str) -> Wiring:
    squares = sender + SQUARES
    return Wiring(
        (Part(squares, layer.channels), Part(sender, 1)),
        (
            Wire("residual", squares, FanOut(layer.channels, layer.channels)),
            Wire("squares", sender, Dense(layer.channels, 1), squares),
        ),
    )


@_wiring.register
def _(layer: ScanLayer, sender: str) -> Wiring:
    channels, all_states = layer.neurons, layer.neurons * layer.states
    state = layer.name + STATE
    return Wiring(
        (Part(state, all_states), Part(sender, channels)),
        (
            Wire("codes", state, FanOut(channels, all_states)),
            Wire("delta", state, FanOut(channels, all_states)),
            Wire("B", state, Strided(layer.states, all_states)),
            Wire("C", state, Strided(layer.states, all_states)),
            Wire("codes", sender, FanOut(channels, channels)),
            Wire("state", sender, FanIn(all_states, channels), state),
        ),
    )


@_wiring.register
def _(layer: S4dLayer, sender: str) -> Wiring:
    channels, all_states = layer.neurons, layer.neurons * layer.states
    state = layer.name + STATE
    return Wiring(
        (Part(state, all_states), Part(sender, channels)),
        (
            Wire("message", state, FanOut(channels, all_states)),
            Wire("message", sender, FanOut(channels, channels)),
            Wire("state", sender, FanIn(all_states, channels), state),
        ),
    )
