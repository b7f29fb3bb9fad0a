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
    mult_limbs : tuple of int
        Widths of the low limbs in which the multiplier is taken.
    output_limbs : tuple of int
        Widths of the unsigned low limbs that the value is also sent in.
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
    limb0, ..., limb3 : OutPort, shape (channel,)
        Its limbs, lowest first; only those that `output_limbs` asks for send anything.
    mult, add, shift : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        mult: IntArray,
        add: IntArray,
        shift: IntArray,
        mult_limbs: tuple[int, ...] = (),
        output_limbs: tuple[int, ...] = (),
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = mult.shape
        super().__init__(
            shape=shape,
            inputs=(sum_port(0),),
            mult_limbs=mult_limbs,
            output_limbs=output_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.a_in_0 = InPort(shape=shape)
        self.message = OutPort(shape=shape)
        self.add_limb_ports(shape)
        self.mult = Var(shape=shape, init=mult)
        self.add = Var(shape=shape, init=add)
        self.shift = Var(shape=shape, init=shift)
