"""Behaviour of the step size branch."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import encode, pt_softplus
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, InnerCodes, NextFrameModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.pt_softplus.process import PTSoftplus


@implements(proc=PTSoftplus, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyPTSoftplusModelFixed(InnerCodes, NextFrameModel):
    """Fixed-point model of `PTSoftplus`."""

    a_in_0: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    theta: IntArray = LavaPyType(np.ndarray, np.int64)
    table: IntArray = LavaPyType(np.ndarray, np.int64)
    frac_bits: int = LavaPyType(int, int)
    exp2_terms: int = LavaPyType(int, int)
    theta_out: IntArray = LavaPyType(np.ndarray, np.int64)

    def begin(self) -> None:
        """Evaluate the activation at its few arguments, one per inner code."""
        super().begin()
        self.activation = pt_softplus(self.table, self.frac_bits, self.exp2_terms)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the step size codes of one element."""
        acc = arrived["a_in_0"]
        inner = encode(acc, self.theta)
        self.record_inner(position, inner)
        value = self.activation[inner]
        code = encode(value, self.theta_out)
        self.tally.note_extremes(acc)
        self.check(accumulator=acc, state=value, message=code)
        return code
