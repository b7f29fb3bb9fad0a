"""The threshold encoder alone; with it, what all frame-integrating models share."""

import numpy as np
import pytest

from lava_spikyspace.arithmetic import encode
from lava_spikyspace.errors import StrictRangeError
from lava_spikyspace.network import EncoderLayer, Interval
from lava_spikyspace.processes.framed_process import Watch
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.threshold_encoder.process import ThresholdEncoder
from tests.processes.playing import play

THETA = np.array([[0, 5, 9], [-4, -2, 30]])


def test_graded_code_leaves_one_step_after_its_sum():
    encoder = ThresholdEncoder(theta=THETA, schedule=Schedule(window=2, windows=2))
    sums = [[-1, -5], [0, -4], [5, -2], [9, 30]]
    played = play(encoder, 6, {"a_in_0": [*sums, [99, 99], [99, 99]]})
    # What arrives after the last frame is ignored, and nothing is sent after the last code.
    assert played.message == [[0, 0], [0, 0], [1, 1], [2, 2], [3, 3], [0, 0]]


def test_unary_code_is_the_sum_of_a_frame_and_leaves_as_spikes_in_the_next():
    schedule = Schedule(coding="unary", frame_steps=3, window=1, windows=3, offset=1)
    encoder = ThresholdEncoder(theta=THETA, schedule=schedule)
    before = [[50, 50]]
    frames = [[2, 0], [2, -1], [1, -1]], [[0, -4], [0, 0], [0, 0]], [[4, 10], [4, 10], [1, 10]]
    after = [[50, 50]] * 3
    played = play(encoder, 13, {"a_in_0": [*before, *frames[0], *frames[1], *frames[2], *after]})
    silent = [[0, 0]]
    codes = [[0, 0], [1, 1], [1, 1]], [[0, 0], [0, 0], [1, 1]], [[1, 1], [1, 1], [1, 1]]
    assert played.message == silent * 4 + codes[0] + codes[1] + codes[2]
    activity = played.activity()
    assert activity.events["message"].tolist() == [6, 6]
    assert activity.code_sum == 12
    assert activity.extremes == Interval(-4, 30)
    assert activity.saturations == 0
    assert activity.synops is None


def test_graded_events_are_messages_and_codes_are_summed():
    encoder = ThresholdEncoder(theta=THETA, schedule=Schedule(windows=3))
    played = play(encoder, 4, {"a_in_0": [[5, -5], [9, -4], [-1, 40], [0, 0]]})
    activity = played.activity()
    assert activity.events["message"].tolist() == [2, 2]
    assert activity.code_sum == 2 + 3 + 1 + 3


def test_fewer_bits_than_the_frame_has_steps_for():
    schedule = Schedule(coding="unary", frame_steps=5)
    encoder = ThresholdEncoder(theta=THETA, schedule=schedule)
    played = play(encoder, 10, {"a_in_0": [[9, -2]] + [[0, 0]] * 9})
    assert played.message[5:] == [[1, 0], [1, 1], [1, 1], [0, 0], [0, 0]]


def test_first_elements_of_a_window_have_thresholds_of_their_own():
    theta = np.array([[[10]], [[20]], [[30]]])
    encoder = ThresholdEncoder(theta=theta, schedule=Schedule(window=5, windows=2))
    sums = [[10], [20], [30], [30], [29], [9], [19], [29], [30], [29], [0]]
    played = play(encoder, 11, {"a_in_0": sums})
    assert [code for (code,) in played.message[1:]] == [1, 1, 1, 1, 0, 0, 0, 0, 1, 0]


def test_delay_line_holds_messages_back():
    encoder = ThresholdEncoder(
        theta=np.array([[1, 2, 3]]), schedule=Schedule(windows=3, offset=2, delays={"a_in_0": 2})
    )
    played = play(encoder, 6, {"a_in_0": [[1], [2], [3], [3], [3], [3]]})
    assert [code for (code,) in played.message] == [0, 0, 0, 1, 2, 3]


@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_records_what_was_sent(coding):
    rng = np.random.default_rng(5)
    steps = 3 if coding == "unary" else 1
    schedule = Schedule(coding=coding, frame_steps=steps, window=4, windows=2)
    theta = np.sort(rng.integers(-9, 9, (3, 3)))
    encoder = ThresholdEncoder(theta=theta, schedule=schedule, watch=Watch(record=True))
    sums = rng.integers(-9, 9, (9 * steps, 3))
    played = play(encoder, 9 * steps, {"a_in_0": sums})
    expected = encode(sums[: 8 * steps].reshape(8, steps, 3).sum(axis=1), theta)
    assert np.array_equal(played.values["record"], expected)


def test_keeps_no_records_unless_asked():
    encoder = ThresholdEncoder(theta=THETA, schedule=Schedule(window=3))
    assert encoder.record.shape == (0, 2)
    assert encoder.record not in encoder.results


@pytest.mark.parametrize("name", ["accumulator", "message"])
def test_strict_mode_holds_values_against_their_ranges(name):
    def run(shrunk: int):
        ranges = {"accumulator": Interval(-3, 9), "message": Interval(0, 3)}
        ranges[name] = Interval(ranges[name].lo, ranges[name].hi - shrunk)
        layer = EncoderLayer(name="layer", weight=np.ones((1, 1)), theta=THETA[:1], ranges=ranges)
        encoder = ThresholdEncoder(
            theta=THETA[:1], schedule=Schedule(windows=2), watch=Watch(proof=layer)
        )
        return play(encoder, 3, {"a_in_0": [[-3], [9], [0]]})

    assert run(0).message[2] == [3]
    with pytest.raises(StrictRangeError, match=f"layer: {name} spans"):
        run(1)


def test_without_a_proof_nothing_is_checked():
    encoder = ThresholdEncoder(theta=THETA[:1], schedule=Schedule())
    assert play(encoder, 2, {"a_in_0": [[10**6], [0]]}).message[1] == [3]
