"""A progress bar that is safe to have on the screen while processes are forked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, TaskID

_SECONDS_BETWEEN_REFRESHES = 0.1


class ProgressBar:
    """What the code inside a progress block may do to the bar.

    Parameters
    ----------
    progress : rich.progress.Progress
        The display.
    task : rich.progress.TaskID
        The bar in it.
    """

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task
        self._refreshed = time.monotonic()

    def advance(self, steps: int = 1) -> None:
        """Count `steps` more as done."""
        self._progress.update(self._task, advance=steps, refresh=self._is_due())

    def describe(self, text: str) -> None:
        """Change the text beside the bar."""
        self._progress.update(self._task, description=text, refresh=self._is_due())

    def _is_due(self) -> bool:
        now = time.monotonic()
        if now - self._refreshed < _SECONDS_BETWEEN_REFRESHES:
            return False
        self._refreshed = now
        return True


@contextmanager
def progress_bar(
    console: Console, description: str, total: int | None, *, visible: bool
) -> Iterator[ProgressBar]:
    """Show a bar on `console` within the block; it disappears at the end.

    The bar is drawn when it advances, not by a thread: Lava forks, and a fork copies the locks
    that a thread of the parent holds, but not the thread that would release them.
    """
    with Progress(
        console=console, transient=True, auto_refresh=False, disable=not visible
    ) as progress:
        yield ProgressBar(progress, progress.add_task(description, total=total))
