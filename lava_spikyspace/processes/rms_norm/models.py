"""Behaviour of the root mean square."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import isqrt, mean_of_squares, shifted_square
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import (
    Arrived,
    LimbSender,
    PassingModel,
    SameStepModel,
)
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.rms_norm.process import RmsNorm


@implements(proc=RmsNorm, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyRmsNormModelFixed(LimbSender, PassingModel, SameStepModel):
    """Fixed-point model of `RmsNorm`."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    eps: int = LavaPyType(int, int)
    root_bits: int = LavaPyType(int, int)
    square_shift: int = LavaPyType(int, int)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the root mean square of the channels."""
        x = self.message_at("a_in", arrived)
        squares = shifted_square(x, self.square_shift)
        total = squares.sum()
        mean = mean_of_squares(total, x.shape[-1], self.eps)
        rms = isqrt(mean << (2 * self.root_bits))[None]
        self.passing_tally.count_message(squares)
        self.tally.note_extremes(total)
        self.check(accumulator=total, state=mean, message=rms)
        return rms
