"""Behaviour of the forecast head."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.forecast_head.process import ForecastHead
from lava_spikyspace.processes.framed_model import Arrived, Descaler, SameStepModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.ranges import joined_flat


@implements(proc=ForecastHead, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyForecastHeadModelFixed(Descaler, SameStepModel):
    """Fixed-point model of `ForecastHead`."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    a_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    weight: IntArray = LavaPyType(np.ndarray, np.int64)
    forecast: IntArray = LavaPyType(np.ndarray, np.int64)

    def begin(self) -> None:
        """Make the accumulator, shape (variate, step)."""
        super().begin()
        _, steps, channels = self.forecast.shape
        self.acc = np.zeros((channels, steps), dtype=np.int64)

    def decide(self, position: Position, arrived: Arrived) -> IntArray | None:
        """Add one element; return the forecast at the last element of a window."""
        if position.element == 0:
            self.acc[:] = 0
        x, weight = self.message_at("a_in", arrived), self.weight[:, position.element]
        self.acc += np.outer(x, weight)
        events = sum(np.count_nonzero(limb) for limb in self.limbs_at("a_in", arrived))
        self.tally.count_synops(events * np.count_nonzero(weight))
        if position.element < self.schedule.window - 1:
            return None
        forecast, sums = self.descale(self.acc)
        self.tally.note_extremes(self.acc)
        self.check(accumulator=self.acc, product=lambda: joined_flat(sums), message=forecast)
        self.forecast[position.window] = forecast.T
        return forecast.T
