"""Counts that nobody measured: every code fires at a stated rate."""

from __future__ import annotations

import numpy as np

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.work import Work, spread_evenly, work_of
from lava_spikyspace.network import (
    ConvLayer,
    HeadLayer,
    Layer,
    Network,
    OutputLayer,
    ProductLayer,
    ScanLayer,
)
from lava_spikyspace.plan import CODINGS, MESSAGE, Coding, Plan, make_plan
from lava_spikyspace.profiling.counters import Activity, sends_binary


def stated_works(network: Network, rate: float) -> dict[Coding, Work]:
    """Return the counts of one window if every code fires at a stated rate.

    A code of b bits is 2**b - 1 chances to fire, each taken with the given rate: so many binary
    spikes on average, and a graded one wherever any chance is taken. Every message is sent, but
    the gate's products only where the scan's code is not 0.

    Parameters
    ----------
    network : Network
        The model.
    rate : float
        Firing rate, 0 to 1.

    Raises
    ------
    UsageError
        The rate is none.
    """
    if not 0 <= rate <= 1:
        raise UsageError(f"the firing rate is {rate}, expected 0 to 1")
    works: dict[Coding, Work] = {}
    for coding in CODINGS:
        plan = make_plan(network, coding)
        origin = f"stated firing rate of {rate:g}, one window"
        works[coding] = work_of(plan, _stated_activities(plan, rate), 1, origin)
    return works


def _stated_activities(plan: Plan, rate: float) -> dict[str, Activity]:
    activities: dict[str, Activity] = {}
    for process in plan.processes:
        layer = plan.network[process.layer]
        if process.kind == "Dense":
            continue
        if process.kind == "CausalConv":
            source = plan.network[layer.inputs[0]]
            sent = _share_sent(plan, source, rate)
            activities[process.name] = Activity(synops=_conv_synops(plan.network, layer, sent))
            continue
        for row, neurons in process.rows:
            inner = row != process.sending_row
            activities[row] = _stated_row(plan, layer, row, neurons, rate, inner=inner)
    return activities


def _stated_row(
    plan: Plan, layer: Layer, row: str, neurons: int, rate: float, *, inner: bool
) -> Activity:
    elements = plan.network.window
    if isinstance(layer, HeadLayer):
        synops = layer.channels * int(np.count_nonzero(layer.weight))
        return Activity(events={MESSAGE: np.ones(neurons, dtype=np.int64)}, synops=synops)
    if isinstance(layer, OutputLayer):
        return Activity(events={MESSAGE: np.ones(neurons, dtype=np.int64)})
    if inner and isinstance(layer, ScanLayer):
        bits, share = layer.state_bits, _share_not_zero(layer.state_bits, rate)
    else:
        bits, share = layer.bits or 0, _share_sent(plan, layer, rate)
    messages = spread_evenly(round(share * elements * neurons), neurons)
    ports = {MESSAGE: messages, **dict.fromkeys(_limb_ports(plan, row), messages)}
    return Activity(events=ports, code_sum=round(rate * ((1 << bits) - 1) * elements * neurons))


def _limb_ports(plan: Plan, row: str) -> tuple[str, ...]:
    """Return the ports of a row that carry limbs of its message."""
    return tuple(port for port in plan.ports(row) if port != MESSAGE)


def _share_sent(plan: Plan, layer: Layer, rate: float) -> float:
    """Return the mean events of one neuron in one frame."""
    if isinstance(layer, ProductLayer):
        scan = plan.network[layer.source("scan")]
        return _share_not_zero(scan.bits or 1, rate)
    if layer.bits is None:
        return 1.0
    if sends_binary(plan, layer):
        return rate * ((1 << layer.bits) - 1)
    return _share_not_zero(layer.bits, rate)


def _share_not_zero(bits: int, rate: float) -> float:
    return float(1.0 - (1.0 - rate) ** ((1 << bits) - 1))


def _conv_synops(network: Network, layer: Layer, sent: float) -> int:
    """Return the synaptic operations of a convolution; the first elements miss some taps."""
    if not isinstance(layer, ConvLayer):
        return 0
    weights = np.count_nonzero(layer.weight, axis=0)
    met = network.window - np.arange(len(weights))[::-1]
    return round(sent * int(np.maximum(met, 0) @ weights))
