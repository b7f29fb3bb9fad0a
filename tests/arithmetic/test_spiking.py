"""`lava_spikyspace.arithmetic.spiking` against the recursions in floating point."""

import numpy as np
import pytest

from lava_spikyspace.arithmetic.spiking import rest, spiking_step
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    HardResetLayer,
    RefractoryLayer,
    SoftResetLayer,
)

BITS = 12
CHANNELS = 6


def layers(rng):
    threshold = rng.integers(200, 2000, CHANNELS)
    common = {"name": "neurons", "threshold": threshold}
    membrane = {"leak": int(0.7 * 2**BITS), "leak_bits": BITS}
    return {
        "soft": SoftResetLayer(**common, **membrane),
        "hard": HardResetLayer(**common, **membrane),
        "refractory": RefractoryLayer(
            **common, **membrane, refractory=rng.integers(0, 500, CHANNELS), fade=2**BITS // 2
        ),
    }


@pytest.mark.parametrize("kind", ["soft", "hard", "refractory"])
def test_it_follows_the_recursion(kind):
    rng = np.random.default_rng(0)
    layer = layers(rng)[kind]
    tau, fade = layer.leak / 2**BITS, getattr(layer, "fade", 0) / 2**BITS
    push = getattr(layer, "refractory", np.zeros(CHANNELS))
    state = rest(layer, (CHANNELS,))
    u, pressure, spikes = np.zeros((3, CHANNELS))
    fired = 0
    for current in rng.integers(-800, 1500, (400, CHANNELS)):
        state = spiking_step(layer, state, current)
        if kind == "hard":
            u = tau * u * (1 - spikes) + current
        else:
            pressure = fade * pressure + push * spikes
            u = tau * u + current - layer.threshold * spikes - pressure
        spikes = state.spikes.astype(float)
        # The floor takes less than a unit a step, of membrane and refractory current.
        assert np.abs(state.potential - u).max() <= 2 / (1 - tau) + 2 / (1 - fade)
        assert np.array_equal(state.spikes, (state.potential >= layer.threshold).astype(int))
        fired += state.spikes.sum()
    assert 100 < fired < 400 * CHANNELS - 100


def test_bernoulli_neurons_spike_with_the_share_of_the_threshold():
    layer = BernoulliLayer(
        name="neurons", threshold=np.full(4, 1000), seed=np.array([1, 99, 12345, 7])
    )
    state, fired = rest(layer, (4,)), np.zeros(4)
    current = np.array([-5, 250, 500, 1000])
    for _ in range(4000):
        state = spiking_step(layer, state, current)
        fired += state.spikes
    assert fired[0] == 0
    assert fired[3] == 4000
    assert np.abs(fired[1:3] / 4000 - [0.25, 0.5]).max() < 0.03
