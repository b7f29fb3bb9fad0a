"""Interface of the window source."""

from __future__ import annotations

from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray
from lava_spikyspace.processes.framed_process import UNWATCHED, FramedProcess, Watch
from lava_spikyspace.processes.frames import Schedule


class WindowSource(FramedProcess):
    """Plays windows: one message per variate in the first step of each frame.

    Parameters
    ----------
    windows : ndarray, int64, shape (window, element, variate)
        Messages in fixed point with the fraction bits of the input layer.
    schedule : Schedule
        When it works; `windows` and `window` are the sizes of the array.
    output_limbs : tuple of int
        Widths of the unsigned low limbs that the message is also sent in.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    message : OutPort, shape (variate,)
        The message.
    limb0, ..., limb3 : OutPort, shape (variate,)
        Its limbs, lowest first; only those that `output_limbs` asks for send anything.
    windows : Var, int64, shape (window, element, variate)
        What is played.
    """

    def __init__(
        self,
        *,
        windows: IntArray,
        schedule: Schedule,
        output_limbs: tuple[int, ...] = (),
        watch: Watch = UNWATCHED,
        name: str | None = None,
    ) -> None:
        shape = windows.shape[2:]
        super().__init__(
            shape=shape,
            inputs=(),
            output_limbs=output_limbs,
            schedule=schedule,
            watch=watch,
            name=name,
        )
        self.message = OutPort(shape=shape)
        self.add_limb_ports(shape)
        self.windows = Var(shape=windows.shape, init=windows)
