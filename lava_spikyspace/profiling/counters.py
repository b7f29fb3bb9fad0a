"""Counts per process, made from what each row of the plan has sent.

An engine measures an `Activity` for every row that computes something. The counts that follow from
the plan alone (events that arrive, synaptic operations, updates) are derived here once, so that
they are the same on every backend and runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import reduce

import numpy as np

from lava_spikyspace.network import IntArray, Interval, Layer, ScanLayer
from lava_spikyspace.plan import MESSAGE, Arrival, Plan


@dataclass(frozen=True, eq=False)
class Activity:
    """What one row did during its active time.

    Parameters
    ----------
    events : mapping of str to ndarray, int64, shape (channel,)
        Events sent by out port and channel: binary spikes, or messages other than 0.
    code_sum : int
        Sum of the magnitudes of its codes; 0 where it has none.
    extremes : Interval, optional
        Smallest and largest accumulator before the comparison.
    synops : int, optional
        Synaptic operations, where they depend on the element of the window.
    saturations : int
        Values that were clipped to their format.
    """

    events: Mapping[str, IntArray] = field(default_factory=dict)
    code_sum: int = 0
    extremes: Interval | None = None
    synops: int | None = None
    saturations: int = 0

    def merge(self, other: Activity) -> Activity:
        """Return the activity of both together."""
        events = dict(self.events)
        for port, sent in other.events.items():
            events[port] = events[port] + sent if port in events else sent
        known = [e for e in (self.extremes, other.extremes) if e is not None]
        synops = [s for s in (self.synops, other.synops) if s is not None]
        return Activity(
            events=events,
            code_sum=self.code_sum + other.code_sum,
            extremes=reduce(Interval.union, known) if known else None,
            synops=sum(synops) if synops else None,
            saturations=self.saturations + other.saturations,
        )


@dataclass(frozen=True)
class ProcessCounts:
    """One row of the profile.

    Parameters
    ----------
    name, type : str
        Name of the row and class of its Lava process.
    neurons : int
        Neurons; 0 for synapses.
    spikes : int
        Binary events sent (unary coding).
    graded_spikes : int
        Messages with a payload other than 0.
    events_in : int
        Events that arrived.
    synops : int
        Events times the non-zero weights they met.
    neuron_updates : int
        ``neurons * windows * elements * frame steps``.
    firing_rate : float or None
        Sum of code magnitudes / (neurons * windows * elements * Q); None where no code is sent.
    min, max : int or None
        Extremes of the accumulator before the comparison.
    saturations : int
        Values clipped to their format.
    """

    name: str
    type: str
    neurons: int
    spikes: int
    graded_spikes: int
    events_in: int
    synops: int
    neuron_updates: int
    firing_rate: float | None
    min: int | None
    max: int | None
    saturations: int

    def as_dict(self) -> dict[str, str | int | float | None]:
        """Return the row as plain values."""
        return asdict(self)


def sends_binary(plan: Plan, layer: Layer) -> bool:
    """Whether a layer sends binary spikes: its message is a code, and the coding is unary."""
    return plan.coding == "unary" and layer.bits is not None


def _row_code(plan: Plan, layer: Layer, row: str) -> tuple[int | None, bool]:
    """Return the width of the code that a row holds (None without) and whether it sends spikes."""
    if row == plan.sender(layer.name):
        return layer.bits, sends_binary(plan, layer)
    # The state codes of a scan never leave their process.
    return (layer.state_bits if isinstance(layer, ScanLayer) else None), False


def count_processes(
    plan: Plan, activities: Mapping[str, Activity], windows: int
) -> tuple[ProcessCounts, ...]:
    """Return one row per kind of neurons (or synapses) of each process, in the order of the plan.

    Parameters
    ----------
    plan : Plan
        What was run.
    activities : mapping of str to Activity
        By row name; rows that send nothing of their own (`Dense`) may be missing.
    windows : int
        Windows that were run.
    """
    elements = windows * plan.network.window
    nothing = Activity()
    counts = []
    for process in plan.processes:
        layer = plan.network[process.layer]
        for row, neurons in process.rows:
            activity = activities.get(row, nothing)
            used = {MESSAGE} if row == process.inner_row else set(plan.ports(process.name))
            ports = used & set(activity.events)
            sent = sum(int(activity.events[port].sum()) for port in ports)
            bits, binary = _row_code(plan, layer, row)
            events_in, synops = _arrived(plan.arrivals[row], activities)
            codes = neurons * elements * ((1 << bits) - 1) if bits else 0
            extremes = activity.extremes
            counts.append(
                ProcessCounts(
                    name=row,
                    type=process.kind,
                    neurons=neurons,
                    spikes=sent if binary else 0,
                    graded_spikes=0 if binary else sent,
                    events_in=events_in,
                    synops=synops if activity.synops is None else activity.synops,
                    neuron_updates=neurons * elements * plan.frame_steps,
                    firing_rate=activity.code_sum / codes if codes else None,
                    min=extremes.lo if extremes else None,
                    max=extremes.hi if extremes else None,
                    saturations=activity.saturations,
                )
            )
    return tuple(counts)


def _arrived(arrivals: tuple[Arrival, ...], activities: Mapping[str, Activity]) -> tuple[int, int]:
    """Return events and synaptic operations that the given arrivals add up to."""
    events_in = 0
    synops = 0
    for arrival in arrivals:
        events = activities[arrival.source].events[arrival.port]
        events_in += int(events.sum())
        if arrival.fan_out is not None:
            synops += int((events * arrival.fan_out).sum())
    return events_in, synops


def port_events(message: IntArray, *, binary: bool) -> IntArray:
    """Return the events that messages amount to, by channel.

    Parameters
    ----------
    message : ndarray, int64, shape (..., channel)
        Codes or messages, one per element.
    binary : bool
        Whether a code is sent as that many spikes rather than as one message.
    """
    axes = tuple(range(message.ndim - 1))
    sent = np.abs(message) if binary else message != 0
    return np.asarray(sent.sum(axis=axes, dtype=np.int64))
