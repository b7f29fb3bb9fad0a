"""Behaviour of the normalised encoder."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import encode_normalised
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, LimbReceiver, NextFrameModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.norm_encoder.process import NormEncoder
from lava_spikyspace.processes.ranges import comparison_sides


@implements(proc=NormEncoder, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyNormEncoderModelFixed(LimbReceiver, NextFrameModel):
    """Fixed-point model of `NormEncoder`."""

    rms_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    rms_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    rms_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    rms_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    theta: IntArray = LavaPyType(np.ndarray, np.int64)
    rms_shift: int = LavaPyType(int, int)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the codes of one element."""
        acc, rms = self.joined(arrived), self.message_at("rms_in", arrived)
        limbs: tuple[int, ...] = self.proc_params["theta_limbs"]
        code = encode_normalised(acc, self.theta, rms, self.rms_shift, limbs)
        self.tally.note_extremes(acc)
        self.check(
            accumulator=acc,
            comparison=lambda: comparison_sides(acc, self.theta, rms, self.rms_shift, limbs),
            message=code,
        )
        return code
