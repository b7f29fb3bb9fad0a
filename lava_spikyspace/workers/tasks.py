"""Tasks on the workers of a Dask scheduler: sent a few ahead, taken back in order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from typing import Any

from distributed import CancelledError, Client, Future, KilledWorker, TimeoutError, wait

from lava_spikyspace.errors import BackendUnavailableError, SimulationError
from lava_spikyspace.workers.base import Result

AHEAD = 2
"""Tasks per worker that are sent ahead, so that no worker waits for its next one."""

PATIENCE_S = 30.0
"""Seconds without any worker after which nobody is expected to come back."""

_POLL_S = 2.0


class ClusterWorkers:
    """The workers of a Dask scheduler.

    Parameters
    ----------
    client : Client
        Connected to the scheduler.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    def count(self) -> int:
        """Threads of all workers together, at least 1."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def map(
        self, work: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]
    ) -> Generator[Result, None, None]:
        """Yield ``work(*task)`` for every task in order; see `Workers.map`."""
        # As the result of a task the work is held by workers, and made again if they are lost;
        # what `scatter` sends would be lost with them.
        shared = self._client.submit(_same, work, pure=False)
        pending: deque[Future[Result]] = deque()
        try:
            for number, task in enumerate(tasks):
                # Without a priority, tasks that are sent together run in any order.
                future = self._client.submit(_do, shared, *task, pure=False, priority=-number)
                pending.append(future)
                if len(pending) > AHEAD * self.count:
                    yield self._result(pending.popleft())
            while pending:
                yield self._result(pending.popleft())
        finally:
            if self._client.status == "running":  # not when its block has ended before this
                self._client.cancel([*pending, shared], force=True)

    def _result(self, future: Future[Result]) -> Result:
        """Wait for a result as long as there is somebody to compute it."""
        last_seen = time.monotonic()
        try:
            while not self._is_done(future):
                if self._client.nthreads():
                    last_seen = time.monotonic()
                elif time.monotonic() - last_seen > PATIENCE_S:
                    raise BackendUnavailableError(
                        f"no worker is left since {PATIENCE_S:.0f} seconds",
                        hint="the logs of the workers tell why they ended",
                    )
            return future.result()
        except KilledWorker as error:
            raise SimulationError(
                f"several workers died one after the other at the same piece of work: {error}",
                hint="they may have run out of memory; the logs of the workers tell",
            ) from error
        except (CancelledError, OSError) as error:
            raise BackendUnavailableError(
                "the connection to the scheduler was lost",
                hint="its log tells whether it was ended",
            ) from error

    def _is_done(self, future: Future[Any]) -> bool:
        """Wait a little for a result, and tell whether it is there."""
        try:
            with self._client.as_current():
                wait(future, timeout=_POLL_S)
        except TimeoutError:
            return False
        return True


def _same(work: Callable[..., Result]) -> Callable[..., Result]:
    return work


def _do(work: Callable[..., Result], *task: Any) -> Result:  # noqa: ANN401 - whatever it takes
    return work(*task)
