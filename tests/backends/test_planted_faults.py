"""One constant changed in one Lava process: comparing with the batch engine has to show it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from lava_spikyspace.arithmetic import pt_softplus
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.sim import SimBackend
from lava_spikyspace.network import SoftplusLayer
from lava_spikyspace.plan import make_plan
from tests.backends.parity import differences
from tests.random_networks import random_messages, random_network

pytest.importorskip("lava.magma.core.decorator")

from lava_spikyspace import assembly
from lava_spikyspace.processes.builders import BUILDERS, build_process


def with_thresholds_on_values(network):
    """Return the network with step sizes that just reach their thresholds: a unit less shows."""

    def touching(layer):
        if not isinstance(layer, SoftplusLayer):
            return layer
        values = pt_softplus(layer.table, layer.frac_bits, layer.exp2_terms)
        return replace(layer, theta_out=values[np.searchsorted(values, layer.theta_out)])

    return replace(network, layers=tuple(touching(layer) for layer in network))


NETWORK = with_thresholds_on_values(random_network(11, blocks=1, window=5, wide=True, golden=0))
MESSAGES = random_messages(12, NETWORK, 8)
BLOCK = "blocks.0"


@dataclass(frozen=True)
class Fault:
    """A change of what one builder gets to see.

    Attributes
    ----------
    process : str
        Name of the process.
    what : str
        The constant.
    change : callable
        From (layer, site) to the changed ones.
    """

    process: str
    what: str
    change: Callable

    def __str__(self):
        return f"{self.process}:{self.what}"


def parameter(process: str, field: str, change: Callable) -> Fault:
    def changed(layer, site):
        return replace(layer, **{field: change(getattr(layer, field))}), site

    return Fault(process, field, changed)


def plus(number: int, place: tuple[int, ...] | int | None = None) -> Callable:
    """Return a function that adds a number, to one element if a place is given."""

    def change(value):
        if place is None:
            return value + number
        copy = np.array(value)
        copy[place] += number
        return copy

    return change


def opposite(weight):
    """Return the weights with one of them at the other end of its range."""
    changed = weight.copy()
    changed[-1, -1] = -127 if weight[-1, -1] > 0 else 127
    return changed


def schedule(process: str, what: str, **changes: Callable) -> Fault:
    def changed(layer, site):
        old = site.common["schedule"]
        new = replace(old, **{name: change(getattr(old, name)) for name, change in changes.items()})
        return layer, replace(site, common={**site.common, "schedule": new})

    return Fault(process, what, changed)


def changed_window(layer, site):
    return layer, replace(site, messages=plus(1, (0, 0, 0))(site.messages))


def changed_limbs(layer, site):
    widths = site.plan.limb_widths(site.process.name)
    wider = replace(site.plan)
    vars(wider)["_limbs"] = {site.process.name: (widths[0] + 1, *widths[1:])}
    return layer, replace(site, plan=wider)


FAULTS = [
    Fault("input", "window", changed_window),
    Fault("input", "output limbs", changed_limbs),
    parameter(f"{BLOCK}.norm", "eps", plus(1 << 24)),
    parameter(f"{BLOCK}.norm", "root_bits", plus(1)),
    *(
        parameter(f"{BLOCK}.{name}", "weight", opposite)
        for name in (
            "in_proj.scan.synapses",
            "in_proj.scan.synapses.hi",
            "in_proj.gate.synapses.mid",
            "delta.synapses",
            "C.synapses",
            "dt_proj.synapses",
            "out_proj.synapses",
            "conv.synapses",
        )
    ),
    parameter(f"{BLOCK}.in_proj.scan.neuron", "theta", plus(-(1 << 30), (1, 0))),
    parameter(f"{BLOCK}.in_proj.scan.neuron", "rms_shift", plus(1)),
    parameter(f"{BLOCK}.in_proj.scan.neuron", "limbs", lambda limbs: (limbs[0] + 1, *limbs[1:])),
    parameter(f"{BLOCK}.in_proj.gate.neuron", "theta", plus(-(1 << 30), (0, 0))),
    parameter(f"{BLOCK}.in_proj.gate.neuron", "rms_shift", plus(1)),
    parameter(f"{BLOCK}.in_proj.gate.neuron", "table", plus(1 << 6, -1)),
    parameter(f"{BLOCK}.in_proj.gate.neuron", "frac_bits", plus(1)),
    parameter(f"{BLOCK}.in_proj.gate.neuron", "exp2_terms", lambda terms: 0 if terms else 1),
    parameter(f"{BLOCK}.in_proj.gate.neuron", "limbs", lambda limbs: (*limbs[:-1], limbs[-1] + 1)),
    *(
        parameter(f"{BLOCK}.conv.neuron", "theta", plus(-(1 << 12), (row, 0, 0)))
        for row in range(3)
    ),
    parameter(f"{BLOCK}.delta.neuron", "theta", plus(1 << 12, (0, -1))),
    parameter(f"{BLOCK}.dt_proj.neuron", "theta", plus(-(1 << 12), (0, 0))),
    parameter(f"{BLOCK}.dt_proj.neuron", "table", plus(1 << 12, 10)),
    parameter(f"{BLOCK}.dt_proj.neuron", "frac_bits", plus(3)),
    parameter(f"{BLOCK}.dt_proj.neuron", "exp2_terms", plus(-1)),
    parameter(f"{BLOCK}.dt_proj.neuron", "theta_out", plus(1 << 12, -1)),
    *(
        parameter(f"{BLOCK}.{name}.neuron", field, plus(number, 0))
        for name in ("B", "out_proj")
        for field, number in (("mult", 20), ("add", 1 << 13), ("shift", 1))
    ),
    parameter(f"{BLOCK}.out_proj.neuron", "residual_bits", plus(-3)),
    parameter(f"{BLOCK}.out_proj.neuron", "limbs", lambda limbs: (limbs[0] + 1, *limbs[1:])),
    parameter(f"{BLOCK}.scan", "left", plus(1)),
    parameter(f"{BLOCK}.scan", "right", plus(1)),
    parameter(f"{BLOCK}.scan", "gain", plus(9, (1, 1))),
    parameter(f"{BLOCK}.scan", "gain_shift", plus(1)),
    parameter(f"{BLOCK}.scan", "level", plus(64, -1)),
    parameter(f"{BLOCK}.scan", "theta_state", plus(200, 0)),
    parameter(f"{BLOCK}.scan", "skip", plus(1 << 18, (1, 0))),
    parameter(f"{BLOCK}.scan", "theta", plus(1 << 18, (0, -1))),
    Fault(f"{BLOCK}.product", "output limbs", changed_limbs),
    parameter("head", "weight", plus(1, (0, 2))),
    *(parameter("head", name, plus(number, 1)) for name, number in (("mult", 9), ("shift", 1))),
    parameter("head", "add", plus(1 << 13, 0)),
]
PROCESSES = {place.name: place for place in make_plan(NETWORK, "graded").processes}
FRAMED = [name for name, place in PROCESSES.items() if place.kind != "Dense"]
TIMING = [
    *(schedule(name, "offset later", offset=plus(1)) for name in FRAMED),
    *(schedule(name, "offset earlier", offset=plus(-1)) for name in FRAMED if name != "input"),
]
DELAYS = [
    schedule(
        link.target, f"delay of {link.role}", delays=lambda old, role=link.role: later(old, role)
    )
    for link in make_plan(NETWORK, "graded").links
    if link.target in FRAMED
]


def later(delays: dict[str, int], role: str) -> dict[str, int]:
    return {**delays, role: delays[role] + 1}


@pytest.fixture(scope="module")
def expected():
    return {
        coding: BatchBackend().run(make_plan(NETWORK, coding), MESSAGES, record=True)
        for coding in ("graded", "unary")
    }


def found_by(monkeypatch, expected, fault: Fault | None, coding: str) -> list[str]:
    """Run with a fault; return what the comparison finds."""

    def build(layer, site):
        if fault is not None and site.process.name == fault.process:
            layer, site = fault.change(layer, site)
        return build_process(layer, site)

    monkeypatch.setattr(assembly, "build_process", build)
    plan = make_plan(NETWORK, coding)
    result = SimBackend().run(plan, MESSAGES, record=True)
    return differences(plan, expected[coding], result)


@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_without_a_fault_nothing_is_found(monkeypatch, expected, coding):
    assert found_by(monkeypatch, expected, None, coding) == []


@pytest.mark.usefixtures("not_strict")
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_changed_constant_is_found(monkeypatch, expected, fault):
    assert found_by(monkeypatch, expected, fault, "graded")


@pytest.mark.parametrize("fault", [*TIMING, *DELAYS], ids=str)
def test_a_changed_schedule_is_found(monkeypatch, expected, fault):
    assert found_by(monkeypatch, expected, fault, "graded")


@pytest.mark.parametrize("fault", TIMING[: len(FRAMED)], ids=str)
def test_a_process_that_is_one_step_late_is_found_in_unary_coding(monkeypatch, expected, fault):
    assert found_by(monkeypatch, expected, fault, "unary")


OTHER_FAMILY = {
    "ChannelNorm",
    "ClassificationHead",
    "DiagonalS4d",
    "GatedResidual",
    "PTSigmoid",
    "Projection",
    "SpikingNeuron",
}
"""Process classes that no SpikySpace network has; their faults are in `tests.spike_ssm`."""


def test_there_is_a_fault_for_every_process_class():
    classes = set(BUILDERS) - OTHER_FAMILY
    assert {PROCESSES[fault.process].kind for fault in FAULTS} == classes
    assert {PROCESSES[fault.process].kind for fault in TIMING} == classes - {"Dense"}
