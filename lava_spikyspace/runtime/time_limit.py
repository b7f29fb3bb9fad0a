"""A limit on the time of a block of code, also where the code spins or blocks.

When the time is up, a watchdog thread interrupts the thread that runs the block: the main thread by
a signal, which ends system calls too, any other between two instructions of Python. It does so
again and again, so that an ``except`` around everything does not help.

What does not react to that within a few seconds (compiled code that never returns, for example)
can only be ended with the whole process. A program that agrees to that, as the command line does
(`may_end_process`), then ends with the exit code for a time-out; in any other it goes on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from lava_spikyspace.errors import SimulationTimeoutError

_SIGNAL = getattr(signal, "SIGVTALRM", None)
_LAST_SIGNAL = getattr(signal, "SIGALRM", None)

_AGAIN_S = 0.2
"""How long an interrupted thread has to leave the block before it is interrupted again."""

_PATIENCE_S = 3.0
"""How long after the limit a process whose thread does not react is ended."""

_may_end_process = False


class TimeIsUp(BaseException):
    """The limit has passed; raised in the middle of whatever runs in the block."""


def may_end_process() -> None:
    """Agree to the end of this process where nothing else ends a block in time."""
    global _may_end_process
    _may_end_process = True


@contextmanager
def time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `TimeIsUp` in the block when it has run for so long.

    Parameters
    ----------
    seconds : float or None
        Limit; None for no limit.

    Raises
    ------
    TimeIsUp
        The block was still running.
    """
    if seconds is None:
        yield
        return
    watchdog = _Watchdog(max(0.0, seconds))
    try:
        watchdog.start()
        yield
    finally:
        _stop(watchdog)


def _stop(watchdog: _Watchdog) -> None:
    """Stop a watchdog that may strike until it has noticed."""
    while True:
        try:
            watchdog.stop()
        except TimeIsUp:
            continue
        return


class _Watchdog:
    """Interrupts the thread that made it, from its start to its stop."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._target = threading.get_ident()
        self._is_main = threading.current_thread() is threading.main_thread()
        self._over = threading.Event()
        # An interrupt that arrives while the watchdog is being stopped must find this false.
        self._active = False
        self._restore: list[Callable[[], object]] = []
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        """Begin to watch the thread that has made this object."""
        if self._is_main and _SIGNAL is not None:
            previous = signal.signal(_SIGNAL, self._on_signal)
            self._restore.append(lambda: signal.signal(_SIGNAL, previous))
            if _may_end_process and _LAST_SIGNAL is not None:
                self._restore.append(_end_process_after(self._seconds + 2 * _PATIENCE_S))
        self._active = True
        self._thread.start()

    def stop(self) -> None:
        """Interrupt no more, and restore what was changed."""
        self._active = False
        self._over.set()
        self._thread.join()
        while self._restore:
            self._restore.pop()()

    def _watch(self) -> None:
        if self._over.wait(self._seconds):
            return
        for _ in range(round(_PATIENCE_S / _AGAIN_S)):
            self._interrupt()
            if self._over.wait(_AGAIN_S):
                return
        if _may_end_process:
            sys.stderr.write("a process model does not react: its time was up\n")
            sys.stderr.flush()
            os._exit(SimulationTimeoutError.exit_code)
        while not self._over.wait(_AGAIN_S):
            self._interrupt()

    def _interrupt(self) -> None:
        if not self._active:
            return
        if self._is_main and _SIGNAL is not None:
            signal.pthread_kill(self._target, _SIGNAL)
        else:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self._target), ctypes.py_object(TimeIsUp)
            )

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._active:
            raise TimeIsUp


def _end_process_after(seconds: float) -> Callable[[], object]:
    """Arm a timer of the system that ends the process, with no help of Python; return what disarms.

    The timer's signal calls ``abort``, whose signal has number 6, the exit code for a time-out,
    and calls ``_exit`` with it.
    """
    libc = ctypes.CDLL(None)
    for name in ("signal", "abort", "_exit"):
        getattr(libc, name).restype = ctypes.c_void_p
    libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
    handlers = {
        int(_LAST_SIGNAL): libc.abort,  # type: ignore[arg-type]
        SimulationTimeoutError.exit_code: libc._exit,
    }
    previous = {
        number: libc.signal(number, ctypes.cast(handler, ctypes.c_void_p))
        for number, handler in handlers.items()
    }
    signal.setitimer(signal.ITIMER_REAL, seconds)

    def disarm() -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in previous.items():
            libc.signal(number, handler)

    return disarm
