"""Behaviour of the power-of-two sigmoid."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import descale_sum
from lava_spikyspace.arithmetic.activations import pt_sigmoid
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, NextFrameModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.pt_sigmoid.process import PTSigmoid


@implements(proc=PTSigmoid, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyPTSigmoidModelFixed(NextFrameModel):
    """Fixed-point model of `PTSigmoid`."""

    a_in_0: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    mult: IntArray = LavaPyType(np.ndarray, np.int64)
    add: IntArray = LavaPyType(np.ndarray, np.int64)
    shift: IntArray = LavaPyType(np.ndarray, np.int64)
    frac_bits: int = LavaPyType(int, int)
    exp2_terms: int = LavaPyType(int, int)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the values of one element."""
        acc = arrived["a_in_0"]
        product = descale_sum(acc, self.mult, self.add, self.shift)
        x = product >> self.shift
        value = pt_sigmoid(x, self.frac_bits, self.exp2_terms)
        self.tally.note_extremes(acc)
        self.check(accumulator=acc, product=product, state=x, message=value)
        return value
