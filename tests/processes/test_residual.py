"""The residual neuron alone."""

import numpy as np

from lava_spikyspace.network import Interval
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.residual.process import Residual
from tests.processes.playing import play


def residual(**more) -> Residual:
    return Residual(
        mult=np.array([2, 3]),
        add=np.array([0, -10]),
        shift=np.array([2, 1]),
        residual_bits=6,
        **more,
    )


def test_descales_adds_and_saturates_in_the_same_step():
    schedule = Schedule(windows=3, offset=1, delays={"residual_in": 1})
    played = play(
        residual(schedule=schedule),
        4,
        {
            "a_in_0": [[99, 99], [5, 7], [40, 40], [-5, -40]],
            "residual_in": [[1, -2], [20, 0], [30, 9], [99, 99]],
        },
    )
    # (10 + 2) >> 2 = 3, (21 - 10 + 1) >> 1 = 6; 20 and 55 saturate at 31; -2 + 30, -64 + 9.
    assert played.message == [[0, 0], [4, 4], [31, 31], [28, -32]]
    activity = played.activity()
    assert activity.saturations == 3
    assert activity.extremes == Interval(-40, 40)
    assert activity.events["message"].tolist() == [3, 3]


def test_limbs_in_and_limbs_out():
    rng = np.random.default_rng(1)
    low, high, stream = rng.integers(-4, 5, (3, 5, 2))
    process = residual(limbs=(2,), output_limbs=(3,), schedule=Schedule(window=5))
    played = play(
        process,
        5,
        {"a_in_0": low, "a_in_1": high, "residual_in": stream},
        ("message", "limb0", "limb1"),
    )
    acc = low + 4 * high
    expected = stream + np.array([(acc[:, 0] * 2 + 2) >> 2, (acc[:, 1] * 3 - 10 + 1) >> 1]).T
    expected = np.clip(expected, -32, 31)
    assert played.message == expected.tolist()
    assert np.array_equal(played.sent["limb0"] + 8 * played.sent["limb1"], expected)
    assert played.activity().extremes == Interval.of(acc)


def test_silent_between_the_first_steps_of_frames():
    schedule = Schedule(coding="unary", frame_steps=3, window=2)
    rows = [[4, 4]] * 6
    played = play(residual(schedule=schedule), 6, {"a_in_0": rows, "residual_in": rows})
    assert played.message == [[6, 5], [0, 0], [0, 0]] * 2
