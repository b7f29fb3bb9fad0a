"""The root mean square alone."""

import numpy as np

from lava_spikyspace.arithmetic import root_mean_square
from lava_spikyspace.network import Interval
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.rms_norm.process import RmsNorm
from tests.processes.playing import play


def test_answers_in_the_step_in_which_the_residual_arrives():
    # (9 + 16 + 1) // 3 + 8 = 16; 16 << 4 has the root 16. (27 + 27 + 27) // 3 + 8 = 35.
    norm = RmsNorm(channels=3, eps=8, root_bits=2, schedule=Schedule(windows=2, offset=1))
    played = play(norm, 4, {"a_in": [[9, 9, 9], [3, -4, 1], [5, -1, -1], [9, 9, 9]]})
    assert played.message == [[0], [16], [int(np.sqrt(17 * 16))], [0]]
    activity = played.activity()
    assert activity.events["message"].tolist() == [2]
    assert activity.extremes == Interval(26, 27)


def test_once_per_frame():
    schedule = Schedule(coding="unary", frame_steps=3, window=2)
    rows = np.array([[5, 7], [0, 0], [0, 0], [-300, 20], [0, 0], [0, 0]])
    played = play(RmsNorm(channels=2, eps=3, root_bits=5, schedule=schedule), 6, {"a_in": rows})
    expected = root_mean_square(rows, 3, 5)
    assert [value for (value,) in played.message] == [expected[0], 0, 0, expected[3], 0, 0]
    assert played.activity().events["message"].tolist() == [2]
