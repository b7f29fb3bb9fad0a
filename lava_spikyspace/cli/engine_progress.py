"""A progress bar for an engine, which says itself how much there is to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from lava_spikyspace.cli.progress import ProgressBar
from lava_spikyspace.cli.session import Session


@contextmanager
def engine_progress(session: Session, description: str) -> Iterator[Callable[[int, int], None]]:
    """Give a callback for (done, all); the bar appears with the first call.

    Parameters
    ----------
    session : Session
        The call.
    description : str
        Text beside the bar.
    """
    with ExitStack() as stack:
        bar: ProgressBar | None = None
        reached = 0

        def report(done: int, total: int) -> None:
            nonlocal bar, reached
            if bar is None:
                bar = stack.enter_context(session.progress(description, total))
            bar.advance(done - reached)
            reached = done

        yield report
