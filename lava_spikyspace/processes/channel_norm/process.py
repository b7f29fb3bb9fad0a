"""Interface of the affine normalisation."""

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


class ChannelNorm(FramedProcess):
    """Affine map of each channel: ``saturate((x*mult + add + half) >> shift)``.

    It answers in the step in which the message arrives.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (channel,)
        Descaling; every shift is at least 1.
    message_bits : int
        Width of the signed message, at which it saturates.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in : InPort, shape (channel,)
        Residual messages.
    message : OutPort, shape (channel,)
        Normalised messages.
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
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = mult.shape
        super().__init__(shape=shape, inputs=("a_in",), schedule=schedule, watch=watch, name=name)
        self.a_in = InPort(shape=shape)
        self.message = OutPort(shape=shape)
        self.mult = Var(shape=shape, init=mult)
        self.add = Var(shape=shape, init=add)
        self.shift = Var(shape=shape, init=shift)
        self.message_bits = Var(shape=(1,), init=message_bits)
