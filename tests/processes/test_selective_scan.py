"""The selective scan alone."""

import numpy as np
import pytest

from lava_spikyspace.arithmetic import scan_step
from lava_spikyspace.network import Interval, ScanLayer
from lava_spikyspace.processes.framed_process import Watch
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.selective_scan.process import SelectiveScan
from tests.processes.playing import play

FIELDS = ("left", "right", "gain", "gain_shift", "level", "theta_state", "skip", "theta")


def random_layer(rng, *, channels=3, states=2, output_bits=2) -> ScanLayer:
    exponent = rng.integers(-3, 2, (4, channels, states))
    return ScanLayer(
        name="scan",
        left=np.maximum(exponent, 0),
        right=np.maximum(-exponent, 0),
        gain=rng.integers(-40, 90, (4, 4)),
        gain_shift=3,
        level=np.array([-50, 30, 110, 190]),
        theta_state=np.array([0, 60, 140]),
        skip=rng.integers(-2000, 2000, (4, channels)),
        theta=np.sort(rng.integers(-3000, 3000, (channels, (1 << output_bits) - 1))),
    )


def by_hand() -> ScanLayer:
    """One channel, one state: p = (level[q] >> 1) + 4*B, y = level[q]*C."""
    return ScanLayer(
        name="scan",
        left=np.zeros((2, 1, 1), dtype=int),
        right=np.ones((2, 1, 1), dtype=int),
        gain=np.array([[0, 0], [4, 8]]),
        gain_shift=1,
        level=np.array([0, 10]),
        theta_state=np.array([5]),
        skip=np.array([[0], [-1]]),
        theta=np.array([[-10, 0, 19]]),
    )


def process(layer: ScanLayer, **more) -> SelectiveScan:
    return SelectiveScan(**{name: getattr(layer, name) for name in FIELDS}, **more)


def test_state_decays_and_starts_afresh_in_each_window():
    scan = process(by_hand(), schedule=Schedule(window=3, windows=2))
    ones = [[1]] * 7
    played = play(
        scan,
        7,
        {
            "codes_in": ones,
            "delta_in": ones,
            "b_in": [[2], [0], [-1], [0], [1], [2], [9]],
            "c_in": [[3], [2], [1], [1], [-1], [1], [9]],
        },
    )
    # Window 0: p = 8 -> q 1, y = 30 - 1; p = 5 + 0 -> q 1, y = 20 - 1; p = 5 - 4 -> q 0, y = -1.
    # Window 1: p = 0 (no state yet) -> 0, y = -1; p = 4 -> 0, y = -1; p = 8 -> 1, y = 9.
    assert [v for (v,) in played.message] == [0, 1, 1, -1, -1, -1, 0]
    assert played.activity("passing_counters").events["message"].tolist() == [3]
    assert played.activity("passing_counters").code_sum == 3
    assert played.activity("passing_counters").extremes == Interval(0, 8)
    assert played.activity().extremes == Interval(-1, 29)
    assert played.activity().code_sum == 5
    assert played.values["state"].tolist() == [[1]]


@pytest.mark.parametrize("output_bits", [1, 2, 3])
@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_codes_are_those_of_the_arithmetic(coding, output_bits):
    rng = np.random.default_rng(output_bits)
    layer = random_layer(rng, output_bits=output_bits)
    frames, steps = 8, 7 if coding == "unary" else 1
    codes, delta = rng.integers(0, 4, (2, frames, 3))
    b, c = rng.integers(-30, 30, (2, frames, 2))
    arriving = {}
    for port, values in {"codes_in": codes, "delta_in": delta, "b_in": b, "c_in": c}.items():
        rows = np.zeros((frames + 1, steps, values.shape[1]), dtype=int)
        rows[:-1, 0] = values
        arriving[port] = rows.reshape(-1, values.shape[1])
    schedule = Schedule(coding=coding, frame_steps=steps, window=4, windows=2)
    scan = process(layer, schedule=schedule, watch=Watch(record=True))
    played = play(scan, (frames + 1) * steps, arriving)

    state, states, outputs, potentials = None, [], [], []
    for frame in range(frames):
        step = scan_step(
            layer, None if frame % 4 == 0 else state, codes[frame], delta[frame], b[frame], c[frame]
        )
        state = step.state
        states.append(state.ravel())
        outputs.append(step.code)
        potentials.append(step.potential)
    assert np.array_equal(played.values["inner_record"], states)
    assert np.array_equal(played.values["record"], outputs)
    sent = played.sent["message"][steps:].reshape(frames, steps, 3)
    assert np.array_equal(sent.sum(axis=1), outputs)
    assert len(np.unique(outputs)) > 1 << (output_bits - 1)
    if coding == "unary":
        assert set(np.unique(sent)) == {-1, 0, 1}
    activity = played.activity("passing_counters")
    assert activity.events["message"].tolist() == np.count_nonzero(states, axis=0).tolist()
    assert activity.code_sum == np.sum(states)
    assert activity.extremes == Interval.of(potentials)
    assert played.activity().code_sum == np.abs(outputs).sum()
