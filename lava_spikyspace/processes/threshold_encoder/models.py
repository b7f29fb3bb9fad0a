"""Behaviour of the threshold encoder."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import encode
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, NextFrameModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.threshold_encoder.process import ThresholdEncoder


@implements(proc=ThresholdEncoder, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyThresholdEncoderModelFixed(NextFrameModel):
    """Fixed-point model of `ThresholdEncoder`."""

    a_in_0: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    theta: IntArray = LavaPyType(np.ndarray, np.int64)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the codes of one element."""
        acc = arrived["a_in_0"]
        row = min(position.element, len(self.theta) - 1)
        code = encode(acc, self.theta[row])
        self.tally.note_extremes(acc)
        self.check(accumulator=acc, message=code)
        return code
