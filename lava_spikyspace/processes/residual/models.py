"""Behaviour of the residual neuron."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import saturate
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import (
    Arrived,
    Descaler,
    LimbReceiver,
    LimbSender,
    SameStepModel,
)
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.ranges import joined_flat
from lava_spikyspace.processes.residual.process import Residual


@implements(proc=Residual, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyResidualModelFixed(Descaler, LimbReceiver, LimbSender, SameStepModel):
    """Fixed-point model of `Residual`."""

    residual_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    residual_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    residual_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    residual_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    residual_bits: int = LavaPyType(int, int)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the residual messages of one element."""
        acc = self.joined(arrived)
        value, sums = self.descale(acc)
        total = self.message_at("residual_in", arrived) + value
        message = saturate(total, self.residual_bits)
        self.tally.count_saturations(np.count_nonzero(message != total))
        self.tally.note_extremes(acc)
        self.check(accumulator=acc, product=lambda: joined_flat(sums), message=message)
        return message
