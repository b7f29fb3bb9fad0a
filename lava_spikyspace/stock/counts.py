"""Counts per process of a run, in the rows that the runs of our own models have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.stock.plan import INPUT, StockPlan, StockProcess


@dataclass(frozen=True)
class Sent:
    """What one process has sent.

    Parameters
    ----------
    events : int
        Messages other than 0.
    synops : mapping of str to int
        Synaptic operations that they cause, by the process that reads them.
    """

    events: int
    synops: Mapping[str, int]


def sent_by_source(plan: StockPlan, values: IntArray) -> Sent:
    """Return what the process that plays the input sends.

    Parameters
    ----------
    plan : StockPlan
        What is run.
    values : ndarray, int64, shape (step, *input shape)
        What is played.
    """
    events = np.count_nonzero(values, axis=0)
    readers = plan.readers(INPUT)
    return Sent(
        events=int(events.sum()),
        synops={reader.name: int((events * reader.fan_out).sum()) for reader in readers},
    )


def count_stock(
    plan: StockPlan, sent: Mapping[str, Sent], steps: int, played: Interval
) -> tuple[ProcessCounts, ...]:
    """Return one row per process, in the order of the plan.

    Parameters
    ----------
    plan : StockPlan
        What was run.
    sent : mapping of str to Sent
        By process; those that send sums or biases are missing.
    steps : int
        Time steps of the run.
    played : Interval
        Smallest and largest value of the input.
    """
    return tuple(
        _row(process, sent, steps, played if process.name == INPUT else None)
        for process in plan.processes
    )


def _row(
    process: StockProcess, sent: Mapping[str, Sent], steps: int, extremes: Interval | None
) -> ProcessCounts:
    """Return the counts of one process.

    Processes of `lava.proc` do not show the voltage before it is compared, so that only the input
    has extremes.
    """
    events = sent[process.name].events if process.sends else 0
    is_binary = process.sends == "spikes"
    arrived = None if process.reads is None else sent[process.reads]
    updates = process.neurons * steps
    return ProcessCounts(
        name=process.name,
        type=process.kind,
        neurons=process.neurons,
        spikes=events if is_binary else 0,
        graded_spikes=0 if is_binary else events,
        events_in=0 if arrived is None else arrived.events,
        synops=0 if arrived is None else arrived.synops.get(process.name, 0),
        neuron_updates=updates,
        firing_rate=events / updates if is_binary else None,
        min=extremes.lo if extremes else None,
        max=extremes.hi if extremes else None,
        saturations=0,
    )
