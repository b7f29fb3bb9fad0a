"""Interface of the residual behind a gated mixer."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    FramedProcess,
    Watch,
)
from lava_spikyspace.processes.frames import Schedule


class GatedResidual(FramedProcess):
    """Residual stream behind a gated mixer: ``saturate(x + ((value*gate + half) >> shift))``.

    It answers in the step in which the last of its messages arrives.

    Parameters
    ----------
    channels : int
        Number of channels.
    gate_shift : int
        Fraction bits of the gate, at least 1.
    residual_bits : int
        Width of the signed residual message, at which it saturates.
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
    residual_in, value_in, gate_in : InPort, shape (channel,)
        Residual stream, value and gate.
    message : OutPort, shape (channel,)
        Residual message behind the mixer.
    limb0, ..., limb3 : OutPort, shape (channel,)
        Its limbs, lowest first; only those that `output_limbs` asks for send anything.
    gate_shift, residual_bits : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        channels: int,
        gate_shift: int,
        residual_bits: int,
        output_limbs: tuple[int, ...] = (),
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = (channels,)
        super().__init__(
            shape=shape,
            inputs=("residual_in", "value_in", "gate_in"),
            output_limbs=output_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.residual_in = InPort(shape=shape)
        self.value_in = InPort(shape=shape)
        self.gate_in = InPort(shape=shape)
        self.message = OutPort(shape=shape)
        self.add_limb_ports(shape)
        self.gate_shift = Var(shape=(1,), init=gate_shift)
        self.residual_bits = Var(shape=(1,), init=residual_bits)
