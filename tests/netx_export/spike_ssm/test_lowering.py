"""Integers of a SPikE-SSM-style model against its frozen float model."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lava_spikyspace.backends.batch import BatchBackend  # noqa: E402
from lava_spikyspace.network import MESSAGE_BITS, Normalisation  # noqa: E402
from lava_spikyspace.plan import make_plan  # noqa: E402
from lava_spikyspace.spike_ssm.layers import BernoulliLayer  # noqa: E402
from netx_export.spike_ssm.frozen import freeze  # noqa: E402
from netx_export.spike_ssm.lowering import lower  # noqa: E402
from tests.netx_export.spike_ssm.small import INPUTS, model_of  # noqa: E402

PLAIN = Normalisation(kind="fixed", mean=np.zeros(INPUTS), scale=np.ones(INPUTS))
NEURONS = ("refractory", "soft_reset", "hard_reset", "bernoulli")


@pytest.mark.parametrize("task", ["classification", "forecast"])
@pytest.mark.parametrize("mixer", ["glu", "linear"])
@pytest.mark.parametrize("neuron", NEURONS)
def test_integers_agree_with_the_frozen_model(neuron, mixer, task):
    model, x = model_of(neuron=neuron, mixer=mixer, task=task)
    frozen = freeze(model)
    trace = frozen.run_chunks(x.double().numpy())
    with torch.no_grad():
        outputs = model(x).numpy().reshape(trace.forecasts.shape)
    np.testing.assert_allclose(outputs, trace.forecasts, atol=2e-3)
    network = lower(frozen, trace.peaks, PLAIN)
    messages = np.rint(x.double().numpy() * 2.0**network.input.frac_bits).astype(np.int64)
    plan = make_plan(network, "graded")
    result = BatchBackend().run(plan, messages, strict=True, record=True)
    for name, spikes in trace.records.items():
        assert 0.01 < spikes.mean() < 0.9
        assert (result.records[name] == spikes).mean() >= 0.999
    found = result.forecasts * 2.0**-network.head.frac_bits
    error = np.linalg.norm(found - trace.forecasts) / np.linalg.norm(trace.forecasts)
    assert error <= 1e-3


@pytest.mark.parametrize("tau", [0.0, 0.9])
def test_messages_states_and_potentials_are_registers_of_24_bits(tau):
    model, x = model_of(1, window=200, tau=tau)
    frozen = freeze(model)
    network = lower(frozen, frozen.run_chunks(x.double().numpy()).peaks, PLAIN)
    for layer in network:
        for name, interval in layer.ranges.items():
            if name in ("message", "state") and not isinstance(layer, BernoulliLayer):
                assert interval.bits <= MESSAGE_BITS, (layer.name, name)


@pytest.mark.parametrize("seed", range(3))
def test_no_register_overflows_at_the_extremes_of_the_input(seed):
    model, x = model_of(seed, window=60, d_state=6)
    frozen = freeze(model)
    network = lower(frozen, frozen.run_chunks(x.double().numpy()).peaks, PLAIN)
    limits = network.input.ranges["message"]
    rng = np.random.default_rng(seed)
    messages = rng.choice(limits.ends, size=(8, network.window, INPUTS))
    messages[0], messages[1] = limits.lo, limits.hi
    BatchBackend().run(make_plan(network, "graded"), messages, strict=True)
