from dataclasses import replace

import numpy as np
import pytest

from lava_spikyspace.arithmetic import scan_step
from lava_spikyspace.network import ScanLayer


def make_layer(rng: np.random.Generator, channels: int = 3, states: int = 2) -> ScanLayer:
    left = np.where(rng.random((4, channels, states)) < 0.3, rng.integers(0, 3), 0)
    right = np.where(left == 0, rng.integers(0, 6, (4, channels, states)), 0)
    return ScanLayer(
        name="scan",
        inputs=("conv", "dt_proj", "B", "C"),
        left=left,
        right=right,
        gain=rng.integers(-50, 50, (4, 4)),
        gain_shift=3,
        level=(np.arange(4) << 6) + 11,
        theta_state=np.array([-20, 40, 120]),
        skip=rng.integers(-900, 900, (4, channels)),
        theta=np.sort(rng.integers(-5000, 5000, (channels, 3)), axis=1),
    )


def by_hand(layer: ScanLayer, state, codes, delta, b, c, offset=0, offset_before=0):
    """Restate the recurrence of one window in plain Python integers."""
    channels, states = layer.neurons, layer.states
    new = np.zeros((channels, states), dtype=int)
    out = np.zeros(channels, dtype=int)
    for d in range(channels):
        q, u = int(delta[d]), int(codes[d])
        total = int(layer.skip[u, d])
        for n in range(states):
            p = (int(layer.gain[q, u]) * int(b[n])) >> layer.gain_shift
            if state is not None:
                held = int(layer.level[state[d, n]]) + offset_before
                p += (held << int(layer.left[q, d, n])) >> int(layer.right[q, d, n])
            new[d, n] = sum(p >= int(t) + offset for t in layer.theta_state)
            total += (int(layer.level[new[d, n]]) + offset) * int(c[n])
        out[d] = -2 + sum(total >= int(t) for t in layer.theta[d])
    return new, out


@pytest.mark.parametrize("seed", range(5))
def test_recurrence_over_a_window(seed: int) -> None:
    rng = np.random.default_rng(seed)
    layer = make_layer(rng)
    state = hand_state = None
    for _ in range(6):
        codes, delta = rng.integers(0, 4, 3), rng.integers(0, 4, 3)
        b, c = rng.integers(-90, 90, 2), rng.integers(-90, 90, 2)
        step = scan_step(layer, state, codes, delta, b, c)
        hand_state, code = by_hand(layer, hand_state, codes, delta, b, c)
        np.testing.assert_array_equal(step.state, hand_state)
        np.testing.assert_array_equal(step.code, code)
        state = step.state


@pytest.mark.parametrize("offsets", [[0], [70, 0], [-30, 45, 5, 0]])
def test_first_states_with_offsets(offsets) -> None:
    rng = np.random.default_rng(len(offsets))
    layer = replace(make_layer(rng), state_offset=np.array(offsets))
    state = hand_state = None
    for element in range(6):
        codes, delta = rng.integers(0, 4, 3), rng.integers(0, 4, 3)
        b, c = rng.integers(-90, 90, 2), rng.integers(-90, 90, 2)
        now, before = (offsets[min(e, len(offsets) - 1)] for e in (element, max(0, element - 1)))
        step = scan_step(layer, state, codes, delta, b, c, element)
        hand_state, code = by_hand(layer, hand_state, codes, delta, b, c, now, before)
        np.testing.assert_array_equal(step.state, hand_state)
        np.testing.assert_array_equal(step.code, code)
        state = step.state


def test_windows_are_independent() -> None:
    rng = np.random.default_rng(3)
    layer = make_layer(rng)
    codes, delta = rng.integers(0, 4, (5, 3)), rng.integers(0, 4, (5, 3))
    b, c = rng.integers(-90, 90, (5, 2)), rng.integers(-90, 90, (5, 2))
    state = rng.integers(0, 4, (5, 3, 2))
    together = scan_step(layer, state, codes, delta, b, c)
    for i in range(5):
        alone = scan_step(layer, state[i], codes[i], delta[i], b[i], c[i])
        np.testing.assert_array_equal(together.code[i], alone.code)
        np.testing.assert_array_equal(together.total[i], alone.total)


def test_before_element_0_there_is_no_state() -> None:
    """Not the level of code 0, which a zero-point makes different from 0."""
    rng = np.random.default_rng(1)
    layer = make_layer(rng)
    codes = delta = np.zeros(3, dtype=int)
    b = c = np.array([7, -7])
    first = scan_step(layer, None, codes, delta, b, c)
    later = scan_step(layer, np.zeros((3, 2), dtype=int), codes, delta, b, c)
    np.testing.assert_array_equal(first.potential, first.drive >> layer.gain_shift)
    assert not np.array_equal(first.potential, later.potential)
