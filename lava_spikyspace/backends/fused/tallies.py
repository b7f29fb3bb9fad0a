"""What layers have done so far: extremes and counts, and the activities that follow from them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lava_spikyspace.network import IntArray, Interval, Layer, RmsNormLayer, ScanLayer
from lava_spikyspace.plan import MESSAGE, Plan, limb_port
from lava_spikyspace.profiling.counters import Activity, sends_binary

STATE = "state"
"""Key of the counts of a scan's state codes, beside those of its message."""

SQUARES = "squares"
"""Key of the counts of the squares inside a root mean square."""


@dataclass(eq=False)
class Sent:
    """Counts of one kind of values, by channel.

    Parameters
    ----------
    nonzero : ndarray, int64, shape (1 + limbs, channel)
        Values other than 0: the whole message, then its limbs where it is split.
    magnitude : ndarray, int64, shape (channel,)
        Sums of magnitudes; 0 for what is no code.
    """

    nonzero: IntArray
    magnitude: IntArray

    def add(self, other: Sent) -> None:
        """Add the counts of other windows."""
        self.nonzero += other.nonzero
        self.magnitude += other.magnitude


@dataclass(eq=False)
class Tally:
    """What one layer has done.

    Parameters
    ----------
    spans : dict of str to Interval
        Extremes by range name.
    sent : dict of str to Sent
        Counts: `MESSAGE`, `STATE` of a scan, and `SQUARES` of a root mean square.
    synops : int or None
        Synaptic operations that depend on the element.
    saturations : int
        Values that were clipped.
    """

    spans: dict[str, Interval] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
    synops: int | None = None
    saturations: int = 0

    def see(self, name: str, lo: float, hi: float) -> None:
        """Widen the extremes of a value; nothing was seen where lo exceeds hi."""
        known = self.spans.get(name)
        if lo <= hi and (known is None or lo < known.lo or hi > known.hi):
            seen = Interval(int(lo), int(hi))
            self.spans[name] = seen if known is None else known.union(seen)

    def add(self, other: Tally) -> None:
        """Add what the layer did on other windows."""
        for name, span in other.spans.items():
            self.see(name, span.lo, span.hi)
        for key, sent in other.sent.items():
            if key in self.sent:
                self.sent[key].add(sent)
            else:
                self.sent[key] = sent
        if other.synops is not None:
            self.synops = (self.synops or 0) + other.synops
        self.saturations += other.saturations


Tallies = dict[str, Tally]
"""By layer name."""


def merge(parts: Iterable[Tallies]) -> Tallies:
    """Return what the layers did on all windows together."""
    total: Tallies = {}
    for part in parts:
        for name, tally in part.items():
            total.setdefault(name, Tally()).add(tally)
    return total


def activities_of(plan: Plan, tallies: Tallies) -> dict[str, Activity]:
    """Return the activity of every row of the plan but the `Dense` processes."""
    activities: dict[str, Activity] = {}
    for layer in plan.network:
        tally = tallies[layer.name]
        if isinstance(layer, ScanLayer):
            state = tally.sent[STATE]
            activities[f"{layer.name}.state"] = Activity(
                events={MESSAGE: state.nonzero[0]},
                code_sum=int(state.magnitude.sum()),
                extremes=tally.spans["state"],
            )
        elif isinstance(layer, RmsNormLayer):
            squares = tally.sent[SQUARES].nonzero[0]
            activities[f"{layer.name}.squares"] = Activity(events={MESSAGE: squares})
        elif layer.netx_type == "conv1d":
            activities[f"{layer.name}.synapses"] = Activity(synops=tally.synops)
        activities[plan.sender(layer.name)] = _message_activity(plan, layer, tally)
    return activities


def _message_activity(plan: Plan, layer: Layer, tally: Tally) -> Activity:
    """Return the activity of the row that sends the message of a layer."""
    sent = tally.sent[MESSAGE]
    binary = sends_binary(plan, layer)
    events = {MESSAGE: sent.magnitude if binary else sent.nonzero[0]}
    for limb in range(1, len(sent.nonzero)):
        events[limb_port(limb - 1)] = sent.nonzero[limb]
    return Activity(
        events=events,
        code_sum=int(sent.magnitude.sum()) if layer.bits else 0,
        extremes=tally.spans.get("accumulator", tally.spans.get("message")),
        synops=tally.synops if layer.netx_type == "forecast_head" else None,
        saturations=tally.saturations,
    )
