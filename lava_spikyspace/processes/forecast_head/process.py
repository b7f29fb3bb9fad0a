"""Interface of the forecast head."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import (
    UNWATCHED,
    WHOLE,
    FramedProcess,
    MessageLimbs,
    Watch,
)
from lava_spikyspace.processes.frames import Schedule


class ForecastHead(FramedProcess):
    """Linear forecast: ``forecast[h, v] = descale(sum_e weight[h, e] * x[e, v])``.

    It integrates the elements of a window, starting afresh at element 0, and answers in the step in
    which the last element arrives.

    Parameters
    ----------
    channels : int
        Number of variates.
    weight : ndarray, int8, shape (step, element)
        Weights.
    mult, add, shift : ndarray, int64, shape (step,)
        Descaling; every shift is at least 1.
    mult_limbs : tuple of int
        Widths of the low limbs in which the multiplier is taken.
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
    a_in : InPort, shape (variate,)
        Residual messages; further limbs of wide ones at ``a_in_1, ..., a_in_3``.
    message : OutPort, shape (step, variate)
        The forecast.
    weight, mult, add, shift : Var
        Parameters.
    forecast : Var, int64, shape (window, step, variate)
        Every forecast that was sent.
    """

    def __init__(
        self,
        *,
        channels: int,
        weight: npt.NDArray[np.int8],
        mult: IntArray,
        add: IntArray,
        shift: IntArray,
        mult_limbs: tuple[int, ...] = (),
        message_limbs: MessageLimbs = WHOLE,
        schedule: Schedule,
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        steps = weight.shape[0]
        shape = (steps, channels)
        super().__init__(
            shape=shape,
            inputs=("a_in",),
            counts_synops=True,
            mult_limbs=mult_limbs,
            message_limbs=message_limbs,
            schedule=schedule,
            watch=Watch(proof=watch.proof),  # `forecast` keeps the messages in any case
            name=name,
        )
        self.add_message_ports("a_in", (channels,))
        self.message = OutPort(shape=shape)
        self.weight = Var(shape=weight.shape, init=weight)
        self.mult = Var(shape=(steps,), init=mult)
        self.add = Var(shape=(steps,), init=add)
        self.shift = Var(shape=(steps,), init=shift)
        self.forecast = Var(shape=(schedule.windows, *shape), init=0)
