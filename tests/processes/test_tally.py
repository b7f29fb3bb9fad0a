"""Counters in one vector."""

from dataclasses import asdict

import numpy as np

from lava_spikyspace.network import Interval
from lava_spikyspace.processes.tally import Tally, new_counters
from lava_spikyspace.profiling.counters import Activity


def test_everything_lands_in_the_vector_and_comes_back():
    counters = new_counters(("message", "limb0"), 3, counts_synops=True)
    tally = Tally(counters, ("message", "limb0"))
    tally.count_events("message", np.array([0, -2, 1]))
    tally.count_events("message", np.array([0, 0, 1]))
    tally.count_events("limb0", np.array([7, 0, 0]))
    tally.count_codes(np.array([0, -2, 1]))
    tally.count_codes(np.array([0, 0, 1]))
    tally.count_synops(5)
    tally.count_synops(6)
    tally.count_saturations(2)
    tally.count_saturations(1)
    tally.note_extremes(np.array([3, 8]))
    tally.note_extremes(np.array([-1, 5]))
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
    tally.count_events("message", np.array([[1, 0], [0, 3]]))
    assert tally.activity().events["message"].tolist() == [1, 0, 0, 1]
