"""Every program against the arithmetic and the Lava models: proven ranges, ends, thresholds."""

import numpy as np
import pytest

from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.plan import make_plan
from tests.hardware.microcode.trials import failures, make_trial
from tests.random_networks import random_network
from tests.random_spike_ssm import random_spike_ssm

KINDS = {
    "narrow": {"seed": 11},
    "wide": {"seed": 12, "wide": True},
    "tight": {"seed": 13, "tight": True},
    "one bit": {"seed": 14, "bits": dict.fromkeys(("c", "s", "delta", "delta1", "x", "y"), 1)},
    "broad": {"seed": 17, "broad": True},
    "first states": {"seed": 15, "first": (-1.4, 0.6, 0)},
    "first states, wide": {"seed": 16, "wide": True, "first": (0.7, -2.3)},
}
SIZES = {"blocks": 1, "golden": 0, "window": 5}
LAYERS = tuple(layer.name for layer in random_network(11, **SIZES))
SSM = {
    "refractory": {"seed": 21},
    "soft reset, wide": {"seed": 22, "neuron": "soft_reset", "wide": True, "gated": False},
    "hard reset": {"seed": 23, "neuron": "hard_reset", "classification": False},
    "bernoulli, wide": {"seed": 24, "neuron": "bernoulli", "wide": True},
}
UPDATES = 100_000
"""Random updates of each program, at least."""


@pytest.fixture(scope="module", params=["graded", "unary"])
def coding(request):
    return request.param


@pytest.fixture(scope="module", params=KINDS)
def plan_and_graph(request, coding):
    plan = make_plan(random_network(**{**SIZES, **KINDS[request.param]}), coding)
    return plan, split_plan(plan)


@pytest.mark.parametrize("layer", LAYERS)
def test_some_thousand_updates(plan_and_graph, layer):
    plan, graph = plan_and_graph
    trial = make_trial(plan, layer, seed=1, lanes=60, windows=3, graph=graph)
    assert list(failures(trial)) == []


@pytest.mark.parametrize("layer", LAYERS)
def test_the_lava_model_answers_the_same(plan_and_graph, layer):
    pytest.importorskip("lava")
    check_lava(*plan_and_graph, layer, lanes=3)


def check_lava(plan, graph, layer, lanes):
    """Programs and Lava process give the message that the trial expects of both."""
    from tests.hardware.microcode.lava_models import answers_of_lava

    trial = make_trial(plan, layer, seed=3, lanes=lanes, windows=3, graph=graph)
    assert list(failures(trial)) == []
    np.testing.assert_array_equal(answers_of_lava(trial), trial.message)
    return trial


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_a_hundred_thousand_updates_of_the_lava_model(plan_and_graph, layer):
    pytest.importorskip("lava")
    plan, graph = plan_and_graph
    neurons = graph.kinds[-1].neurons if layer == "head" else plan.network[layer].neurons
    lanes = -(-UPDATES // (neurons * 3 * plan.network.window))
    trial = check_lava(plan, graph, layer, lanes)
    assert trial.lanes * trial.frames * neurons >= UPDATES


@pytest.mark.slow
@pytest.mark.parametrize("layer", LAYERS)
def test_a_hundred_thousand_updates(plan_and_graph, layer):
    plan, graph = plan_and_graph
    fewest = min(kind.neurons for kind in graph.kinds if kind.layer == layer)
    lanes = -(-UPDATES // (fewest * 4 * plan.network.window))
    if layer == "head":  # it answers once in a window
        lanes *= plan.network.window
    trial = make_trial(plan, layer, seed=2, lanes=lanes, windows=4, graph=graph)
    assert trial.lanes * trial.frames * fewest >= UPDATES
    assert list(failures(trial)) == []


@pytest.fixture(scope="module", params=SSM)
def other_family(request):
    """A network of the second family; all its codes have one bit, so the codings are one."""
    plan = make_plan(random_spike_ssm(**SSM[request.param], blocks=1, window=5), "graded")
    return plan, split_plan(plan)


def test_layers_of_the_second_family(other_family):
    pytest.importorskip("lava")
    plan, graph = other_family
    for layer in plan.network:
        check_lava(plan, graph, layer.name, lanes=20)


@pytest.mark.slow
def test_a_hundred_thousand_updates_of_the_second_family(other_family):
    pytest.importorskip("lava")
    plan, graph = other_family
    for layer in plan.network:
        neurons = plan.network[layer.name].neurons
        lanes = -(-UPDATES // (neurons * 3 * plan.network.window))
        trial = check_lava(plan, graph, layer.name, lanes)
        assert trial.lanes * trial.frames * neurons >= UPDATES
