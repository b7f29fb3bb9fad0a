"""Interface of the gate branch."""

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


class PTSiLU(FramedProcess):
    """Gate branch: a code that stays inside, and the shift-based SiLU of its value as message.

    ``q = count((acc << rms_shift) >= theta_j * rms)``; the message is ``PTSiLU(table[q])``. It
    leaves in the first step of the next frame.

    Parameters
    ----------
    theta : ndarray, int64, shape (channel, j)
        Ascending thresholds of ``acc / rms`` with `rms_shift` fraction bits.
    rms_shift : int
        Fraction bits of the comparison.
    table : ndarray, int64, shape (code,)
        Value of each code in fixed point with `frac_bits`.
    frac_bits : int
        Fraction bits of the table and of the message.
    exp2_terms : int
        Terms of the shift-and-add power of two.
    limbs : tuple of int
        Widths of the unsigned low limbs that its input went through the synapses in.
    theta_limbs : tuple of int
        Widths of the low limbs in which thresholds are multiplied.
    message_limbs : mapping of str to tuple of int
        In ports at which a wide message arrives in limbs.
    output_limbs : tuple of int
        Widths of the unsigned low limbs that the gate is also sent in.
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
    rms_in : InPort, shape (1,)
        Root mean square, once per frame; further limbs at ``rms_in_1, ..., rms_in_3``.
    message : OutPort, shape (channel,)
        The gate, with `frac_bits` fraction bits.
    limb0, ..., limb3 : OutPort, shape (channel,)
        Its limbs, lowest first; only those that `output_limbs` asks for send anything.
    theta, rms_shift, table, frac_bits, exp2_terms : Var
        Parameters.
    inner_record : Var, int64, shape (frame, channel)
        Codes; no frames unless recorded.
    """

    def __init__(
        self,
        *,
        theta: IntArray,
        rms_shift: int,
        table: IntArray,
        frac_bits: int,
        exp2_terms: int,
        limbs: tuple[int, ...] = (),
        theta_limbs: tuple[int, ...] = (),
        message_limbs: MessageLimbs = WHOLE,
        output_limbs: tuple[int, ...] = (),
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        channels, _ = theta.shape
        super().__init__(
            shape=(channels,),
            inputs=(*sum_ports(limbs), "rms_in"),
            limbs=limbs,
            theta_limbs=theta_limbs,
            message_limbs=message_limbs,
            output_limbs=output_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.add_sum_ports((channels,))
        self.add_inner_record(channels)
        self.add_message_ports("rms_in", (1,))
        self.message = OutPort(shape=(channels,))
        self.add_limb_ports((channels,))
        self.theta = Var(shape=theta.shape, init=theta)
        self.rms_shift = Var(shape=(1,), init=rms_shift)
        self.table = Var(shape=table.shape, init=table)
        self.frac_bits = Var(shape=(1,), init=frac_bits)
        self.exp2_terms = Var(shape=(1,), init=exp2_terms)
