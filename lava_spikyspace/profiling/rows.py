"""Rows of a profile: what one process did, and what share of the whole that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.profiling.distributions import Distribution
from lava_spikyspace.profiling.facts import RowFacts

SHARED = ("events_out", "events_in", "synops", "neuron_updates", "seconds")
"""Quantities whose share of the total a profile gives."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ProfileRow:
    """What one kind of neurons of a process did, or a process as a whole.

    Parameters
    ----------
    counts : ProcessCounts
        Counts over all windows, as the engine reported them.
    facts : RowFacts
        Where the row belongs, and its proven range.
    seconds : float or None
        Wall time of the process, where the runtime measured it; of a process with two rows in that
        which sends its message.
    shares : mapping of str to float or None
        Share of the total of all rows by quantity, see `SHARED`; None where the total is 0 or
        unknown.
    channels : int or None
        Channels whose events were counted one by one.
    silent : int or None
        Channels among them that never sent anything.
    always_on : int or None
        Channels among them that sent something in every frame; None where neither counts nor
        records tell.
    distribution : Distribution or None
        From the recorded codes.
    inner : Distribution or None
        The same of a code that stays inside the process.
    """

    counts: ProcessCounts
    facts: RowFacts
    seconds: float | None
    shares: Mapping[str, float | None]
    channels: int | None = None
    silent: int | None = None
    always_on: int | None = None
    distribution: Distribution | None = None
    inner: Distribution | None = None

    @property
    def name(self) -> str:
        """Name of the row."""
        return self.counts.name

    @property
    def events_out(self) -> int:
        """Events sent: binary spikes and messages other than 0."""
        return self.counts.spikes + self.counts.graded_spikes

    @property
    def observed(self) -> Interval | None:
        """Range that the accumulator (or state, or message) was seen in."""
        counts = self.counts
        if counts.min is None or counts.max is None:
            return None
        return Interval(counts.min, counts.max)

    @property
    def headroom_bits(self) -> int | None:
        """Bits of the proven width that the values did not need."""
        if self.observed is None or self.facts.proven is None:
            return None
        return self.facts.proven.bits - self.observed.bits

    @property
    def range_used(self) -> float | None:
        """Largest magnitude seen, as a share of the largest that is proven possible."""
        if self.observed is None or self.facts.proven is None or not self.facts.proven.magnitude:
            return None
        return self.observed.magnitude / self.facts.proven.magnitude

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        proven = self.facts.proven
        return {
            **self.counts.as_dict(),
            "process": self.facts.process,
            "layer": self.facts.layer,
            "events_out": self.events_out,
            "code_bits": self.facts.bits,
            "range_of": self.facts.range_of,
            "proven_min": None if proven is None else proven.lo,
            "proven_max": None if proven is None else proven.hi,
            "proven_bits": None if proven is None else proven.bits,
            "observed_bits": None if self.observed is None else self.observed.bits,
            "headroom_bits": self.headroom_bits,
            "range_used": self.range_used,
            "seconds": self.seconds,
            "shares": dict(self.shares),
            "channels": self.channels,
            "silent_channels": self.silent,
            "always_on_channels": self.always_on,
            "distribution": None if self.distribution is None else self.distribution.to_dict(),
            "inner_code": None if self.inner is None else self.inner.to_dict(),
        }


@dataclass(frozen=True)
class LayerRow:
    """Sums over the processes of one layer.

    Parameters
    ----------
    layer : str
        Name of the layer.
    neurons, spikes, graded_spikes, events_in, synops, neuron_updates : int
        Sums of the counts of its rows.
    firing_rate : float or None
        Rate of the code that the layer sends; None where it sends none.
    seconds : float or None
        Sum of the wall times.
    shares : mapping of str to float or None
        As in `ProfileRow`.
    """

    layer: str
    neurons: int
    spikes: int
    graded_spikes: int
    events_in: int
    synops: int
    neuron_updates: int
    firing_rate: float | None
    seconds: float | None
    shares: Mapping[str, float | None]

    @property
    def name(self) -> str:
        """Name of the layer."""
        return self.layer

    @property
    def events_out(self) -> int:
        """Events sent: binary spikes and messages other than 0."""
        return self.spikes + self.graded_spikes

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {**vars(self), "events_out": self.events_out, "shares": dict(self.shares)}


def shares_of(values: Sequence[float | None]) -> list[float | None]:
    """Return each value as a share of their sum; None where it or the sum is nothing."""
    total = sum(value for value in values if value is not None)
    return [None if value is None or not total else value / total for value in values]


def add_shares(quantities: Mapping[str, Sequence[float | None]]) -> list[dict[str, float | None]]:
    """Return the shares of each row from the columns of quantities."""
    columns = {name: shares_of(values) for name, values in quantities.items()}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def layer_rows(rows: Iterable[ProfileRow]) -> tuple[LayerRow, ...]:
    """Return one row per layer, in the order of the data."""
    groups: dict[str, list[ProfileRow]] = {}
    for row in rows:
        groups.setdefault(row.facts.layer, []).append(row)

    def column(of: Callable[[ProcessCounts], int]) -> list[int]:
        return [sum(of(row.counts) for row in group) for group in groups.values()]

    seconds = [
        sum(times) if (times := [r.seconds for r in group if r.seconds is not None]) else None
        for group in groups.values()
    ]
    spikes, graded = column(lambda c: c.spikes), column(lambda c: c.graded_spikes)
    arrived, synops = column(lambda c: c.events_in), column(lambda c: c.synops)
    updates, neurons = column(lambda c: c.neuron_updates), column(lambda c: c.neurons)
    sent = [one + other for one, other in zip(spikes, graded, strict=True)]
    shares = add_shares(dict(zip(SHARED, (sent, arrived, synops, updates, seconds), strict=True)))
    return tuple(
        LayerRow(
            layer=layer,
            neurons=neurons[index],
            spikes=spikes[index],
            graded_spikes=graded[index],
            events_in=arrived[index],
            synops=synops[index],
            neuron_updates=updates[index],
            # The last row of a layer sends its message.
            firing_rate=group[-1].counts.firing_rate,
            seconds=seconds[index],
            shares=shares[index],
        )
        for index, (layer, group) in enumerate(groups.items())
    )


def always_on_by_counts(events: IntArray, frames: int, facts: RowFacts) -> int | None:
    """Return how many channels sent in every frame, where their events alone tell.

    One event a frame is what graded coding and codes of one bit have; of a wider code in unary
    coding the records have to be looked at.
    """
    if facts.binary and facts.bits != 1:
        return None
    return int(np.count_nonzero(events == frames))
