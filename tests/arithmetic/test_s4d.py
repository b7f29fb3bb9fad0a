"""`lava_spikyspace.arithmetic.s4d` against complex floating point."""

import numpy as np

from lava_spikyspace.arithmetic.s4d import drive, s4d_step
from lava_spikyspace.spike_ssm.layers import S4dLayer

BITS = 20


def layer_of(rng, channels=4, states=5):
    shape = (channels, states)
    decay = rng.uniform(0.5, 0.999, shape) * np.exp(1j * rng.uniform(-3, 3, shape)) * 2**BITS
    return S4dLayer(
        name="s4d",
        decay_real=np.rint(decay.real).astype(np.int64),
        decay_imag=np.rint(decay.imag).astype(np.int64),
        decay_bits=BITS,
        left=rng.integers(0, 3, shape) * (rng.random(shape) < 0.5),
        right=np.zeros(shape, dtype=np.int64),
        read_real=rng.integers(-1000, 1000, shape),
        read_imag=rng.integers(-1000, 1000, shape),
        skip=rng.integers(-1000, 1000, channels),
        shift=rng.integers(4, 9, channels),
        message_bits=24,
        elements=200,
    )


def test_it_follows_the_complex_recursion():
    rng = np.random.default_rng(0)
    layer = layer_of(rng)
    x = rng.integers(-3000, 3000, (200, layer.neurons))
    real = imag = np.zeros(layer.decay_real.shape, dtype=np.int64)
    decay = (layer.decay_real + 1j * layer.decay_imag) / 2**BITS
    h = np.zeros(decay.shape, dtype=complex)
    for one in x:
        step = s4d_step(layer, real, imag, one)
        real, imag = step.real, step.imag
        h = decay * h + one[:, None] * 2.0**layer.left
        # Rounding adds at most half a unit per part and step, which fades like the state.
        room = np.sqrt(0.5) / (1 - np.abs(decay)) + 1
        assert (np.abs(real + 1j * imag - h) <= room).all()
        total = (layer.read_real * real - layer.read_imag * imag).sum(axis=1) + layer.skip * one
        assert np.array_equal(step.current, (total + 2 ** (layer.shift - 1)) >> layer.shift)


def test_the_current_saturates():
    rng = np.random.default_rng(1)
    layer = layer_of(rng)
    step = s4d_step(layer, *np.zeros((2, *layer.left.shape), dtype=np.int64), np.full(4, 1 << 22))
    assert (np.abs(step.current) > 1 << 23).any()
    assert np.abs(step.message).max() <= 1 << 23


def test_right_shifts_of_the_input_round_half_up():
    rng = np.random.default_rng(2)
    layer = layer_of(rng, channels=6, states=1)
    shifts = np.array([[0], [1], [2], [3], [0], [1]])
    layer = S4dLayer(**{**vars(layer), "right": shifts, "left": np.zeros_like(shifts)})
    x = np.array([5, 5, 6, -4, -5, -5])
    assert drive(layer, x).ravel().tolist() == [5, 3, 2, 0, -5, -2]
