"""Linear starts of the head against the baselines they restate."""

import numpy as np
import pytest
import torch

from lava_spikyspace.datasets import input_windows
from netx_export.batches import WindowData
from netx_export.head_start import LinearBaselines
from tests.netx_export.small import small_config, small_table

SPLIT = (0.6, 0.2, 0.2)


def _data(normalisation):
    config = small_config(normalisation=normalisation)
    return WindowData.prepare(small_table(rows=200), config, SPLIT)


def test_on_instance_windows_the_head_is_the_ridge_regression():
    data = _data("instance")
    baselines = LinearBaselines.of(data)
    part = data.split.test
    raw = input_windows(data.table.values, 6, part)
    with torch.no_grad():
        forecast = data.forecast(baselines.ridge, torch.tensor(part))
    expected = baselines.ridge_model.predict(raw)
    assert np.allclose(data.units.denormalise(forecast.numpy()), expected, rtol=1e-4)


def test_on_fixed_windows_the_mean_is_carried_through():
    data = _data("fixed")
    baselines = LinearBaselines.of(data)
    shifted = data.rows + 100.0
    x = shifted[:6].unsqueeze(0)
    assert torch.allclose(
        baselines.ridge(x), baselines.ridge(x - 100.0) + 100.0, rtol=1e-4, atol=1e-2
    )
    ridge = data.score_values(baselines.ridge_model.predict, data.split.test).r2()
    assert data.score(baselines.ridge, data.split.test).r2() == pytest.approx(ridge, abs=0.02)


@pytest.mark.parametrize("normalisation", ["fixed", "instance"])
def test_persistence_is_persistence(normalisation):
    data = _data(normalisation)
    persistence = LinearBaselines.of(data).persistence
    expected = data.score_persistence(data.split.test).r2()
    assert data.score(persistence, data.split.test).r2() == pytest.approx(expected, abs=1e-5)


def test_the_better_of_both_on_validation_windows_is_the_best(monkeypatch):
    data = _data("instance")
    baselines = LinearBaselines.of(data)
    assert baselines.start(data, "random") is None
    assert baselines.start(data, "best") is baselines.ridge  # sines: ridge is far better
    data.table.values[:] = np.random.default_rng(0).normal(size=data.table.values.shape).cumsum(0)
    walk = WindowData.prepare(data.table, data.config, SPLIT)
    worse = LinearBaselines.of(walk)
    worse.ridge.weight.mul_(-1)
    assert worse.start(walk, "best") is worse.persistence
