"""SPikE-SSM-style networks: the simulator equals the batch engine in all it computes and counts."""

from importlib import import_module

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.plan import CODINGS, make_plan
from tests.backends.parity import differences
from tests.random_spike_ssm import NEURONS, random_sequences, random_spike_ssm

pytest.importorskip("lava.magma.core.decorator")

SHAPES = {
    "gated classifier": {},
    "linear mixer": {"gated": False},
    "forecast": {"classification": False},
    "wide": {"wide": True},
    "wide forecast": {"wide": True, "classification": False, "gated": False},
    "one of everything": {
        "inputs": 1,
        "channels": 1,
        "window": 1,
        "blocks": 1,
        "states": 1,
        "outputs": 1,
    },
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("neuron", NEURONS)
def test_sim_equals_batch(neuron, shape, coding):
    from lava_spikyspace.backends.sim import SimBackend

    seed = CODINGS.index(coding)
    network = random_spike_ssm(seed, neuron=neuron, **SHAPES[shape])
    plan = make_plan(network, coding)
    messages = random_sequences(seed, network, 3)
    expected = BatchBackend().run(plan, messages, strict=True, record=True)
    found = SimBackend().run(plan, messages, strict=True, record=True)
    assert differences(plan, expected, found) == []


@pytest.mark.parametrize("neuron", NEURONS)
def test_neurons_are_live(neuron):
    network = random_spike_ssm(3, neuron=neuron)
    messages = random_sequences(3, network, 8)
    records = BatchBackend().run(make_plan(network, "graded"), messages, record=True).records
    for index in range(2):
        rate = records[f"blocks.{index}.neurons"].mean()
        assert 0.05 < rate < 0.95
    assert len(np.unique(records["head"])) > 8


def test_compiled_kernels_leave_the_family_to_numpy():
    network = random_spike_ssm(0)
    plan, messages = make_plan(network, "graded"), random_sequences(0, network, 3)
    expected = BatchBackend(kernels="numpy").run(plan, messages, record=True)
    found = BatchBackend(kernels="fused").run(plan, messages, record=True)
    assert differences(plan, expected, found) == []


MODELS = {
    "channel_norm": "PyChannelNormModelFixed",
    "classification_head": "PyClassificationHeadModelFixed",
    "diagonal_s4d": "PyDiagonalS4dModelFixed",
    "gated_residual": "PyGatedResidualModelFixed",
    "projection": "PyProjectionModelFixed",
    "pt_sigmoid": "PyPTSigmoidModelFixed",
    "spiking_neuron": "PySpikingNeuronModelFixed",
}


@pytest.mark.parametrize("folder", MODELS)
def test_a_model_that_answers_wrongly_once_is_found(folder, monkeypatch):
    from lava_spikyspace.backends.sim import SimBackend

    module = import_module(f"lava_spikyspace.processes.{folder}.models")
    model = getattr(module, MODELS[folder])
    decide, told = model.decide, []

    def wrong(self, position, arrived):
        message = decide(self, position, arrived)
        if message is None or told:
            return message
        told.append(True)
        changed = np.array(message)
        changed.flat[0] = 1 - changed.flat[0]
        if hasattr(self, "forecast"):
            self.forecast[position.window] = changed
        return changed

    monkeypatch.setattr(model, "decide", wrong)
    network = random_spike_ssm(0)
    plan, messages = make_plan(network, "graded"), random_sequences(0, network, 2)
    expected = BatchBackend().run(plan, messages, record=True)
    found = SimBackend().run(plan, messages, record=True)
    assert told
    assert differences(plan, expected, found) != []
