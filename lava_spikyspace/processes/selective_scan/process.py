"""Interface of the selective scan."""

from __future__ import annotations

import numpy as np
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    WHOLE,
    FramedProcess,
    MessageLimbs,
    Watch,
)
from lava_spikyspace.processes.frames import Schedule


class SelectiveScan(FramedProcess):
    """Spiking selective scan: power-of-two decay of state codes, see `arithmetic.scan_step`.

    It integrates the codes of a frame, advances all states by one element and sends the signed
    code of each channel in the next frame. The state resets itself at element 0 of each window.

    Parameters
    ----------
    left, right : ndarray, int64, shape (delta_code, channel, state)
        Decay exponents >= 0.
    gain : ndarray, int64, shape (delta_code, code)
        Input gain per unit of B, with `gain_shift` fraction bits.
    gain_shift : int
        Fraction bits of `gain`.
    level : ndarray, int64, shape (state_code,)
        Value of each state code.
    state_offset : ndarray, int64, shape (row,), optional
        Offset of levels and thresholds at the first elements of a window; by default 0.
    theta_state : ndarray, int64, shape (state_j,)
        Ascending thresholds of the state.
    skip : ndarray, int64, shape (code, channel)
        Direct path from the input code to the output.
    theta : ndarray, int64, shape (channel, j)
        Ascending thresholds of the signed output code.
    message_limbs : mapping of str to tuple of int
        In ports at which a wide message arrives in limbs.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    codes_in : InPort, shape (channel,)
        Codes of the convolution.
    delta_in : InPort, shape (channel,)
        Codes of the step size.
    b_in, c_in : InPort, shape (state,)
        Values of B and C, once per frame; further limbs of wide ones at ``b_in_1, ...``.
    message : OutPort, shape (channel,)
        The signed code: spikes that carry its sign (``unary``) or one message (``graded``).
    state : Var, int64, shape (channel, state)
        State codes.
    left, right, gain, gain_shift, level, theta_state, state_offset, skip, theta : Var
        Parameters.
    passing_counters : Var, int64
        Counts of the state codes, see `processes.tally`.
    inner_record : Var, int64, shape (frame, channel * state)
        State codes; no frames unless recorded.
    """

    INNER = "state"

    def __init__(
        self,
        *,
        left: IntArray,
        right: IntArray,
        gain: IntArray,
        gain_shift: int,
        level: IntArray,
        theta_state: IntArray,
        state_offset: IntArray | None = None,
        skip: IntArray,
        theta: IntArray,
        message_limbs: MessageLimbs = WHOLE,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        _, channels, states = left.shape
        super().__init__(
            shape=(channels,),
            inputs=("codes_in", "delta_in", "b_in", "c_in"),
            bits=theta.shape[1].bit_length(),
            message_limbs=message_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.add_inner_record(channels * states)
        self.add_passing_counters(channels * states)
        self.codes_in = InPort(shape=(channels,))
        self.delta_in = InPort(shape=(channels,))
        self.add_message_ports("b_in", (states,))
        self.add_message_ports("c_in", (states,))
        self.message = OutPort(shape=(channels,))
        self.state = Var(shape=(channels, states), init=0)
        self.left = Var(shape=left.shape, init=left)
        self.right = Var(shape=right.shape, init=right)
        self.gain = Var(shape=gain.shape, init=gain)
        self.gain_shift = Var(shape=(1,), init=gain_shift)
        self.level = Var(shape=level.shape, init=level)
        self.theta_state = Var(shape=theta_state.shape, init=theta_state)
        offset = np.zeros(1, dtype=np.int64) if state_offset is None else state_offset
        self.state_offset = Var(shape=offset.shape, init=offset)
        self.skip = Var(shape=skip.shape, init=skip)
        self.theta = Var(shape=theta.shape, init=theta)
