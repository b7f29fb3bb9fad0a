"""Behaviour of the window source."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_model import Arrived, LimbSender, SameStepModel
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.window_source.process import WindowSource


@implements(proc=WindowSource, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyWindowSourceModelFixed(LimbSender, SameStepModel):
    """Fixed-point model of `WindowSource`."""

    windows: IntArray = LavaPyType(np.ndarray, np.int64)

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Return the messages of one element."""
        message: IntArray = self.windows[position.window, position.element]
        self.tally.note_extremes(message)
        self.check(message=message)
        return message
