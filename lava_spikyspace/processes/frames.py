"""When a process works: time steps, frames, elements and windows.

A frame is one element of the window and takes `frame_steps` time steps. The frames of a process
follow each other without a gap, window after window, from its offset on; before and after them it
is silent and counts nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from lava_spikyspace.plan import Coding


class Position(NamedTuple):
    """A time step in terms of windows and frames; everything counts from 0.

    Attributes
    ----------
    window : int
        Window of the run.
    element : int
        Element of the window.
    frame : int
        Frame since the first one: ``window * L + element``.
    step : int
        Step in the frame.
    """

    window: int
    element: int
    frame: int
    step: int


@dataclass(frozen=True)
class Schedule:
    """Static schedule of one process.

    Parameters
    ----------
    coding : str
        ``unary``: a code q leaves as q binary spikes; ``graded``: as one message.
    frame_steps : int
        Time steps T of a frame.
    window : int
        Elements L of a window.
    windows : int
        Windows of the run.
    offset : int
        Time step (from 0) at which the first frame of the input begins.
    delays : mapping of str to int
        Time steps that each in port holds its messages back, by port name; 0 where absent.
    """

    coding: Coding = "graded"
    frame_steps: int = 1
    window: int = 1
    windows: int = 1
    offset: int = 0
    delays: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def frames(self) -> int:
        """Number of frames of the run."""
        return self.windows * self.window

    @cached_property
    def steps(self) -> int:
        """Number of time steps in which the process is active."""
        return self.frames * self.frame_steps

    def locate(self, time_step: int, late: int = 0) -> Position | None:
        """Return where a time step lies in the frames of the process.

        Parameters
        ----------
        time_step : int
            Lava's time step, which counts from 1.
        late : int
            Time steps that the frames are shifted by: 0 for those of the input.

        Returns
        -------
        Position or None
            None outside the active time.
        """
        since = time_step - 1 - self.offset - late
        if not 0 <= since < self.steps:
            return None
        frame, step = divmod(since, self.frame_steps)
        window, element = divmod(frame, self.window)
        return Position(window, element, frame, step)
