"""The event probe counts what another process sends."""

import numpy as np
import pytest

pytest.importorskip("lava.magma.core.decorator")

from lava.proc.io.source import RingBuffer

from lava_spikyspace.backends.simulation import run_config
from lava_spikyspace.processes.event_probe.process import EventProbe
from lava_spikyspace.runtime.inprocess import InProcessRuntime

RNG = np.random.default_rng(2)
MESSAGES = RNG.integers(-1, 3, (6, 2, 3))
FAN_OUTS = [RNG.integers(0, 9, (2, 3)), np.zeros((2, 3), dtype=np.int64)]


@pytest.mark.parametrize("recorded", [0, 4, 6])
def test_counts_and_records(recorded):
    source = RingBuffer(data=np.moveaxis(MESSAGES, 0, -1))
    probe = EventProbe(shape=(2, 3), fan_outs=FAN_OUTS, recorded_steps=recorded, name="probe")
    source.s_out.connect(probe.a_in)
    with InProcessRuntime(source, run_config()) as runtime:
        runtime.run(len(MESSAGES))
        events = (MESSAGES != 0).sum(axis=0)
        expected = [events.sum(), (events * FAN_OUTS[0]).sum(), 0]
        assert runtime.get(probe.counters).tolist() == expected
        np.testing.assert_array_equal(runtime.get(probe.record), MESSAGES[:recorded])


def test_without_receivers():
    source = RingBuffer(data=np.moveaxis(MESSAGES, 0, -1))
    probe = EventProbe(shape=(2, 3), fan_outs=(), recorded_steps=0)
    source.s_out.connect(probe.a_in)
    with InProcessRuntime(source, run_config()) as runtime:
        runtime.run(2)
        assert runtime.get(probe.counters).tolist() == [np.count_nonzero(MESSAGES[:2])]
