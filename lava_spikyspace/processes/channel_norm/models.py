"""Behaviour of the affine normalisation."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import descale_sum, saturate
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.channel_norm.process import ChannelNorm
from lava_spikyspace.processes.framed_model import Arrived, SameStepModel
from lava_spikyspace.processes.frames import Position


@implements(proc=ChannelNorm, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyChannelNormModelFixed(SameStepModel):
    """Fixed-point model of `ChannelNorm`."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    mult: IntArray = LavaPyType(np.ndarray, np.int64)
    add: IntArray = LavaPyType(np.ndarray, np.int64)
    shift: IntArray = LavaPyType(np.ndarray, np.int64)
    message_bits: int = LavaPyType(int, int)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the normalised messages of one element."""
        product = descale_sum(arrived["a_in"], self.mult, self.add, self.shift)
        value = product >> self.shift
        message = saturate(value, self.message_bits)
        self.tally.count_saturations(np.count_nonzero(message != value))
        self.tally.note_extremes(message)
        self.check(product=product, message=message)
        return message
