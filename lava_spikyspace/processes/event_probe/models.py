"""Behaviour of the event probe."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.process import ProcessParameters
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.event_probe.process import EventProbe


@implements(proc=EventProbe, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyEventProbeModel(PyLoihiProcessModel):
    """Fixed-point model of `EventProbe`."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    counters: IntArray = LavaPyType(np.ndarray, np.int64)
    record: npt.NDArray[np.int32] = LavaPyType(np.ndarray, np.int32)

    def __init__(self, proc_params: ProcessParameters) -> None:
        super().__init__(proc_params)
        self.fan_outs: tuple[IntArray, ...] = proc_params["fan_outs"]

    def run_spk(self) -> None:
        """Count, and keep, the messages of one time step."""
        message = self.a_in.recv()
        is_event = message != 0
        self.counters[0] += np.count_nonzero(is_event)
        for receiver, fan_out in enumerate(self.fan_outs, start=1):
            self.counters[receiver] += fan_out[is_event].sum()
        if self.time_step <= len(self.record):
            self.record[self.time_step - 1] = message
