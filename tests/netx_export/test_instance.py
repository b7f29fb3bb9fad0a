"""Windows normalised each by itself, from training to every engine."""

from pathlib import Path

import numpy as np
import pytest

from lava_spikyspace.datasets import Table, input_windows, split_windows, target_windows
from lava_spikyspace.datasets.metrics import forecast_metrics
from lava_spikyspace.evaluation import evaluate
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.running import run
from netx_export.checkpoint import load_checkpoint
from netx_export.comparing import compare
from netx_export.config import TrainConfig
from netx_export.exporting import ExportOptions, export
from netx_export.training import fit
from netx_export.writer import write_network
from tests.netx_export.small import small_config

SPLIT = (0.6, 0.2, 0.2)


def _table() -> Table:
    """Variates of very different scale, on a level that drifts far beyond the training rows."""
    generator = np.random.default_rng(4)
    time = np.arange(240)[:, None]
    waves = np.sin(time / (3.0 + np.arange(5))) + generator.normal(scale=0.1, size=(240, 5))
    values = (waves + 0.05 * time) * 10.0 ** np.arange(-2, 3) + 100.0
    values[30:45, 3] = 7.0  # windows that never change
    return Table(values, tuple("abcde"), None, Path("drift.csv"), sha256="0" * 64)


@pytest.fixture(scope="module")
def stages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("instance")
    table = _table()
    config = small_config(normalisation="instance")
    settings = TrainConfig(epochs=3, batch_size=16, input_dropout=0.0)
    fit(table, config, settings, split=SPLIT, checkpoint=folder / "ck.pt")
    trained = load_checkpoint(folder / "ck.pt")
    network = export(trained, table, ExportOptions(golden=2)).network
    write_network(network, folder / "m.net")
    return table, trained, read_network(folder / "m.net")


def test_the_file_says_so(stages) -> None:
    _, trained, network = stages
    assert network.normalisation.kind == "instance"
    assert network.normalisation.eps == trained.scaler.eps


def test_integers_agree_with_the_frozen_model(stages) -> None:
    table, trained, network = stages
    result = compare(network, trained, table)
    assert result.relative_l2 <= 1e-3
    assert all(layer.agreement >= 0.999 for layer in result.layers)
    assert result.r2_float == pytest.approx(result.r2_integer, abs=5e-4)


def test_evaluate_scores_what_training_scored(stages) -> None:
    table, trained, network = stages
    found = evaluate(network, table, split=SPLIT).to_dict()["metrics"]["all"]["r2"]
    assert found == pytest.approx(trained.provenance.metrics["test"]["all"]["r2"], abs=2e-3)


def test_forecasts_of_batch_are_the_models_own(stages) -> None:
    table, _, network = stages
    part = split_windows(table.rows, 6, 2, SPLIT).test
    result = run(network, table, backend="batch", windows=f"{part.start}:{part.stop}")
    target = target_windows(table.values, 6, 2, part)
    expected = evaluate(network, table, split=SPLIT).to_dict()["metrics"]["all"]["r2"]
    assert forecast_metrics(target, result.forecasts)["all"]["r2"] == pytest.approx(expected)


def test_shifting_and_scaling_the_table_shifts_and_scales_the_forecast(stages) -> None:
    table, _, network = stages
    moved = Table(table.values * 4.0 + 1e4, table.names, None, table.path, table.sha256)
    one = run(network, table, backend="batch", windows="0:20").forecasts
    other = run(network, moved, backend="batch", windows="0:20").forecasts
    spread = input_windows(table.values, 6, range(20)).std(axis=1, keepdims=True)
    assert np.all(np.abs(other - (one * 4.0 + 1e4)) <= 0.2 * spread + 1e-3)


@pytest.mark.parametrize("coding", ["unary", "graded"])
def test_the_simulator_gives_the_same(stages, coding) -> None:
    pytest.importorskip("lava")
    table, _, network = stages
    batch = run(network, table, backend="batch", windows=3)
    sim = run(network, table, backend="sim", coding=coding, windows=3, strict=True)
    np.testing.assert_array_equal(sim.forecasts, batch.forecasts)
