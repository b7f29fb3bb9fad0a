"""Wall time of each process: how long its model computes, without the time that it waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from time import perf_counter


class Stopwatch:
    """Adds up the wall time of processes, of which one computes at a time.

    Attributes
    ----------
    seconds : mapping of str to float
        By display name of the process; processes of one name share an entry.
    """

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._since: float | None = None

    def timed(self, process: str, call: Callable[[], None]) -> Callable[[], None]:
        """Return `call` with its time added to `process`."""

        def timed_call() -> None:
            self.start()
            try:
                call()
            finally:
                self.stop(process)

        return timed_call

    def start(self) -> None:
        """Begin to measure, as a process starts or goes on after a wait."""
        self._since = perf_counter()

    def stop(self, process: str) -> None:
        """Add what has passed to `process`, as it ends or begins to wait.

        One that is abandoned while it waits was not measured, and adds nothing.
        """
        if self._since is not None:
            self.seconds[process] += perf_counter() - self._since
            self._since = None
