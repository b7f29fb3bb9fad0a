"""Behaviour of the gate branch."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import encode_normalised, pt_silu
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import (
    Arrived,
    InnerCodes,
    LimbReceiver,
    LimbSender,
    NextFrameModel,
)
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.pt_silu.process import PTSiLU
from lava_spikyspace.processes.ranges import comparison_sides


@implements(proc=PTSiLU, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyPTSiLUModelFixed(LimbReceiver, LimbSender, InnerCodes, NextFrameModel):
    """Fixed-point model of `PTSiLU`."""

    rms_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    rms_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    rms_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    rms_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    theta: IntArray = LavaPyType(np.ndarray, np.int64)
    rms_shift: int = LavaPyType(int, int)
    table: IntArray = LavaPyType(np.ndarray, np.int64)
    frac_bits: int = LavaPyType(int, int)
    exp2_terms: int = LavaPyType(int, int)

    def begin(self) -> None:
        """Evaluate the activation at its few arguments, one per code."""
        super().begin()
        self.activation = pt_silu(self.table, self.frac_bits, self.exp2_terms)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the gate messages of one element."""
        acc, rms = self.joined(arrived), self.message_at("rms_in", arrived)
        limbs: tuple[int, ...] = self.proc_params["theta_limbs"]
        code = encode_normalised(acc, self.theta, rms, self.rms_shift, limbs)
        self.record_inner(position, code)
        message = self.activation[code]
        self.tally.note_extremes(acc)
        self.check(
            accumulator=acc,
            comparison=lambda: comparison_sides(acc, self.theta, rms, self.rms_shift, limbs),
            message=message,
        )
        return message
