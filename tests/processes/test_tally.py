"""Counters in one vector."""

from dataclasses import asdict

import numpy as np

from lava_spikyspace.network import Interval
from lava_spikyspace.processes.tally import Tally, new_counters
from lava_spikyspace.profiling.counters import Activity


def test_everything_lands_in_the_vector_and_comes_back():
    counters = new_counters(("message", "limb0"), 3, counts_synops=True)
    tally = Tally(counters, ("message", "limb0"), coded=True)
    tally.count_message(np.array([0, -2, 1]), np.array([7, 0, 0]))
    tally.count_message(np.array([0, 0, 1]), np.array([0, 0, 0]))
    tally.count_synops(5)
    tally.count_synops(6)
    tally.count_saturations(2)
    tally.count_saturations(1)
    tally.note_extremes(np.array([3, 8]))
    tally.note_extremes(np.array([-1, 5]))
    tally.settle()
    activity = Tally(counters.copy(), ("message", "limb0")).activity()
    assert {port: events.tolist() for port, events in activity.events.items()} == {
        "message": [0, 1, 2],
        "limb0": [1, 0, 0],
    }
    assert activity.code_sum == 4
    assert activity.synops == 11
    assert activity.saturations == 3
    assert activity.extremes == Interval(-1, 8)


def test_nothing_counted():
    counters = new_counters((), 4)
    activity = Tally(counters, ()).activity()
    assert asdict(activity) == asdict(Activity())
    assert Tally(new_counters((), 4, counts_synops=True), ()).activity().synops == 0


def test_counters_survive_the_float64_that_lava_reads_them_as():
    counters = new_counters(("message",), 2)
    assert np.array_equal(counters.astype(np.float64).astype(np.int64), counters)
    assert np.abs(counters).max() < 2**53


def test_events_of_a_message_of_two_dimensions_are_counted_by_neuron():
    counters = new_counters(("message",), 4)
    tally = Tally(counters, ("message",))
    tally.count_message(np.array([[1, 0], [0, 3]]))
    assert tally.activity().events["message"].tolist() == [1, 0, 0, 1]


def test_any_number_of_messages_is_counted_once():
    """More than are kept back at a time, and a part of the next bunch."""
    rng = np.random.default_rng(3)
    messages, values = rng.integers(-3, 4, (150, 5)), rng.integers(-9, 9, (150, 2))
    tally = Tally(new_counters(("message",), 5), ("message",), coded=True)
    for message, value in zip(messages, values, strict=True):
        tally.count_message(message)
        tally.note_extremes(value)
        message[:] = 7  # what was counted is no longer looked at
    for _ in range(2):  # settling again adds nothing
        tally.settle()
    again = np.random.default_rng(3).integers(-3, 4, (150, 5))
    activity = tally.activity()
    assert activity.events["message"].tolist() == np.count_nonzero(again, axis=0).tolist()
    assert activity.code_sum == np.abs(again).sum()
    assert activity.extremes == Interval.of(values)


def test_what_leaves_a_row_without_codes_is_not_added_up():
    tally = Tally(new_counters(("message",), 2), ("message",))
    tally.count_message(np.array([3, 0]))
    assert tally.activity().code_sum == 0
