"""Interface of the diagonal state space."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    FramedProcess,
    Watch,
)
from lava_spikyspace.processes.frames import Schedule


class DiagonalS4d(FramedProcess):
    """Diagonal state space (S4D) with a complex state in two registers, see `arithmetic.s4d`.

    It answers in the step in which its input arrives. The state resets itself at element 0 of each
    window.

    Parameters
    ----------
    decay_real, decay_imag : ndarray, int64, shape (channel, state)
        Complex decay with `decay_bits` fraction bits.
    decay_bits : int
        Fraction bits of the decay.
    left, right : ndarray, int64, shape (channel, state)
        What brings the input to the scale of a state.
    read_real, read_imag : ndarray, int64, shape (channel, state)
        Readout.
    skip : ndarray, int64, shape (channel,)
        Direct path from input to output.
    shift : ndarray, int64, shape (channel,)
        What brings the channel sum to the scale of the current.
    message_bits : int
        Width of the signed current, at which it saturates.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in : InPort, shape (channel,)
        Input.
    message : OutPort, shape (channel,)
        Current.
    real, imag : Var, int64, shape (channel, state)
        State.
    decay_real, decay_imag, decay_bits, left, right, read_real, read_imag, skip, shift : Var
        Parameters.
    message_bits : Var
        Parameter.
    passing_counters : Var, int64
        Counts of what is read of the states, which on a chip is sent from neuron to neuron.
    """

    def __init__(
        self,
        *,
        decay_real: IntArray,
        decay_imag: IntArray,
        decay_bits: int,
        left: IntArray,
        right: IntArray,
        read_real: IntArray,
        read_imag: IntArray,
        skip: IntArray,
        shift: IntArray,
        message_bits: int,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        states = decay_real.shape
        shape = skip.shape
        super().__init__(shape=shape, inputs=("a_in",), schedule=schedule, watch=watch, name=name)
        self.a_in = InPort(shape=shape)
        self.message = OutPort(shape=shape)
        self.add_passing_counters(decay_real.size)
        self.real = Var(shape=states, init=0)
        self.imag = Var(shape=states, init=0)
        self.decay_real = Var(shape=states, init=decay_real)
        self.decay_imag = Var(shape=states, init=decay_imag)
        self.decay_bits = Var(shape=(1,), init=decay_bits)
        self.left = Var(shape=states, init=left)
        self.right = Var(shape=states, init=right)
        self.read_real = Var(shape=states, init=read_real)
        self.read_imag = Var(shape=states, init=read_imag)
        self.skip = Var(shape=shape, init=skip)
        self.shift = Var(shape=shape, init=shift)
        self.message_bits = Var(shape=(1,), init=message_bits)
