"""Interface of the root mean square."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    WHOLE,
    FramedProcess,
    MessageLimbs,
    Watch,
)
from lava_spikyspace.processes.frames import Schedule


class RmsNorm(FramedProcess):
    """Root mean square of the residual: ``isqrt((sum(x*x >> 2*s) // C + eps) << 2*root_bits)``.

    It answers in the step in which the residual arrives.

    Parameters
    ----------
    channels : int
        Channels C that the mean goes over.
    eps : int
        Stabiliser in units of ``2**(-2*(f - s))``, f the fraction bits of the residual.
    root_bits : int
        Extra fraction bits of the root.
    square_shift : int
        s: low bits of a residual that only correct the square of the others.
    message_limbs : mapping of str to tuple of int
        In ports at which a wide message arrives in limbs.
    output_limbs : tuple of int
        Widths of the unsigned low limbs that the root is also sent in.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in : InPort, shape (channel,)
        Residual messages; further limbs of wide ones at ``a_in_1, ..., a_in_3``.
    message : OutPort, shape (1,)
        The root, with ``f - s + root_bits`` fraction bits.
    limb0, ..., limb3 : OutPort, shape (1,)
        Its limbs, lowest first; only those that `output_limbs` asks for send anything.
    eps, root_bits, square_shift : Var
        Parameters.
    passing_counters : Var, int64
        Counts of the squares, which on a chip are sent from neuron to neuron.
    """

    def __init__(
        self,
        *,
        channels: int,
        eps: int,
        root_bits: int,
        square_shift: int = 0,
        message_limbs: MessageLimbs = WHOLE,
        output_limbs: tuple[int, ...] = (),
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        super().__init__(
            shape=(1,),
            inputs=("a_in",),
            message_limbs=message_limbs,
            output_limbs=output_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.add_message_ports("a_in", (channels,))
        self.message = OutPort(shape=(1,))
        self.add_limb_ports((1,))
        self.add_passing_counters(channels)
        self.eps = Var(shape=(1,), init=eps)
        self.root_bits = Var(shape=(1,), init=root_bits)
        self.square_shift = Var(shape=(1,), init=square_shift)
