"""Compiled loops of the spiking neurons over time, forward and backward.

Arrays are (batch, length, channels), contiguous, all of one floating dtype; the innermost loop runs
over a block of channels, so that it vectorises, and blocks may run in several threads. The plain
loop that these equal is `netx_export.spike_ssm.neurons.sequential`.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]
"""float32 or float64."""

BLOCK = 64
"""Channels that one task runs: a few vectors of state stay in the first cache level."""


def constants(tau: float, decay: float, dtype: npt.DTypeLike) -> Floats:
    """Return leak, decay, pi, 1 and 0 in the dtype of the arrays: literals would widen the sums."""
    return np.array([tau, decay, math.pi, 1.0, 0.0], dtype=dtype)


def tasks(batch: int, channels: int) -> int:
    """Return how many parts the neurons are run in: blocks of channels of each sequence."""
    return batch * ((channels + BLOCK - 1) // BLOCK)


@numba.njit(nogil=True, cache=True)
def forward(
    current: Floats,
    theta: Floats,
    refractory: Floats,
    numbers: Floats,
    hard: bool,
    spikes: Floats,
    membrane: Floats,
    first_task: int,
    last_task: int,
) -> None:
    """Run the neurons of some tasks over time.

    Parameters
    ----------
    current : ndarray, shape (batch, length, channels)
        Input current.
    theta, refractory : ndarray, shape (channels,)
        Threshold, and the refractory current that a spike adds.
    numbers : ndarray
        `constants`.
    hard : bool
        Whether a spike clears the membrane instead of lowering it by the threshold.
    spikes, membrane : ndarray, shape (batch, length, channels)
        Written: 0 or 1, and the potential that was compared.
    first_task, last_task : int
        Which of the `tasks`; different ones may run in different threads.
    """
    _, length, channels = current.shape
    blocks = (channels + BLOCK - 1) // BLOCK
    leak, fade, one, zero = numbers[0], numbers[1], numbers[3], numbers[4]
    for task in range(first_task, last_task):
        item = task // blocks
        first = (task % blocks) * BLOCK
        last = min(first + BLOCK, channels)
        size = last - first
        u = np.zeros_like(theta[first:last])
        pressure = np.zeros_like(u)
        s = np.zeros_like(u)
        limit, push = theta[first:last], refractory[first:last]
        for t in range(length):
            arrives = current[item, t, first:last]
            fired, potential = spikes[item, t, first:last], membrane[item, t, first:last]
            for j in range(size):
                pressure[j] = fade * pressure[j] + push[j] * s[j]
                kept = leak * (u[j] * (one - s[j])) if hard else leak * u[j] - limit[j] * s[j]
                u[j] = kept + arrives[j] - pressure[j]
                s[j] = one if u[j] >= limit[j] else zero
                fired[j] = s[j]
                potential[j] = u[j]


@numba.njit(nogil=True, cache=True)
def backward(
    gradient: Floats,
    membrane: Floats,
    theta: Floats,
    width: Floats,
    numbers: Floats,
    hard: bool,
    to_current: Floats,
    to_theta: Floats,
    to_refractory: Floats,
    first_task: int,
    last_task: int,
) -> None:
    """Propagate gradients back through time; spikes are constants of the reset.

    Parameters
    ----------
    gradient : ndarray, shape (batch, length, channels)
        With respect to the spikes.
    membrane : ndarray, shape (batch, length, channels)
        Of the forward pass.
    theta, width : ndarray, shape (channels,)
        Threshold, and width of the surrogate (`neurons.surrogate_slope`).
    numbers, hard
        As in `forward`.
    to_current : ndarray, shape (batch, length, channels)
        Written.
    to_theta, to_refractory : ndarray, shape (batch, channels)
        Written: contributions of each sequence.
    first_task, last_task : int
        As in `forward`.
    """
    _, length, channels = gradient.shape
    blocks = (channels + BLOCK - 1) // BLOCK
    leak, fade, pi, one, zero = numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]
    for task in range(first_task, last_task):
        item = task // blocks
        first = (task % blocks) * BLOCK
        last = min(first + BLOCK, channels)
        size = last - first
        leaked = np.zeros_like(theta[first:last])
        pressed = np.zeros_like(leaked)
        theta_sum = to_theta[item, first:last]
        refractory_sum = to_refractory[item, first:last]
        theta_sum[:] = zero
        refractory_sum[:] = zero
        limit, bend = theta[first:last], width[first:last]
        for back in range(length):
            t = length - 1 - back
            arrives = gradient[item, t, first:last]
            potential, leaves = membrane[item, t, first:last], to_current[item, t, first:last]
            for j in range(size):
                distance = potential[j] - limit[j]
                turn = pi * distance / bend[j]
                direct = arrives[j] / (bend[j] * (one + turn * turn))
                s = one if distance >= zero else zero
                # leaked and pressed still hold the gradients of step t + 1.
                refractory_sum[j] += pressed[j] * s
                through = leak * leaked[j]
                if hard:
                    through *= one - s
                    theta_sum[j] -= direct
                else:
                    theta_sum[j] -= direct + leaked[j] * s
                leaked[j] = direct + through
                pressed[j] = fade * pressed[j] - leaked[j]
                leaves[j] = leaked[j]
