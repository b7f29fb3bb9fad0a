"""Interface of the step size branch."""

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


class PTSoftplus(FramedProcess):
    """Step size branch: a code that stays inside, shift-based softplus of its value, encoded again.

    ``q = count(acc >= theta_j)`` with acc the sum over a frame; what leaves in the next frame is
    the code ``count(PTSoftplus(table[q]) >= theta_out_j)``.

    Parameters
    ----------
    theta : ndarray, int64, shape (channel, j)
        Ascending thresholds of the inner code.
    table : ndarray, int64, shape (code,)
        Value of each inner code in fixed point with `frac_bits`.
    frac_bits : int
        Fraction bits of the table and of the activation.
    exp2_terms : int
        Terms of the shift-and-add power of two.
    theta_out : ndarray, int64, shape (level,)
        Ascending thresholds of the code that is sent.
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
        The code: binary spikes (``unary``) or one message (``graded``).
    theta, table, frac_bits, exp2_terms, theta_out : Var
        Parameters.
    inner_record : Var, int64, shape (frame, channel)
        Inner codes; no frames unless recorded.
    """

    def __init__(
        self,
        *,
        theta: IntArray,
        table: IntArray,
        frac_bits: int,
        exp2_terms: int,
        theta_out: IntArray,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        channels, _ = theta.shape
        super().__init__(
            shape=(channels,),
            inputs=(sum_port(0),),
            bits=len(theta_out).bit_length(),
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.add_inner_record(channels)
        self.a_in_0 = InPort(shape=(channels,))
        self.message = OutPort(shape=(channels,))
        self.theta = Var(shape=theta.shape, init=theta)
        self.table = Var(shape=table.shape, init=table)
        self.frac_bits = Var(shape=(1,), init=frac_bits)
        self.exp2_terms = Var(shape=(1,), init=exp2_terms)
        self.theta_out = Var(shape=theta_out.shape, init=theta_out)
