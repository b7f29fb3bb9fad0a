"""Behaviour of the selective scan."""

from __future__ import annotations

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.arithmetic import scan_step
from lava_spikyspace.network import IntArray, ScanLayer
from lava_spikyspace.processes.framed_model import (
    Arrived,
    InnerCodes,
    NextFrameModel,
    PassingModel,
)
from lava_spikyspace.processes.frames import Position
from lava_spikyspace.processes.selective_scan.process import SelectiveScan


@implements(proc=SelectiveScan, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PySelectiveScanModelFixed(InnerCodes, PassingModel, NextFrameModel):
    """Fixed-point model of `SelectiveScan`."""

    codes_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    delta_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    b_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    b_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    b_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    b_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    c_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    c_in_1: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    c_in_2: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    c_in_3: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int64)
    message: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32, precision=24)
    state: IntArray = LavaPyType(np.ndarray, np.int64)
    left: IntArray = LavaPyType(np.ndarray, np.int64)
    right: IntArray = LavaPyType(np.ndarray, np.int64)
    gain: IntArray = LavaPyType(np.ndarray, np.int64)
    gain_shift: int = LavaPyType(int, int)
    level: IntArray = LavaPyType(np.ndarray, np.int64)
    theta_state: IntArray = LavaPyType(np.ndarray, np.int64)
    state_offset: IntArray = LavaPyType(np.ndarray, np.int64)
    skip: IntArray = LavaPyType(np.ndarray, np.int64)
    theta: IntArray = LavaPyType(np.ndarray, np.int64)
    PASSES_CODES = True

    def begin(self) -> None:
        """Gather the parameters for the arithmetic."""
        super().begin()
        self.parameters = ScanLayer(
            name="scan",
            left=self.left,
            right=self.right,
            gain=self.gain,
            gain_shift=self.gain_shift,
            level=self.level,
            theta_state=self.theta_state,
            state_offset=self.state_offset,
            skip=self.skip,
            theta=self.theta,
        )

    def decide(self, position: Position, arrived: Arrived) -> IntArray:
        """Advance the states by one element; return the signed codes."""
        step = scan_step(
            self.parameters,
            None if position.element == 0 else self.state,
            arrived["codes_in"],
            arrived["delta_in"],
            self.message_at("b_in", arrived),
            self.message_at("c_in", arrived),
            element=position.element,
        )
        self.state[:] = step.state
        self.record_inner(position, step.state)
        self.passing_tally.count_message(step.state)
        self.passing_tally.note_extremes(step.potential)
        self.tally.note_extremes(step.total)
        self.check(
            drive=step.drive, state=step.potential, accumulator=step.total, message=step.code
        )
        return step.code
