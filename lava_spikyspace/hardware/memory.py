"""Bytes of the constants that neurons of each kind need beside their registers."""

from __future__ import annotations

from functools import singledispatch
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lava_spikyspace.network import (
    MESSAGE_BITS,
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
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    ChannelNormLayer,
    ClassificationHeadLayer,
    LeakyLayer,
    RefractoryLayer,
    S4dLayer,
    SpikingLayer,
)

EMISSION_BYTES = 1
"""What is left to send of a code in its frame."""


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
        Which of its neuron groups: ``.state`` or ``.output`` of a scan, ``.neuron``, or nothing.
    """
    if isinstance(layer, ScanLayer):
        return _scan(layer, part)
    return _constants(layer)


@singledispatch
def _constants(layer: Layer) -> Constants:
    return Constants(0, 0)


@_constants.register
def _(layer: RmsNormLayer) -> Constants:
    return Constants(0, array_bytes([layer.channels]) + array_bytes([layer.eps]))


@_constants.register
def _(layer: EncoderLayer) -> Constants:
    return Constants(_per_neuron(layer.theta, layer.neurons) + EMISSION_BYTES, 0)


@_constants.register
def _(layer: GateLayer) -> Constants:
    return Constants(_per_neuron(layer.theta, layer.neurons), array_bytes(layer.table))


@_constants.register
def _(layer: SoftplusLayer) -> Constants:
    shared = array_bytes(layer.table) + array_bytes(layer.theta_out)
    return Constants(_per_neuron(layer.theta, layer.neurons) + EMISSION_BYTES, shared)


@_constants.register
def _(layer: ConvLayer) -> Constants:
    return Constants(_per_neuron(layer.theta, layer.neurons) + EMISSION_BYTES, 0)


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
def _(layer: S4dLayer) -> Constants:
    tables = (layer.decay_real, layer.decay_imag, layer.left, layer.right)
    read = (layer.read_real, layer.read_imag, layer.skip, layer.shift)
    # The state: two registers for each complex one, beside that which the ranges name.
    registers = 2 * layer.states * bytes_in(MESSAGE_BITS)
    each = sum(_per_neuron(table, layer.neurons) for table in (*tables, *read))
    return Constants(each + registers, 0)


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
        tables += [layer.seed, layer.seed]  # where each window starts, and where it is
    return Constants(sum(_per_neuron(table, layer.neurons) for table in tables), shared)


@_constants.register
def _(layer: ClassificationHeadLayer) -> Constants:
    return Constants(_descaling(layer) // layer.neurons, 0)


def bytes_in(bits: int) -> int:
    """Return the bytes that hold so many bits."""
    return -(-bits // 8)


def _scan(layer: ScanLayer, part: str) -> Constants:
    if part == ".state":
        # One signed exponent for each code of the step size.
        shared = sum(array_bytes(table) for table in (layer.gain, layer.level, layer.theta_state))
        return Constants(layer.left.shape[0], shared)
    each = _per_neuron(layer.theta, layer.neurons) + _per_neuron(layer.skip, layer.neurons)
    return Constants(each + EMISSION_BYTES, array_bytes(layer.level))


def _per_neuron(values: npt.ArrayLike, neurons: int) -> int:
    return array_bytes(values) // neurons


def _descaling(
    layer: LinearLayer | HeadLayer | ChannelNormLayer | ClassificationHeadLayer,
) -> int:
    return sum(array_bytes(values) for values in (layer.mult, layer.add, layer.shift))
