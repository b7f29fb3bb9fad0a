"""Behaviour of the classification head."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import descale, descale_sum
from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.classification_head.process import ClassificationHead
from lava_spikyspace.processes.framed_model import Arrived, LimbReceiver, SameStepModel
from lava_spikyspace.processes.frames import Position


@implements(proc=ClassificationHead, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyClassificationHeadModelFixed(LimbReceiver, SameStepModel):
    """Fixed-point model of `ClassificationHead`."""

    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    mult: IntArray = LavaPyType(np.ndarray, np.int64)
    add: IntArray = LavaPyType(np.ndarray, np.int64)
    shift: IntArray = LavaPyType(np.ndarray, np.int64)
    forecast: IntArray = LavaPyType(np.ndarray, np.int64)

    def begin(self) -> None:
        """Make the accumulator."""
        super().begin()
        self.acc = np.zeros(self.mult.shape, dtype=np.int64)

    def decide(self, position: Position, arrived: Arrived) -> IntArray | None:
        """Add one element; return the logits at the last element of a window."""
        if position.element == 0:
            self.acc[:] = 0
        self.acc += self.joined(arrived)
        if position.element < self.schedule.window - 1:
            return None
        logits = descale(self.acc, self.mult, self.add, self.shift)[None]
        self.tally.note_extremes(self.acc)
        self.check(
            accumulator=self.acc,
            product=lambda: descale_sum(self.acc, self.mult, self.add, self.shift),
            message=logits,
        )
        self.forecast[position.window] = logits
        return logits
