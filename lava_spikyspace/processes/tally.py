"""Counts of what a process has sent, kept in one vector so that they are read at once.

Reading a Var of Lava's multiprocessing runtime costs one message per element and a round trip per
Var, so everything that a row of the profile needs shares one int64 Var, `counters`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from lava_spikyspace.network import EXACT_BITS, IntArray, Interval
from lava_spikyspace.profiling.counters import Activity

_SATURATIONS, _CODE_SUM, _SYNOPS, _LOWEST, _HIGHEST, _HEADER = range(6)

_BEYOND = (1 << EXACT_BITS) - 1
"""Above every accumulator: what the lowest value starts from, and its negative the highest."""

_NOT_COUNTED = -1

_BUNCH_ROWS = 64
_BUNCH_VALUES = 1 << 13
"""Most arrays, and values in all, that are kept back: a bunch stays in the cache."""


def new_counters(ports: Sequence[str], channels: int, *, counts_synops: bool = False) -> IntArray:
    """Return the initial counters of a row.

    Parameters
    ----------
    ports : sequence of str
        Out ports whose events are counted.
    channels : int
        Channels of each of them.
    counts_synops : bool
        Whether the process counts its synaptic operations itself.

    Returns
    -------
    ndarray, int64, shape (counter,)
        Saturations, sum of codes, synaptic operations, lowest and highest value, then the events
        of each port and channel.
    """
    counters = np.zeros(_HEADER + len(ports) * channels, dtype=np.int64)
    counters[_SYNOPS] = 0 if counts_synops else _NOT_COUNTED
    counters[_LOWEST], counters[_HIGHEST] = _BEYOND, -_BEYOND
    return counters


class Backlog:
    """Keeps arrays back and hands them on in bunches, which costs far less than one by one.

    Parameters
    ----------
    take : callable
        Called with a bunch, shape (array, ...); it must not keep it.
    """

    def __init__(self, take: Callable[[IntArray], None]) -> None:
        self._take = take
        self._kept: IntArray | None = None
        self._count = 0

    def add(self, values: IntArray) -> None:
        """Keep a copy of `values`, which have the same shape in each call."""
        if self._kept is None:
            rows = min(max(1, _BUNCH_VALUES // max(1, values.size)), _BUNCH_ROWS)
            self._kept = np.empty((rows, *values.shape), dtype=np.int64)
        self._kept[self._count] = values
        self._count += 1
        if self._count == len(self._kept):
            self.settle()

    def settle(self) -> None:
        """Hand on what is there."""
        if self._count and self._kept is not None:
            self._take(self._kept[: self._count])
            self._count = 0


class Tally:
    """Counts of one row.

    What is counted array by array is kept back for a while; `settle` brings the counters up to
    date.

    Parameters
    ----------
    counters : ndarray, int64, shape (counter,)
        As `new_counters` makes them; changed in place.
    ports : sequence of str
        Out ports whose events are counted.
    coded : bool
        Whether what leaves by the first of them are codes (or the spikes that they consist of),
        whose magnitudes are added up.
    """

    def __init__(self, counters: IntArray, ports: Sequence[str], *, coded: bool = False) -> None:
        self._counters = counters
        self._coded = coded
        events = counters[_HEADER:].reshape(len(ports), -1) if ports else counters[:0]
        self._events: dict[str, IntArray] = dict(zip(ports, events, strict=True))
        self._messages = [Backlog(partial(self._count_messages, port)) for port in ports]
        self._values = Backlog(self._widen)

    def count_message(self, *parts: IntArray) -> None:
        """Count what has left by the ports, one part each: its channels that are not 0."""
        for backlog, part in zip(self._messages, parts, strict=True):
            backlog.add(part)

    def count_synops(self, number: int) -> None:
        """Add synaptic operations."""
        self._counters[_SYNOPS] += number

    def count_saturations(self, number: int) -> None:
        """Add values that were clipped to their format."""
        self._counters[_SATURATIONS] += number

    def note_extremes(self, values: IntArray) -> None:
        """Widen the range of values seen."""
        self._values.add(values)

    def settle(self) -> None:
        """Add what was kept back to the counters."""
        for backlog in (*self._messages, self._values):
            backlog.settle()

    def activity(self) -> Activity:
        """Return the counts as a backend reports them."""
        self.settle()
        saturations, code_sum, synops, lowest, highest = self._counters[:_HEADER].tolist()
        return Activity(
            events={port: events.copy() for port, events in self._events.items()},
            code_sum=code_sum,
            extremes=Interval(lowest, highest) if lowest <= highest else None,
            synops=None if synops == _NOT_COUNTED else synops,
            saturations=saturations,
        )

    def _count_messages(self, port: str, messages: IntArray) -> None:
        flat = messages.reshape(len(messages), -1)
        self._events[port] += np.count_nonzero(flat, axis=0)
        if self._coded and port == next(iter(self._events)):
            self._counters[_CODE_SUM] += np.abs(flat).sum()

    def _widen(self, values: IntArray) -> None:
        counters = self._counters
        counters[_LOWEST] = min(counters[_LOWEST], values.min())
        counters[_HIGHEST] = max(counters[_HIGHEST], values.max())
