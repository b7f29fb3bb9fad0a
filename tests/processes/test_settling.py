"""Counts are kept back while models run; whoever reads a Var finds them complete."""

import numpy as np
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.source import PySendModelFixed
from lava.proc.io.source import RingBuffer as Source
from lava.proc.monitor.models import PyMonitorModel
from lava.proc.monitor.process import Monitor

from lava_spikyspace.backends.simulation import MODEL_TAG
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.product.process import Product
from lava_spikyspace.processes.tally import Tally
from lava_spikyspace.runtime.inprocess import InProcessRuntime

STEPS = 7


def fed_product():
    """A product of ones, and the models to run it: two events in each step after the first."""
    product = Product(channels=2, schedule=Schedule(window=STEPS, windows=1))
    models = {}
    for port in ("scan_in", "gate_in"):
        source = Source(data=np.ones((2, STEPS)))
        source.s_out.connect(getattr(product, port))
        models[source] = PySendModelFixed
    return product, models


def run_cfg(models):
    return Loihi2SimCfg(select_tag=MODEL_TAG, exception_proc_model_map=models)


def events(counters):
    tally = Tally(np.asarray(counters, dtype=np.int64), ("message",))
    return int(tally.activity().events["message"].sum())


def test_between_runs():
    product, models = fed_product()
    with InProcessRuntime(product, run_cfg(models)) as runtime:
        seen = []
        for steps in (1, 2, 1):
            runtime.run(steps)
            seen.append(events(runtime.get(product.counters)))
        runtime.set(product.counters, np.zeros(product.counters.shape))
        runtime.run(2)
        assert seen == [0, 4, 6]
        assert events(runtime.get(product.counters)) == 4


def test_a_monitor_reads_them_in_every_step():
    product, models = fed_product()
    monitor = Monitor()
    monitor.probe(product.counters, STEPS)
    models[monitor] = PyMonitorModel
    with InProcessRuntime(product, run_cfg(models)) as runtime:
        runtime.run(STEPS)
        rows = monitor.get_data()[product.name]["counters"]
        assert [events(row) for row in rows] == [0, 2, 4, 6, 8, 10, 12]
