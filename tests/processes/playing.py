"""One process alone: given arrays arrive at its in ports, and everything it sends is heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.io.sink import PyReceiveModelFixed
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import PySendModelFixed
from lava.proc.io.source import RingBuffer as Source

from lava_spikyspace.backends.simulation import MODEL_TAG
from lava_spikyspace.processes.framed_process import FramedProcess
from lava_spikyspace.processes.tally import Tally
from lava_spikyspace.profiling.counters import Activity
from lava_spikyspace.runtime.inprocess import InProcessRuntime


@dataclass(frozen=True)
class Played:
    """What a process did.

    Attributes
    ----------
    sent : dict of str to ndarray, shape (step, channel)
        By out port.
    values : dict of str to ndarray
        Vars after the last step.
    event_ports : tuple of str
        Ports whose events it counts.
    """

    sent: dict[str, np.ndarray]
    values: dict[str, Any]
    event_ports: tuple[str, ...]

    @property
    def message(self) -> list:
        """What left the port ``message``, step by step."""
        return self.sent["message"].tolist()

    def activity(self, counters: str = "counters") -> Activity:
        return Tally(self.values[counters], self.event_ports).activity()


def play(
    process: FramedProcess,
    steps: int,
    arriving: Mapping[str, Any] | None = None,
    listen: tuple[str, ...] = ("message",),
) -> Played:
    """Run a process for some steps; `arriving` has one row per step for each in port."""
    # Lava would load every module beside these processes to find their models.
    models: dict[Any, type] = {}
    for port, rows in (arriving or {}).items():
        data = np.moveaxis(np.asarray(rows), 0, -1)
        if data.shape[-1] != steps:
            raise ValueError(f"{port}: {data.shape[-1]} rows for {steps} steps")
        source = Source(data=data)
        source.s_out.connect(getattr(process, port))
        models[source] = PySendModelFixed
    sinks = {}
    for port in listen:
        sender = getattr(process, port)
        sinks[port] = Sink(shape=sender.shape, buffer=steps)
        sender.connect(sinks[port].a_in)
        models[sinks[port]] = PyReceiveModelFixed
    run_cfg = Loihi2SimCfg(select_tag=MODEL_TAG, exception_proc_model_map=models)
    with InProcessRuntime(process, run_cfg) as runtime:
        runtime.run(steps)
        sent = {port: np.moveaxis(runtime.get(sink.data), -1, 0) for port, sink in sinks.items()}
        values = {var.name: runtime.get(var) for var in process.vars}
    return Played(sent, values, process.event_ports)
