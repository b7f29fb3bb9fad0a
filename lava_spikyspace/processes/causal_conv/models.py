"""Behaviour of the causal convolution."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.causal_conv.process import CausalConv
from lava_spikyspace.processes.framed_model import FramedModel
from lava_spikyspace.processes.frames import Position


@implements(proc=CausalConv, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyCausalConvModelFixed(FramedModel):
    """Fixed-point model of `CausalConv`."""

    s_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    weight: IntArray = LavaPyType(np.ndarray, np.int64)
    a_buff: IntArray = LavaPyType(np.ndarray, np.int64)

    def begin(self) -> None:
        """Make the delay line: one frame of input per tap, the newest last."""
        super().begin()
        channels, taps = self.weight.shape
        self.past = np.zeros((taps, self.schedule.frame_steps, channels), dtype=np.int64)

    def run_step(self) -> None:
        """Send the sums of the step before; weigh what arrives and what comes back."""
        self.a_out.send(self.a_buff)
        self.receive(begins=True)
        position = self.schedule.locate(self.time_step)
        self.a_buff[:] = 0 if position is None else self.convolve(position, self.arrived()["s_in"])

    def convolve(self, position: Position, arrived: IntArray) -> IntArray:
        """Return the weighted sum over the taps for one step of a frame."""
        if position.step == 0:
            self.past[:-1] = self.past[1:]
            if position.element == 0:
                self.past[:] = 0
        self.past[-1, position.step] = arrived
        products = self.past[:, position.step] * self.weight.T
        self.tally.count_synops(np.count_nonzero(products))
        return np.asarray(products.sum(axis=0))
