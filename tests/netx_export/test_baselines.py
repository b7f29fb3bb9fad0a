"""The comparison models: shapes, sizes, learning, spikes."""

import pytest
import torch

from netx_export.baselines.fitting import fit_baseline
from netx_export.baselines.networks import NETWORKS, ISpikformer, sized
from netx_export.batches import WindowData
from netx_export.config import TrainConfig
from tests.netx_export.small import small_config, small_table

SPLIT = (0.6, 0.2, 0.2)
SETTINGS = TrainConfig(epochs=6, batch_size=16, learning_rate=1e-2)


@pytest.mark.parametrize("kind", NETWORKS)
def test_networks_learn_repeatably(kind):
    data = WindowData.prepare(small_table(), small_config(normalisation="instance"), SPLIT)
    one, other = (fit_baseline(NETWORKS[kind], 8, data, SETTINGS) for _ in range(2))
    first = fit_baseline(
        NETWORKS[kind], 8, data, SETTINGS.model_copy(update={"epochs": 1, "learning_rate": 1e-9})
    )
    if kind != "ispikformer":  # whose batch norms settle later than a test lasts
        assert one.valid_r2 > first.valid_r2
    assert one.valid_r2 == other.valid_r2
    assert one.test == other.test
    assert set(one.test) == {"1", "2", "all"}


@pytest.mark.parametrize("kind", NETWORKS)
@pytest.mark.parametrize("wanted", [2_000, 30_000])
def test_a_network_is_made_about_as_large_as_asked(kind, wanted):
    width, parameters = sized(kind, variates=10, window=12, horizon=3, parameters=wanted)
    network = NETWORKS[kind](10, 12, 3, width)
    assert sum(p.numel() for p in network.parameters()) == parameters
    assert 0.6 < parameters / wanted < 1.7


def test_a_spiking_network_sends_spikes_and_counts_them():
    torch.manual_seed(0)
    network = ISpikformer(5, 6, 2, 8)
    network(torch.randn(16, 6, 5) * 2)
    assert 0.0 < network.firing_rate() < 1.0
    network.reset_counts()
    assert network.firing_rate() == 0.0
    seen = []
    network.embed.register_forward_hook(lambda module, inputs, output: seen.append(output))
    network(torch.randn(4, 6, 5))
    assert seen[0].shape == (4, 4, 5, 8)
    assert set(seen[0].unique().tolist()) <= {0.0, 1.0}


def test_gradients_pass_the_spikes():
    torch.manual_seed(0)
    network = ISpikformer(5, 6, 2, 8)
    network(torch.randn(16, 6, 5) * 2).pow(2).sum().backward()
    assert all(bool(p.grad.abs().sum() > 0) for p in network.encode.parameters())
