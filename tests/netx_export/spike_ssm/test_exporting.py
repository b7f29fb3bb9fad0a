"""Export of SPikE-SSM-style models: what the file says of itself, and that it is true."""

import numpy as np
import pytest

pytest.importorskip("torch")

from lava_spikyspace.boundary import encode_windows
from lava_spikyspace.network import Normalisation
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.verification import verify
from netx_export.spike_ssm.exporting import export, measure_agreement
from netx_export.writer import write_network
from tests.netx_export.spike_ssm.small import INPUTS, model_of


@pytest.mark.parametrize("task", ["classification", "forecast"])
def test_an_export_agrees_is_written_and_replays_its_golden_windows(task, tmp_path):
    model, x = model_of(3, task=task)
    exported = export(model, x.double().numpy(), golden=3)
    assert min(exported.agreement.spikes.values()) >= 0.999
    assert exported.agreement.relative_l2 <= 1e-3
    write_network(exported.network, tmp_path / "model.net")
    network = read_network(tmp_path / "model.net")
    assert network.provenance["config"] == model.config.model_dump(mode="json")
    assert network.provenance["agreement"]["codes"] == exported.agreement.spikes
    assert len(network.golden.inputs) == 3
    assert verify(network, backend="batch").mismatches == ()


def test_agreement_sees_a_neuron_that_is_another():
    model, x = model_of(4)
    exported = export(model, x.double().numpy(), golden=0)
    windows = x.double().numpy()
    layer = exported.network["blocks.0.neurons"]
    layer.threshold[:] //= 2
    found = measure_agreement(exported.network, exported.frozen.run_chunks(windows), windows)
    assert found.spikes["blocks.0.neurons"] < 0.999
    assert exported.network.golden is None


def test_golden_windows_are_the_normalised_ones():
    model, x = model_of(5)
    windows = x.double().numpy()
    norm = Normalisation(kind="fixed", mean=np.arange(INPUTS) * 10.0, scale=np.full(INPUTS, 3.0))
    network = export(model, windows, norm, golden=2).network
    raw = windows[[0, -1]] * norm.scale + norm.mean
    assert np.array_equal(encode_windows(network, raw, clip=True).messages, network.golden.inputs)
