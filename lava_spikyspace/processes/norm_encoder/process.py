"""Interface of the normalised encoder."""

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


class NormEncoder(FramedProcess):
    """Encoder of a normalised input: ``q = count((acc << rms_shift) >= theta_j * rms)``.

    No division: the threshold is scaled by the root mean square instead. The code leaves in the
    next frame.

    Parameters
    ----------
    theta : ndarray, int64, shape (channel, j)
        Ascending thresholds of ``acc / rms`` with `rms_shift` fraction bits.
    rms_shift : int
        Fraction bits of the comparison.
    limbs : tuple of int
        Widths of the unsigned low limbs that its input went through the synapses in.
    theta_limbs : tuple of int
        Widths of the low limbs in which thresholds are multiplied.
    message_limbs : mapping of str to tuple of int
        In ports at which a wide message arrives in limbs.
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
        The code: binary spikes (``unary``) or one message (``graded``).
    theta, rms_shift : Var
        Parameters.
    """

    def __init__(
        self,
        *,
        theta: IntArray,
        rms_shift: int,
        limbs: tuple[int, ...] = (),
        theta_limbs: tuple[int, ...] = (),
        message_limbs: MessageLimbs = WHOLE,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        channels, levels = theta.shape
        super().__init__(
            shape=(channels,),
            inputs=(*sum_ports(limbs), "rms_in"),
            limbs=limbs,
            theta_limbs=theta_limbs,
            message_limbs=message_limbs,
            bits=levels.bit_length(),
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.add_sum_ports((channels,))
        self.add_message_ports("rms_in", (1,))
        self.message = OutPort(shape=(channels,))
        self.theta = Var(shape=theta.shape, init=theta)
        self.rms_shift = Var(shape=(1,), init=rms_shift)
