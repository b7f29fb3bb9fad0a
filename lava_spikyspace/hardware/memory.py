"""Bytes of the constants that neurons of each kind need beside their state."""

from __future__ import annotations

from functools import singledispatch
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lava_spikyspace.network import (
    ConvLayer,
    EncoderLayer,
    GateLayer,
    HeadLayer,
    Interval,
    Layer,
    LinearLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.plan import SQUARES, STATE
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    ChannelNormLayer,
    ClassificationHeadLayer,
    LeakyLayer,
    RefractoryLayer,
    S4dLayer,
    SpikingLayer,
)


class Constants(NamedTuple):
    """Bytes of constants.

    Parameters
    ----------
    each : int
        For every neuron.
    shared : int
        Once for all neurons of the group on a core.
    """

    each: int
    shared: int


def array_bytes(values: npt.ArrayLike) -> int:
    """Return the bytes of an array whose entries are as wide as the widest of them needs."""
    array = np.asarray(values)
    return array.size * -(-Interval.of(array).bits // 8) if array.size else 0


def constants_of(layer: Layer, part: str) -> Constants:
    """Return the constants of one neuron group of a layer.

    Parameters
    ----------
    layer : Layer
        The layer.
    part : str
        Suffix of one of its kinds of neurons, see `wiring`.
    """
    if isinstance(layer, ScanLayer):
        return _scan(layer, part)
    if isinstance(layer, S4dLayer):
        return _diagonal(layer, part)
    if part == SQUARES:
        return Constants(0, 0)
    return _constants(layer)


@singledispatch
def _constants(layer: Layer) -> Constants:
    return Constants(0, 0)


@_constants.register
def _(layer: RmsNormLayer) -> Constants:
    return Constants(0, array_bytes([layer.channels]) + array_bytes([layer.eps]))


@_constants.register
def _(layer: EncoderLayer) -> Constants:
    return Constants(_per_neuron(layer.theta, layer.neurons), 0)


@_constants.register
def _(layer: GateLayer) -> Constants:
    return Constants(_per_neuron(layer.theta, layer.neurons), array_bytes(layer.table))


@_constants.register
def _(layer: SoftplusLayer) -> Constants:
    shared = array_bytes(layer.table) + array_bytes(layer.theta_out)
    return Constants(_per_neuron(layer.theta, layer.neurons), shared)


@_constants.register
def _(layer: ConvLayer) -> Constants:
    return Constants(_per_neuron(layer.theta, layer.neurons), 0)


@_constants.register
def _(layer: LinearLayer) -> Constants:
    return Constants(_descaling(layer) // layer.neurons, 0)


@_constants.register
def _(layer: HeadLayer) -> Constants:
    # A weight of the head belongs to an element of the window: the neurons hold it, no synapse.
    return Constants(_descaling(layer) // layer.weight.shape[0], array_bytes(layer.weight))


@_constants.register
def _(layer: ChannelNormLayer) -> Constants:
    return Constants(_descaling(layer) // layer.neurons, 0)


@_constants.register
def _(layer: SpikingLayer) -> Constants:
    tables = [layer.threshold]
    shared = 0
    if isinstance(layer, LeakyLayer):
        shared = array_bytes([layer.leak])
    if isinstance(layer, RefractoryLayer):
        tables.append(layer.refractory)
        shared += array_bytes([layer.fade])
    if isinstance(layer, BernoulliLayer):
        tables.append(layer.seed)
    return Constants(sum(_per_neuron(table, layer.neurons) for table in tables), shared)


@_constants.register
def _(layer: ClassificationHeadLayer) -> Constants:
    return Constants(_descaling(layer) // layer.neurons, 0)


def _scan(layer: ScanLayer, part: str) -> Constants:
    if part == STATE:
        # One signed exponent for each code of the step size.
        tables = (layer.gain, layer.level, layer.theta_state)
        shared = sum(array_bytes(table) for table in tables)
        if layer.state_offset.any():
            shared += array_bytes(layer.state_offset)
        return Constants(layer.left.shape[0], shared)
    each = _per_neuron(layer.theta, layer.neurons) + _per_neuron(layer.skip, layer.neurons)
    return Constants(each, 0)


def _diagonal(layer: S4dLayer, part: str) -> Constants:
    if part == STATE:
        decay = (layer.decay_real, layer.decay_imag, layer.left, layer.right)
        tables = (*decay, layer.read_real, layer.read_imag)
        return Constants(sum(_per_neuron(t, layer.neurons * layer.states) for t in tables), 0)
    return Constants(sum(_per_neuron(t, layer.neurons) for t in (layer.skip, layer.shift)), 0)


def _per_neuron(values: npt.ArrayLike, neurons: int) -> int:
    return array_bytes(values) // neurons


def _descaling(
    layer: LinearLayer | HeadLayer | ChannelNormLayer | ClassificationHeadLayer,
) -> int:
    return sum(array_bytes(values) for values in (layer.mult, layer.add, layer.shift))
