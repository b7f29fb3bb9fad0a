"""The normalised encoder alone."""

import numpy as np
import pytest

from lava_spikyspace.arithmetic import encode_normalised
from lava_spikyspace.network import Interval
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.norm_encoder.process import NormEncoder
from tests.processes.playing import play

# Thresholds of acc / rms with 3 fraction bits: 0.5, 1, 1.5 and -1, 0, 2.
THETA = np.array([[4, 8, 12], [-8, 0, 16]])


def encoder(**more) -> NormEncoder:
    return NormEncoder(theta=THETA, rms_shift=3, **more)


def test_codes_of_the_ratio():
    sums = [[5, -11], [10, -10], [15, 20], [14, 0]]
    played = play(
        encoder(schedule=Schedule(windows=4)),
        5,
        {"a_in_0": [*sums, [0, 0]], "rms_in": [[10], [10], [10], [10], [1]]},
    )
    assert played.message == [[0, 0], [1, 0], [2, 1], [3, 3], [2, 2]]
    activity = played.activity()
    assert activity.code_sum == 14
    assert activity.extremes == Interval(-11, 20)


def test_limbs_are_recombined():
    rng = np.random.default_rng(2)
    limbs = (4, 3)
    parts = rng.integers(-40, 40, (3, 6, 2))
    rms = rng.integers(1, 50, (6, 1))
    arriving = {f"a_in_{limb}": parts[limb] for limb in range(3)}
    played = play(
        encoder(limbs=limbs, schedule=Schedule(windows=5)), 6, {**arriving, "rms_in": rms}
    )
    acc = parts[0] + (parts[1] << 4) + (parts[2] << 7)
    assert played.message[1:] == encode_normalised(acc, THETA, rms, 3)[:5].tolist()
    assert played.activity().extremes == Interval.of(acc[:5])


def test_message_and_root_are_held_until_the_end_of_the_frame():
    schedule = Schedule(
        coding="unary", frame_steps=3, window=2, offset=1, delays={"a_in_0": 1, "rms_in": 0}
    )
    sums = [[15, 0], [0, 0], [0, 0], [5, 40], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0]]
    rms = [[0], [10], [0], [0], [20], [0], [0], [0], [0], [0]]
    played = play(encoder(schedule=schedule), 10, {"a_in_0": sums, "rms_in": rms})
    # Codes 3 and 2, then 0 and 3.
    assert played.message[4:] == [[1, 0], [1, 1], [1, 1], [0, 1], [0, 1], [0, 1]]
    assert not np.any(played.message[:4])


@pytest.mark.parametrize("ports", [1, 2, 3, 4])
def test_waits_for_the_limbs_that_exist_only(ports):
    limbs = (2,) * (ports - 1)
    arriving = {f"a_in_{limb}": [[1, 1], [0, 0]] for limb in range(ports)}
    played = play(
        encoder(limbs=limbs, schedule=Schedule()), 2, {**arriving, "rms_in": [[20], [20]]}
    )
    acc = sum(4**limb for limb in range(ports))
    assert played.activity().extremes == Interval(acc, acc)
