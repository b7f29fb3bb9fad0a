"""What a network did: counts per process, and who sent how much."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from lava_spikyspace.errors import InputError
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import MESSAGE, Plan
from lava_spikyspace.profiling.counters import Activity, ProcessCounts, count_processes
from lava_spikyspace.stock.plan import StockPlan

Outlet = tuple[str, str]
"""Row that sends, and its out port."""

WorkCoding: TypeAlias = Literal["graded", "unary", "plain"]
"""A coding of our models, or none: a plain network runs as it is."""


@dataclass(frozen=True, eq=False)
class Work:
    """Counts of some windows in one coding.

    A plain network has no windows and no codings: there a window is what lies between two resets,
    or else the whole run, and a frame is one step.

    Parameters
    ----------
    plan : Plan or StockPlan
        What ran.
    coding : str
        ``graded``, ``unary``, or ``plain`` for a plain network.
    windows : int
        How many windows.
    frames : int
        Frames of all windows.
    frame_steps : int
        Steps of a frame.
    latency_steps : int
        Steps from the first input to the first frame of the last process.
    counts : mapping of str to ProcessCounts
        By row, in the order of the plan.
    events : mapping of (str, str) to ndarray, int64, shape (neuron,)
        Events by row, port and sending neuron.
    origin : str
        Where the counts come from, in words.
    is_by_neuron : bool
        Whether the events of every neuron were counted; else they are spread evenly.
    """

    plan: Plan | StockPlan
    coding: WorkCoding
    windows: int
    frames: int
    frame_steps: int
    latency_steps: int
    counts: Mapping[str, ProcessCounts]
    events: Mapping[Outlet, IntArray]
    origin: str
    is_by_neuron: bool

    @property
    def steps(self) -> int:
        """Time steps in which the processes were active."""
        return self.frames * self.frame_steps

    @property
    def steps_per_window(self) -> int:
        """Steps of one window, where windows follow each other without a gap."""
        return self.steps // self.windows

    def messages(self, row: str) -> int:
        """Return the events that a row sent, the limbs of its messages left out."""
        sent = self.events.get((row, MESSAGE))
        return 0 if sent is None else int(sent.sum())


def work_of(plan: Plan, activities: Mapping[str, Activity], windows: int, origin: str) -> Work:
    """Return the work of an engine's run.

    Parameters
    ----------
    plan : Plan
        What ran.
    activities : mapping of str to Activity
        By row.
    windows : int
        How many windows.
    origin : str
        Where it comes from.
    """
    counts = count_processes(plan, activities, windows)
    events = {
        (row, port): sent
        for row, activity in activities.items()
        for port, sent in activity.events.items()
    }
    by_name = {row.name: row for row in counts}
    return _work(plan, windows, by_name, events, origin, is_by_neuron=True)


def _work(
    plan: Plan,
    windows: int,
    counts: Mapping[str, ProcessCounts],
    events: Mapping[Outlet, IntArray],
    origin: str,
    *,
    is_by_neuron: bool,
) -> Work:
    return Work(
        plan=plan,
        coding=plan.coding,
        windows=windows,
        frames=windows * plan.network.window,
        frame_steps=plan.frame_steps,
        latency_steps=plan.latency_steps,
        counts=counts,
        events=events,
        origin=origin,
        is_by_neuron=is_by_neuron,
    )


def work_of_counts(
    plan: Plan, counts: Mapping[str, ProcessCounts], windows: int, origin: str
) -> Work:
    """Return the work that belongs to counts per process.

    Events by port follow from the counts of the rows that they reach; among the neurons of a row
    they are spread evenly, the first neurons taking what does not divide.

    Parameters
    ----------
    plan : Plan
        What ran.
    counts : mapping of str to ProcessCounts
        By row.
    windows : int
        How many windows.
    origin : str
        Where they come from.

    Raises
    ------
    InputError
        The rows are not those of the plan.
    """
    expected = {row: neurons for process in plan.processes for row, neurons in process.rows}
    _check_rows(expected, {row: entry.neurons for row, entry in counts.items()}, origin)
    totals = _outlet_totals(plan, counts)
    events = {
        (row, port): spread_evenly(total, expected[row]) for (row, port), total in totals.items()
    }
    return _work(plan, windows, counts, events, origin, is_by_neuron=False)


def _check_rows(expected: Mapping[str, int], found: Mapping[str, int], origin: str) -> None:
    """Refuse rows that are not those of a plan; earlier versions counted with fewer of them."""
    differing = sorted({*found.items()} ^ {*expected.items()})
    if not differing:
        return
    if found.items() <= expected.items():
        missing = ", ".join(row for row in expected if row not in found)
        raise InputError(
            f"{origin}: found no row for {missing}, expected one for each kind of neurons",
            hint="run the model again: runs of earlier versions counted with fewer rows",
        )
    raise InputError(
        f"{origin}: found other processes than the model has: {differing[0][0]} with "
        f"{differing[0][1]} neurons is in one of them only"
    )


def _outlet_totals(plan: Plan, counts: Mapping[str, ProcessCounts]) -> dict[Outlet, int]:
    """Return the events of every port that something reads, and of the messages behind limbs."""
    totals: dict[Outlet, int] = {}
    for row, arrivals in plan.arrivals.items():
        if len(arrivals) == 1:
            totals[arrivals[0].source, arrivals[0].port] = counts[row].events_in
    for row, entry in counts.items():
        if (row, MESSAGE) not in totals and entry.neurons:
            limbs = [total for (source, _), total in totals.items() if source == row]
            left = entry.spikes + entry.graded_spikes - sum(limbs)
            # A message that leaves in limbs only is not counted; it is not 0 where any limb is not.
            totals[row, MESSAGE] = max(left, max(limbs, default=0))
    return totals


def spread_evenly(total: int, neurons: int) -> IntArray:
    """Return events by neuron, shape (neuron,): equal shares, the first taking what is left."""
    each, more = divmod(total, neurons)
    return np.full(neurons, each, dtype=np.int64) + (np.arange(neurons) < more)
