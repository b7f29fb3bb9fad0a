"""Behaviour of the linear neuron."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, Descaler, LimbSender, NextFrameModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.linear_neuron.process import LinearNeuron
from lava_spikyspace.processes.ranges import joined_flat


@implements(proc=LinearNeuron, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyLinearNeuronModelFixed(Descaler, LimbSender, NextFrameModel):
    """Fixed-point model of `LinearNeuron`."""

    a_in_0: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the values of one element."""
        acc = arrived["a_in_0"]
        value, sums = self.descale(acc)
        self.tally.note_extremes(acc)
        self.check(accumulator=acc, product=lambda: joined_flat(sums), message=value)
        return value
