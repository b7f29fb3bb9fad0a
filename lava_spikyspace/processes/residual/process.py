"""Interface of the residual neuron."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    WHOLE,
    FramedProcess,
    MessageLimbs,
    Watch,
    sum_ports,
)
from lava_spikyspace.processes.frames import Schedule


class Residual(FramedProcess):
    """Residual stream behind an output projection: descale, add, saturate.

    ``saturate(x + descale(acc))``; it answers in the step in which the sums arrive.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (channel,)
        Descaling; every shift is at least 1.
    mult_limbs : tuple of int
        Widths of the low limbs in which the multiplier is taken.
    residual_bits : int
        Width of the signed residual message, at which it saturates.
    limbs : tuple of int
        Widths of the unsigned low limbs that its input went through the synapses in.
    message_limbs : mapping of str to tuple of int
        In ports at which a wide message arrives in limbs.
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
    residual_in : InPort, shape (channel,)
        Residual message before this block; further limbs at ``residual_in_1, ...``.
    message : OutPort, shape (channel,)
        Residual message behind it.
    limb0, ..., limb3 : OutPort, shape (channel,)
        Its limbs, lowest first; only those that `output_limbs` asks for send anything.
    mult, add, shift, residual_bits : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        mult: IntArray,
        add: IntArray,
        shift: IntArray,
        residual_bits: int,
        mult_limbs: tuple[int, ...] = (),
        limbs: tuple[int, ...] = (),
        message_limbs: MessageLimbs = WHOLE,
        output_limbs: tuple[int, ...] = (),
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = mult.shape
        super().__init__(
            shape=shape,
            inputs=(*sum_ports(limbs), "residual_in"),
            limbs=limbs,
            mult_limbs=mult_limbs,
            message_limbs=message_limbs,
            output_limbs=output_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.add_sum_ports(shape)
        self.add_message_ports("residual_in", shape)
        self.message = OutPort(shape=shape)
        self.add_limb_ports(shape)
        self.mult = Var(shape=shape, init=mult)
        self.add = Var(shape=shape, init=add)
        self.shift = Var(shape=shape, init=shift)
        self.residual_bits = Var(shape=(1,), init=residual_bits)
