"""Behaviour of the gating product."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, LimbSender, NextFrameModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.product.process import Product


@implements(proc=Product, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyProductModelFixed(LimbSender, NextFrameModel):
    """Fixed-point model of `Product`."""

    scan_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    gate_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    gate_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    gate_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    gate_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the gated codes of one element."""
        message = arrived["scan_in"] * self.message_at("gate_in", arrived)
        self.tally.note_extremes(message)
        self.check(message=message)
        return message
