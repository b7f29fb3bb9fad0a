"""Behaviour of the projection of messages."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import descale_sum, saturate
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, LimbReceiver, LimbSender, SameStepModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.projection.process import Projection


@implements(proc=Projection, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyProjectionModelFixed(LimbReceiver, LimbSender, SameStepModel):
    """Fixed-point model of `Projection`."""

    mult: IntArray = LavaPyType(np.ndarray, np.int64)
    add: IntArray = LavaPyType(np.ndarray, np.int64)
    shift: IntArray = LavaPyType(np.ndarray, np.int64)
    message_bits: int = LavaPyType(int, int)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the values of one element."""
        acc = self.joined(arrived)
        product = descale_sum(acc, self.mult, self.add, self.shift)
        value = product >> self.shift
        message = saturate(value, self.message_bits)
        self.tally.count_saturations(np.count_nonzero(message != value))
        self.tally.note_extremes(acc)
        self.check(accumulator=acc, product=product, message=message)
        return message
