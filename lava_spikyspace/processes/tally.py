"""Counts of what a process has sent, kept in one vector so that they are read at once.

Reading a Var of Lava's multiprocessing runtime costs one message per element and a round trip per
Var, so everything that a row of the profile needs shares one int64 Var, `counters`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lava_spikyspace.network import EXACT_BITS, IntArray, Interval
from lava_spikyspace.profiling.counters import Activity

_SATURATIONS, _CODE_SUM, _SYNOPS, _LOWEST, _HIGHEST, _HEADER = range(6)

_BEYOND = (1 << EXACT_BITS) - 1
"""Above every accumulator: what the lowest value starts from, and its negative the highest."""

_NOT_COUNTED = -1


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


class Tally:
    """Counts of one row.

    Parameters
    ----------
    counters : ndarray, int64, shape (counter,)
        As `new_counters` makes them; changed in place.
    ports : sequence of str
        Out ports whose events are counted.
    """

    def __init__(self, counters: IntArray, ports: Sequence[str]) -> None:
        self._counters = counters
        events = counters[_HEADER:].reshape(len(ports), -1) if ports else counters[:0]
        self._events: dict[str, IntArray] = dict(zip(ports, events, strict=True))

    def count_events(self, port: str, message: IntArray) -> None:
        """Count the channels of a sent message that are not 0."""
        self._events[port] += message.ravel() != 0

    def count_codes(self, codes: IntArray) -> None:
        """Add the magnitudes of codes (or of the spikes that they consist of)."""
        self._counters[_CODE_SUM] += np.abs(codes).sum()

    def count_synops(self, number: int) -> None:
        """Add synaptic operations."""
        self._counters[_SYNOPS] += number

    def count_saturations(self, number: int) -> None:
        """Add values that were clipped to their format."""
        self._counters[_SATURATIONS] += number

    def note_extremes(self, values: IntArray) -> None:
        """Widen the range of values seen."""
        counters = self._counters
        counters[_LOWEST] = min(counters[_LOWEST], values.min())
        counters[_HIGHEST] = max(counters[_HIGHEST], values.max())

    def activity(self) -> Activity:
        """Return the counts as a backend reports them."""
        saturations, code_sum, synops, lowest, highest = self._counters[:_HEADER].tolist()
        return Activity(
            events={port: events.copy() for port, events in self._events.items()},
            code_sum=code_sum,
            extremes=Interval(lowest, highest) if lowest <= highest else None,
            synops=None if synops == _NOT_COUNTED else synops,
            saturations=saturations,
        )
