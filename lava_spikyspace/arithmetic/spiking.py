"""One step of the spiking neurons of SPikE-SSM-style networks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lava_spikyspace.arithmetic.random24 import RANDOM_BITS, next_random
from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import IntArray
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    HardResetLayer,
    LeakyLayer,
    RefractoryLayer,
    SpikingLayer,
)


class NeuronState(NamedTuple):
    """What a neuron keeps from step to step.

    Parameters
    ----------
    potential : ndarray, int64, shape (..., channel)
        Membrane u; for Bernoulli neurons the current.
    pressure : ndarray, int64, shape (..., channel)
        Refractory current R.
    spikes : ndarray, int64, shape (..., channel)
        0 or 1.
    random : ndarray, int64, shape (..., channel)
        Generator of a Bernoulli neuron.
    """

    potential: IntArray
    pressure: IntArray
    spikes: IntArray
    random: IntArray


def rest(layer: SpikingLayer, shape: tuple[int, ...]) -> NeuronState:
    """Return the state before element 0 of a window, for the given shape (..., channel)."""
    nothing = np.zeros(shape, dtype=np.int64)
    seed = layer.seed if isinstance(layer, BernoulliLayer) else nothing
    return NeuronState(nothing, nothing, nothing, np.broadcast_to(seed, shape))


def spiking_step(layer: SpikingLayer, state: NeuronState, current: IntArray) -> NeuronState:
    """Advance by one element of the window.

    Parameters
    ----------
    layer : SpikingLayer
        Its type selects the neuron.
    state : NeuronState
        After the element before; `rest` at element 0.
    current : ndarray, int64, shape (..., channel)
        Input current I.

    Returns
    -------
    NeuronState
        With leak and fade by multiply-and-shift (``>>`` is the floor):

        soft reset
            ``u = (leak*u >> b) + I - theta*s``, ``s = [u >= theta]``
        refractory
            ``R = (fade*R >> b) + r*s`` and ``u = (leak*u >> b) + I - theta*s - R``
        hard reset
            ``u = (leak*u*(1 - s) >> b) + I``
        Bernoulli
            ``s = [(I << 24) >= theta * random]``
    """
    if isinstance(layer, BernoulliLayer):
        random = next_random(state.random)
        fires = (current << RANDOM_BITS) >= layer.threshold * random
        return NeuronState(current, state.pressure, fires.astype(np.int64), random)
    if not isinstance(layer, LeakyLayer):
        raise InternalError(f"{layer.name}: no step for {type(layer).__name__}")
    pressure = state.pressure
    if isinstance(layer, HardResetLayer):
        kept = (layer.leak * (state.potential * (1 - state.spikes))) >> layer.leak_bits
        potential = kept + current
    else:
        kept = (layer.leak * state.potential) >> layer.leak_bits
        potential = kept + current - layer.threshold * state.spikes
        if isinstance(layer, RefractoryLayer):
            pressure = (layer.fade * pressure) >> layer.leak_bits
            pressure = pressure + layer.refractory * state.spikes
            potential = potential - pressure
    fires = potential >= layer.threshold
    return NeuronState(potential, pressure, fires.astype(np.int64), state.random)


def observed_values(layer: SpikingLayer, state: NeuronState) -> dict[str, IntArray]:
    """Return what a step compared and kept, by range name of the layer.

    Parameters
    ----------
    layer : SpikingLayer
        Its type says which values there are.
    state : NeuronState
        After the step.
    """
    if isinstance(layer, BernoulliLayer):
        sides = (state.potential << RANDOM_BITS, layer.threshold * state.random)
        return {"state": np.stack(np.broadcast_arrays(*sides))}
    if isinstance(layer, RefractoryLayer):
        return {"state": state.potential, "refractory": state.pressure}
    return {"state": state.potential}
