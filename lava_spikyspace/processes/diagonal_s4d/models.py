"""Behaviour of the diagonal state space."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic.s4d import s4d_step
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.diagonal_s4d.process import DiagonalS4d
from lava_spikyspace.processes.framed_model import Arrived, PassingModel, SameStepModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.spike_ssm.layers import S4dLayer


@implements(proc=DiagonalS4d, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyDiagonalS4dModelFixed(PassingModel, SameStepModel):
    """Fixed-point model of `DiagonalS4d`."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    real: IntArray = LavaPyType(np.ndarray, np.int64)
    imag: IntArray = LavaPyType(np.ndarray, np.int64)
    decay_real: IntArray = LavaPyType(np.ndarray, np.int64)
    decay_imag: IntArray = LavaPyType(np.ndarray, np.int64)
    decay_bits: int = LavaPyType(int, int)
    left: IntArray = LavaPyType(np.ndarray, np.int64)
    right: IntArray = LavaPyType(np.ndarray, np.int64)
    read_real: IntArray = LavaPyType(np.ndarray, np.int64)
    read_imag: IntArray = LavaPyType(np.ndarray, np.int64)
    skip: IntArray = LavaPyType(np.ndarray, np.int64)
    shift: IntArray = LavaPyType(np.ndarray, np.int64)
    message_bits: int = LavaPyType(int, int)

    def begin(self) -> None:
        """Gather the parameters for the arithmetic."""
        super().begin()
        self.parameters = S4dLayer(
            name="s4d",
            decay_real=self.decay_real,
            decay_imag=self.decay_imag,
            decay_bits=self.decay_bits,
            left=self.left,
            right=self.right,
            read_real=self.read_real,
            read_imag=self.read_imag,
            skip=self.skip,
            shift=self.shift,
            message_bits=self.message_bits,
            elements=self.schedule.window,
        )

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Advance the states by one element; return the currents."""
        if position.element == 0:
            self.real[:] = 0
            self.imag[:] = 0
        step = s4d_step(self.parameters, self.real, self.imag, arrived["a_in"])
        self.real[:] = step.real
        self.imag[:] = step.imag
        self.passing_tally.count_message(step.read)
        self.tally.count_saturations(np.count_nonzero(step.message != step.current))
        self.tally.note_extremes(step.total)
        self.check(
            product=lambda: np.stack([step.product_real, step.product_imag]),
            state=lambda: np.stack([step.real, step.imag]),
            accumulator=step.total,
            message=step.message,
        )
        return step.message
