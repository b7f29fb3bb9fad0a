"""The window source alone."""

import numpy as np
import pytest

from lava_spikyspace.errors import StrictRangeError
from lava_spikyspace.network import InputLayer, Interval
from lava_spikyspace.processes.framed_process import Watch
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.window_source.process import WindowSource
from tests.processes.playing import play

WINDOWS = np.array([[[1, -2], [0, 4]], [[5, 6], [-70, 8]]])


def test_one_message_per_element_windows_without_a_gap():
    source = WindowSource(windows=WINDOWS, schedule=Schedule(window=2, windows=2))
    played = play(source, 6)
    assert played.message == [[1, -2], [0, 4], [5, 6], [-70, 8], [0, 0], [0, 0]]
    activity = played.activity()
    assert activity.events["message"].tolist() == [3, 4]
    assert activity.extremes == Interval(-70, 8)
    assert activity.code_sum == 0


def test_in_unary_coding_the_message_leaves_in_the_first_step_of_its_frame():
    schedule = Schedule(coding="unary", frame_steps=3, window=2, windows=2)
    played = play(WindowSource(windows=WINDOWS, schedule=schedule), 12)
    assert played.message[::3] == WINDOWS.reshape(4, 2).tolist()
    assert not np.any(played.message[1::3] + played.message[2::3])
    assert played.activity().events["message"].tolist() == [3, 4]


def test_limbs_leave_beside_the_message_and_are_counted():
    source = WindowSource(
        windows=WINDOWS, schedule=Schedule(window=2, windows=2), output_limbs=(2, 3)
    )
    played = play(source, 4, listen=("message", "limb0", "limb1", "limb2"))
    low, middle, high = (played.sent[f"limb{i}"] for i in range(3))
    assert low.min() >= 0
    assert low.max() < 4
    assert middle.min() >= 0
    assert middle.max() < 8
    assert np.array_equal(low + 4 * middle + 32 * high, played.sent["message"])
    assert played.sent["message"].tolist() == WINDOWS.reshape(4, 2).tolist()
    events = played.activity().events
    assert set(events) == {"message", "limb0", "limb1", "limb2"}
    # 1, 0, 5, -70 and -2, 4, 6, 8 in limbs of 2 and 3 bits.
    assert events["limb0"].tolist() == [3, 2]
    assert events["limb1"].tolist() == [2, 4]
    assert events["limb2"].tolist() == [1, 1]


def test_strict_mode():
    layer = InputLayer(name="input", channels=2, frac_bits=0, ranges={"message": Interval(-69, 8)})
    source = WindowSource(
        windows=WINDOWS, schedule=Schedule(window=2, windows=2), watch=Watch(proof=layer)
    )
    with pytest.raises(StrictRangeError, match=r"input: message spans \[-70, 8\]"):
        play(source, 4)


def test_records_messages():
    source = WindowSource(
        windows=WINDOWS, schedule=Schedule(window=2, windows=2), watch=Watch(record=True)
    )
    assert play(source, 4).values["record"].tolist() == WINDOWS.reshape(4, 2).tolist()
