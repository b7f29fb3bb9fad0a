"""Behaviour of the root mean square."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import root_mean_square
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, SameStepModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.rms_norm.process import RmsNorm


@implements(proc=RmsNorm, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyRmsNormModelFixed(SameStepModel):
    """Fixed-point model of `RmsNorm`."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    eps: int = LavaPyType(int, int)
    root_bits: int = LavaPyType(int, int)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the root mean square of the channels."""
        x = arrived["a_in"]
        rms = root_mean_square(x, self.eps, self.root_bits)[None]
        squares = (x * x).sum()
        self.tally.note_extremes(squares)
        self.check(
            accumulator=squares,
            state=lambda: (squares // len(x) + self.eps) << (2 * self.root_bits),
            message=rms,
        )
        return rms
