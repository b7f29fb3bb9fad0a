"""Interface of the gate branch."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    FramedProcess,
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
        Root mean square, once per frame.
    message : OutPort, shape (channel,)
        The gate, with `frac_bits` fraction bits.
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
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        channels, _ = theta.shape
        super().__init__(
            shape=(channels,),
            inputs=(*sum_ports(limbs), "rms_in"),
            limbs=limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.add_sum_ports((channels,))
        self.add_inner_record(channels)
        self.rms_in = InPort(shape=(1,))
        self.message = OutPort(shape=(channels,))
        self.theta = Var(shape=theta.shape, init=theta)
        self.rms_shift = Var(shape=(1,), init=rms_shift)
        self.table = Var(shape=table.shape, init=table)
        self.frac_bits = Var(shape=(1,), init=frac_bits)
        self.exp2_terms = Var(shape=(1,), init=exp2_terms)
