"""Interface of the power-of-two sigmoid."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    FramedProcess,
    Watch,
    sum_port,
)
from lava_spikyspace.processes.frames import Schedule


class PTSigmoid(FramedProcess):
    """Power-of-two sigmoid of a projection of spikes, see `arithmetic.activations.pt_sigmoid`.

    The accumulator is the sum over a frame; the value leaves in the first step of the next frame.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (channel,)
        Descaling to the argument; every shift is at least 1.
    frac_bits : int
        Fraction bits of argument and value.
    exp2_terms : int
        Terms of the shift-and-add power of two.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in_0 : InPort, shape (channel,)
        Sums of the synapses.
    message : OutPort, shape (channel,)
        The value.
    mult, add, shift, frac_bits, exp2_terms : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        mult: IntArray,
        add: IntArray,
        shift: IntArray,
        frac_bits: int,
        exp2_terms: int,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = mult.shape
        super().__init__(
            shape=shape, inputs=(sum_port(0),), schedule=schedule, watch=watch, name=name
        )
        self.a_in_0 = InPort(shape=shape)
        self.message = OutPort(shape=shape)
        self.mult = Var(shape=shape, init=mult)
        self.add = Var(shape=shape, init=add)
        self.shift = Var(shape=shape, init=shift)
        self.frac_bits = Var(shape=(1,), init=frac_bits)
        self.exp2_terms = Var(shape=(1,), init=exp2_terms)
