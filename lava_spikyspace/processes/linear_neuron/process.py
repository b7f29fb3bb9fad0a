"""Interface of the linear neuron."""

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


class LinearNeuron(FramedProcess):
    """Values of a projection: ``(acc*mult + add + (1 << (shift - 1))) >> shift``.

    The accumulator is the sum over a frame; the value leaves in the first step of the next frame.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (channel,)
        Descaling; every shift is at least 1.
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
    mult, add, shift : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        mult: IntArray,
        add: IntArray,
        shift: IntArray,
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
