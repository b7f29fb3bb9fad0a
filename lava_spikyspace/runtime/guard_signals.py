"""Interrupts of the process that guards a run: turned into one exception, kept out of cleaning."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, as on Ctrl-C, so that the run is ended in order.

    Signals reach only the main thread: in any other this does nothing. Nor does it replace a
    handler that the application has installed.
    """
    if not _in_main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


class Interrupts:
    """SIGINT and SIGTERM that have arrived."""

    def __init__(self) -> None:
        self.arrived = False

    def check(self) -> None:
        """Raise KeyboardInterrupt if one has arrived."""
        if self.arrived:
            raise KeyboardInterrupt


@contextmanager
def remembered_interrupts() -> Iterator[Interrupts]:
    """Remember SIGINT and SIGTERM, besides what they do anyway.

    The exception that they raise can get lost in the code that they interrupt: a destructor, a
    callback, a process model that catches everything. Look at `Interrupts.check` now and then.
    """
    interrupts = Interrupts()
    if not _in_main_thread():
        yield interrupts
        return
    owner = os.getpid()
    previous = {
        int(number): handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }

    def remember(number: int, frame: FrameType | None) -> None:
        interrupts.arrived = os.getpid() == owner
        previous[number](number, frame)

    for number in previous:
        signal.signal(number, remember)
    try:
        yield interrupts
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Hold SIGINT and SIGTERM back until the end of the context, then raise KeyboardInterrupt.

    For steps that take a few seconds at most and must not be left half done.
    """
    if not _in_main_thread():
        yield
        return
    arrived: list[int] = []

    def remember(number: int, frame: FrameType | None) -> None:
        del frame
        arrived.append(number)

    numbers = (signal.SIGINT, signal.SIGTERM)
    previous = {number: signal.signal(number, remember) for number in numbers}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    if arrived:
        raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
