"""Interface of the causal convolution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.processes.framed_process import UNWATCHED, FramedProcess, Watch
from lava_spikyspace.processes.frames import Schedule


class CausalConv(FramedProcess):
    """Synapses of a causal depthwise convolution: tap ``K - 1`` meets the newest element.

    A connection process like Lava's `Dense`: it passes on weighted input one step after it
    arrived. Input of earlier elements comes back one frame later per tap, at the same step of its
    frame. Nothing crosses the border of a window.

    Parameters
    ----------
    weight : ndarray, int8, shape (channel, tap)
        Weights.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    s_in : InPort, shape (channel,)
        Spikes or codes.
    a_out : OutPort, shape (channel,)
        Their weighted sums over the taps.
    weight : Var, int64, shape (channel, tap)
        Weights.
    a_buff : Var, int64, shape (channel,)
        What is sent in the next step.
    """

    def __init__(
        self,
        *,
        weight: npt.NDArray[np.int8],
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = weight.shape[:1]
        super().__init__(
            shape=shape,
            inputs=("s_in",),
            sends_events=False,
            counts_synops=True,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.s_in = InPort(shape=shape)
        self.a_out = OutPort(shape=shape)
        self.weight = Var(shape=weight.shape, init=weight)
        self.a_buff = Var(shape=shape, init=0)
