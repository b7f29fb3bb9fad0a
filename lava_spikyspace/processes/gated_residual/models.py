"""Behaviour of the residual behind a gated mixer."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import saturate
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, LimbSender, SameStepModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.gated_residual.process import GatedResidual


@implements(proc=GatedResidual, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyGatedResidualModelFixed(LimbSender, SameStepModel):
    """Fixed-point model of `GatedResidual`."""

    residual_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    value_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    gate_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    gate_shift: int = LavaPyType(int, int)
    residual_bits: int = LavaPyType(int, int)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the residual messages of one element."""
        product = arrived["value_in"] * arrived["gate_in"] + (1 << (self.gate_shift - 1))
        total = arrived["residual_in"] + (product >> self.gate_shift)
        message = saturate(total, self.residual_bits)
        self.tally.count_saturations(np.count_nonzero(message != total))
        self.tally.note_extremes(message)
        self.check(product=product, message=message)
        return message
