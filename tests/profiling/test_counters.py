"""Counts derived from activities; the whole is recounted in tests/test_running.py."""

import numpy as np

from lava_spikyspace.network import Interval
from lava_spikyspace.plan import MESSAGE, make_plan
from lava_spikyspace.profiling.counters import Activity, count_processes, port_events
from tests.random_networks import random_network


def test_merge_adds_events_and_spans_extremes() -> None:
    one = Activity({MESSAGE: np.array([1, 2])}, 3, Interval(-5, 2), 7, 1)
    two = Activity({MESSAGE: np.array([10, 0]), "limb0": np.array([4, 4])}, 10, Interval(0, 9))
    merged = one.merge(two)
    assert merged.events[MESSAGE].tolist() == [11, 2]
    assert merged.events["limb0"].tolist() == [4, 4]
    assert (merged.code_sum, merged.extremes, merged.synops) == (13, Interval(-5, 9), 7)
    assert merged.saturations == 1
    assert Activity().merge(Activity()).extremes is None


def test_events_of_codes_and_messages() -> None:
    codes = np.array([[[-2, 0], [1, 3]]])
    assert port_events(codes, binary=True).tolist() == [3, 3]
    assert port_events(codes, binary=False).tolist() == [2, 1]


def silent(plan) -> dict[str, Activity]:
    """Activities in which nothing was sent."""
    activities = {}
    for process in plan.processes:
        for row, neurons in process.rows:
            nothing = np.zeros(max(neurons, 1), dtype=np.int64)
            ports = (MESSAGE, *plan.ports(process.name))
            activities[row] = Activity(dict.fromkeys(ports, nothing))
    return activities


def test_one_spike_of_an_encoder() -> None:
    network = random_network(2, channels=3, window=4, horizon=1, blocks=1, d_inner=5, d_state=2)
    for coding in ("graded", "unary"):
        plan = make_plan(network, coding)
        activities = silent(plan)
        sent = np.zeros(5, dtype=np.int64)
        sent[3] = 2
        activities["blocks.0.conv.neuron"] = Activity({MESSAGE: sent}, code_sum=2)
        rows = {row.name: row for row in count_processes(plan, activities, windows=2)}
        encoder = rows["blocks.0.conv.neuron"]
        assert (encoder.spikes, encoder.graded_spikes) == ((0, 2) if coding == "graded" else (2, 0))
        levels = 2 ** network["blocks.0.conv"].bits - 1
        assert encoder.firing_rate == 2 / (5 * 2 * 4 * levels)
        assert encoder.neuron_updates == 5 * 2 * 4 * plan.frame_steps
        weights = np.count_nonzero(network["blocks.0.B"].weight[:, 3])
        assert rows["blocks.0.B.synapses"].events_in == 2
        assert rows["blocks.0.B.synapses"].synops == 2 * weights
        assert rows["blocks.0.scan.state"].synops == 2 * 2
        assert rows["blocks.0.scan.output"].synops == 2
        assert rows["blocks.0.B.synapses"].firing_rate is None
