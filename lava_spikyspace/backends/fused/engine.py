"""All windows through the fused form of a network, in one or several threads."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from queue import SimpleQueue
from threading import Event

import numpy as np

from lava_spikyspace.backends.base import EngineResult, Progress, check_ranges
from lava_spikyspace.backends.fused.network_form import NetworkForm
from lava_spikyspace.backends.fused.segment import MAX_CHUNK, Chunk, Segment, chunk_windows
from lava_spikyspace.backends.fused.sharing import WindowRows, window_rows
from lava_spikyspace.backends.fused.tallies import activities_of, merge
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import Plan


def run_fused(
    plan: Plan,
    form: NetworkForm,
    messages: IntArray,
    *,
    jobs: int = 1,
    chunk: int | None = None,
    strict: bool = False,
    record: bool = False,
    progress: Progress | None = None,
) -> EngineResult:
    """Run windows through the fused form of a network.

    Parameters
    ----------
    plan : Plan
        What to run.
    form : NetworkForm
        Its network in fused form.
    messages : ndarray, int64, shape (window, element, variate)
        Windows as integers, within the range of the input layer. Consecutive windows that are a
        view of one table share what is equal.
    jobs : int
        Threads. The result does not depend on their number.
    chunk : int, optional
        Windows evaluated together in one thread; by default as many as the memory is meant for.
    strict, record, progress
        As for `backends.base.Backend.run`.
    """
    windows = window_rows(messages)
    size = chunk or chunk_windows(form)
    largest = chunk or (size if record else MAX_CHUNK)
    forecasts = np.empty((len(windows), form.network.horizon, form.network.channels), np.int64)
    records: dict[str, IntArray] = {}
    tallies = []
    done = 0
    for offset, part in _chunks(
        plan, form, windows, jobs, size, largest, strict=strict, record=record
    ):
        if strict:
            for layer in plan.network:
                check_ranges(layer, part.tallies[layer.name].spans)
        rows = slice(offset + part.first, offset + part.stop)
        forecasts[rows] = part.forecasts
        for name, codes in part.records.items():
            if name not in records:
                records[name] = np.empty((len(windows), *codes.shape[1:]), np.int64)
            records[name][rows] = codes
        tallies.append(part.tallies)
        done += part.stop - part.first
        if progress is not None:
            progress(done, len(windows))
    return EngineResult(forecasts, activities_of(plan, merge(tallies)), records)


def _chunks(
    plan: Plan,
    form: NetworkForm,
    windows: WindowRows,
    jobs: int,
    size: int,
    largest: int,
    *,
    strict: bool,
    record: bool,
) -> Iterator[tuple[int, Chunk]]:
    """Yield finished chunks, each with the first window of its segment."""
    segments = [
        (first, Segment(plan, form, windows.part(first, stop), size, largest, strict, record))
        for first, stop in _shares(len(windows), jobs)
    ]
    if len(segments) == 1:
        for first, segment in segments:
            for chunk in segment.run():
                yield first, chunk
        return
    yield from _threaded(segments)


_Item = tuple[int, Chunk] | BaseException | None


def _threaded(segments: list[tuple[int, Segment]]) -> Iterator[tuple[int, Chunk]]:
    """Run every segment in a thread of its own."""
    finished: SimpleQueue[_Item] = SimpleQueue()

    def work(first: int, segment: Segment) -> None:
        try:
            for chunk in segment.run():
                finished.put((first, chunk))
                if stop.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the chunks are read
            finished.put(error)
        finally:
            finished.put(None)

    stop = Event()
    with ThreadPoolExecutor(len(segments), thread_name_prefix="batch") as pool:
        try:
            for first, segment in segments:
                pool.submit(work, first, segment)
            running = len(segments)
            while running:
                item = finished.get()
                if item is None:
                    running -= 1
                elif isinstance(item, BaseException):
                    raise item
                else:
                    yield item
        finally:
            # After an error, an interrupt, or where nobody reads on: no thread computes further.
            stop.set()


def _shares(total: int, jobs: int) -> list[tuple[int, int]]:
    """Return (first, stop) of the share of each thread: neighbours stay together."""
    ends = np.linspace(0, total, max(1, min(jobs, total)) + 1).astype(int).tolist()
    return list(pairwise(ends))
