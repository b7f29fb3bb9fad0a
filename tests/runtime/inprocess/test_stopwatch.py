"""Each process is charged for the time in which its model computes, and for no other."""

import numpy as np
import pytest

pytest.importorskip("lava")

from lava.magma.core.run_configs import Loihi2SimCfg

from lava_spikyspace.runtime.inprocess import InProcessRuntime, building, stopwatch
from lava_spikyspace.runtime.inprocess.channels import Channel, PortAddress
from lava_spikyspace.runtime.inprocess.scheduler import Scheduler, Stalled, Task
from tests.runtime.inprocess.lava_models import models as m


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def work(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(stopwatch, "perf_counter", clock)
    return clock


def timed_scheduler():
    watch = stopwatch.Stopwatch()
    return watch, Scheduler(watch)


def channel(scheduler):
    ends = PortAddress("a", "out"), PortAddress("b", "in")
    return Channel(*ends, shape=(1,), dtype=np.int64, capacity=4, waiter=scheduler)


def test_waiting_is_charged_to_nobody(clock):
    watch, scheduler = timed_scheduler()
    link = channel(scheduler)

    def receives():
        clock.work(1)
        link.recv_port.recv()
        clock.work(2)

    def sends():
        clock.work(10)
        link.send_port.send(np.array([1]))
        clock.work(20)

    names = {"b": receives, "a": sends}
    for _ in range(2):
        scheduler.run([Task(name, watch.timed(name, call)) for name, call in names.items()])
        clock.work(1000)  # between two phases
    assert watch.seconds == {"a": 60, "b": 6}


def test_time_before_a_failure_counts_and_the_watch_goes_on(clock):
    watch, scheduler = timed_scheduler()
    link = channel(scheduler)

    def fails():
        clock.work(3)
        raise ValueError

    def waits():
        clock.work(5)
        link.recv_port.recv()

    with pytest.raises(ValueError):  # noqa: PT011
        scheduler.run([Task("b", watch.timed("b", waits)), Task("a", watch.timed("a", fails))])
    with pytest.raises(Stalled):
        scheduler.run([Task("b", watch.timed("b", waits))])
    assert watch.seconds == {"a": 3, "b": 10}


@pytest.mark.parametrize("order", [1, -1])
def test_every_process_of_a_graph_has_a_time(order, monkeypatch):
    natural = building.running_order
    monkeypatch.setattr(building, "running_order", lambda graph: natural(graph)[::order])
    emitter, recorder = m.EmitterInt32(np.ones((9, 1))), m.RecorderInt64((1,), 9)
    emitter.s_out.connect(recorder.a_in)
    with InProcessRuntime(emitter, Loihi2SimCfg(), time_processes=True) as runtime:
        assert runtime.process_seconds() == {}
        runtime.run(3)
        before = runtime.process_seconds()
        runtime.run(3)
    after = runtime.process_seconds()
    assert set(before) == set(after) == {emitter.name, recorder.name}
    assert all(0 < before[name] < after[name] for name in before)


def test_nothing_is_measured_unless_asked():
    emitter, recorder = m.EmitterInt32(np.ones((9, 1))), m.RecorderInt64((1,), 9)
    emitter.s_out.connect(recorder.a_in)
    with InProcessRuntime(emitter, Loihi2SimCfg()) as runtime:
        runtime.run(3)
        assert runtime.process_seconds() == {}
