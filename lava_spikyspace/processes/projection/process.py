"""Interface of the projection of messages."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    FramedProcess,
    Watch,
    sum_ports,
)
from lava_spikyspace.processes.frames import Schedule


class Projection(FramedProcess):
    """Values of a projection of messages: descale and saturate.

    It answers in the step in which the sums arrive.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (channel,)
        Descaling; every shift is at least 1.
    message_bits : int
        Width of the signed message, at which it saturates.
    limbs : tuple of int
        Widths of the unsigned low limbs that its input went through the synapses in.
    output_limbs : tuple of int
        Widths of the unsigned low limbs that the message is also sent in.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in_0, ..., a_in_3 : InPort, shape (channel,)
        Sums of the synapses, by limb, lowest first.
    message : OutPort, shape (channel,)
        The value.
    limb0, ..., limb3 : OutPort, shape (channel,)
        Its limbs, lowest first; only those that `output_limbs` asks for send anything.
    mult, add, shift, message_bits : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        mult: IntArray,
        add: IntArray,
        shift: IntArray,
        message_bits: int,
        limbs: tuple[int, ...] = (),
        output_limbs: tuple[int, ...] = (),
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = mult.shape
        super().__init__(
            shape=shape,
            inputs=sum_ports(limbs),
            limbs=limbs,
            output_limbs=output_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.add_sum_ports(shape)
        self.message = OutPort(shape=shape)
        self.add_limb_ports(shape)
        self.mult = Var(shape=shape, init=mult)
        self.add = Var(shape=shape, init=add)
        self.shift = Var(shape=shape, init=shift)
        self.message_bits = Var(shape=(1,), init=message_bits)
