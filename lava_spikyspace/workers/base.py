"""What workers do, and the worker that is always there: this process."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


class Workers(Protocol):
    """One or more processes that work through tasks."""

    @property
    def count(self) -> int:
        """Tasks that can be worked on at one time."""
        ...

    def map(
        self, work: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]
    ) -> Generator[Result, None, None]:
        """Yield ``work(*task)`` for every task, in the order of the tasks.

        Parameters
        ----------
        work : callable
            What to do; it is sent to each worker once. Has to be picklable, and to give the same
            result wherever it runs: a task whose worker dies is done again by another.
        tasks : iterable of tuple
            Arguments; only a few are taken and sent ahead of the results.

        Raises
        ------
        SpikySpaceError
            What the work raised, or that there is nobody left to do it.
        """
        ...


class ThisProcess:
    """Does one task after the other, here."""

    count = 1

    def map(
        self, work: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]
    ) -> Generator[Result, None, None]:
        """Yield ``work(*task)`` for every task; see `Workers.map`."""
        for task in tasks:
            yield work(*task)
