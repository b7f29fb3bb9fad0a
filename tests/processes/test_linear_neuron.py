"""The linear neuron alone."""

import numpy as np

from lava_spikyspace.network import Interval
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.linear_neuron.process import LinearNeuron
from tests.processes.playing import play


def neuron(schedule: Schedule) -> LinearNeuron:
    return LinearNeuron(
        mult=np.array([3, 5]), add=np.array([-7, 100]), shift=np.array([1, 4]), schedule=schedule
    )


def test_descaled_value_leaves_in_the_next_step():
    played = play(neuron(Schedule(windows=3)), 4, {"a_in_0": [[1, 2], [-9, 0], [5, -22], [9, 9]]})
    # (3 - 7 + 1) >> 1, (10 + 100 + 8) >> 4 and so on: floor, with half a unit added.
    assert played.message == [[0, 0], [-2, 7], [-17, 6], [4, -1]]
    activity = played.activity()
    assert activity.extremes == Interval(-22, 5)
    assert activity.events["message"].tolist() == [3, 3]
    assert activity.code_sum == 0


def test_sums_a_frame_and_sends_one_message():
    schedule = Schedule(coding="unary", frame_steps=3)
    rows = [[1, 0], [0, 1], [0, 1], [9, 9], [9, 9], [9, 9]]
    played = play(neuron(schedule), 6, {"a_in_0": rows})
    assert played.message == [[0, 0]] * 3 + [[-2, 7]] + [[0, 0]] * 2
