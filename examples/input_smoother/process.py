"""Interface of the input smoother."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var


class InputSmoother(AbstractProcess):
    """Smooths messages exponentially: ``y += (x - y) >> k``, afresh in every window.

    The first element of a window passes as it is. The result stays between the least and the
    greatest message so far, so that proven ranges of what comes behind still hold.

    Parameters
    ----------
    channels : int
        Values of a message.
    shift : int
        k; 0 changes nothing.
    window : int
        Elements of a window.
    frame_steps : int
        Time steps of an element; its message arrives in the first of them.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in : InPort, shape (channel,)
        Messages.
    a_out : OutPort, shape (channel,)
        Smoothed messages, in the same time step.
    shift : Var, int64, shape (1,)
        k.
    y : Var, int64, shape (channel,)
        What was sent last.
    changed : Var, int64, shape (1,)
        Values that were not sent as they came.
    """

    def __init__(
        self,
        *,
        channels: int,
        shift: int,
        window: int,
        frame_steps: int = 1,
        name: str | None = None,
    ) -> None:
        named = {} if name is None else {"name": name}
        super().__init__(window=window, frame_steps=frame_steps, **named)
        self.a_in = InPort(shape=(channels,))
        self.a_out = OutPort(shape=(channels,))
        self.shift = Var(shape=(1,), init=shift)
        self.y = Var(shape=(channels,), init=0)
        self.changed = Var(shape=(1,), init=0)
