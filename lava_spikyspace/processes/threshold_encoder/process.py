"""Interface of the threshold encoder."""

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


class ThresholdEncoder(FramedProcess):
    """Encoder of codes: ``q = count(acc >= theta_j)``, acc the sum over a frame.

    The code leaves in the next frame. The encoder of a convolution has thresholds of their own for
    the first elements of a window, whose receptive field reaches into the padding.

    Parameters
    ----------
    theta : ndarray, int64, shape (channel, j) or (row, channel, j)
        Ascending thresholds. With rows: row e is for element e of a window, the last row for
        all later elements.
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
    theta : Var, int64, shape (row, channel, j)
        Thresholds.
    """

    def __init__(
        self,
        *,
        theta: IntArray,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        rows = theta.reshape(-1, *theta.shape[-2:])
        _, channels, levels = rows.shape
        super().__init__(
            shape=(channels,),
            inputs=(sum_port(0),),
            bits=levels.bit_length(),
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.a_in_0 = InPort(shape=(channels,))
        self.message = OutPort(shape=(channels,))
        self.theta = Var(shape=rows.shape, init=rows)
