"""Windows as batches, and their scores in units of the data."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lava_spikyspace.datasets import Scaler, forecast_metrics, input_windows, target_windows
from netx_export.batches import WindowData, file_unit_weights
from tests.netx_export.small import small_config, small_model, small_table

SPLIT = (0.6, 0.2, 0.2)


def test_scaler_is_fitted_on_training_rows_only():
    table = small_table()
    shifted = table.values.copy()
    shifted[70:] += 1000.0  # total 83 windows, 49 to train on: rows 0..55
    other = replace(table, values=shifted)
    data = [WindowData.prepare(rows, small_config(), SPLIT) for rows in (table, other)]
    assert data[0].scaler.to_dict() == data[1].scaler.to_dict()
    assert data[0].scaler.mean == pytest.approx(table.values[:56].mean(axis=0))


def test_windows_and_targets_are_neighbouring_rows():
    table = small_table()
    data = WindowData.prepare(table, small_config(), SPLIT)
    indices = torch.tensor([3, 40])
    rows = torch.from_numpy(data.scaler.normalise(table.values)).float()
    assert torch.equal(data.inputs(indices).windows[1], rows[40:46])
    assert torch.equal(data.targets(indices)[0], rows[9:11])


def test_an_instance_window_is_normalised_by_itself_as_the_deployed_model_will():
    table = small_table()
    table.values[:, 2] *= 1000.0
    table.values[20:30, 1] = 7.0  # windows that never change
    data = WindowData.prepare(table, small_config(normalisation="instance"), SPLIT)
    indices = torch.arange(10, 30)
    inputs = data.inputs(indices)
    raw = input_windows(table.values, 6, indices.numpy())
    scale = data.scaler.of(raw)
    assert np.allclose(inputs.windows.numpy(), scale.normalise(raw), rtol=1e-4, atol=1e-4)
    # What the model gives in normalised units means the same in those of the data.
    forecast = torch.randn(20, 2, 5, generator=torch.Generator().manual_seed(2))
    found = data.units.denormalise(inputs.in_z_scores(forecast).numpy())
    expected = scale.denormalise(forecast.numpy())
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-3 * table.values.std(axis=0))


def test_an_epoch_sees_every_training_window_once():
    data = WindowData.prepare(small_table(), small_config(), SPLIT)
    seen = torch.cat(list(data.training_batches(16, seed=4)))
    assert sorted(seen.tolist()) == list(data.split.train)
    assert seen.tolist() != list(data.split.train)


def test_scores_do_not_depend_on_the_batches(monkeypatch):
    model, _ = small_model()
    data = WindowData.prepare(small_table(), small_config(), SPLIT)
    whole = data.score(model, data.split.test).summary()
    monkeypatch.setattr("netx_export.batches.MAX_EVALUATION_WINDOWS", 3)
    parts = data.score(model, data.split.test).summary()
    for name, value in whole["all"].items():
        assert parts["all"][name] == pytest.approx(value, rel=1e-5)


def test_scores_are_in_units_of_the_data():
    model, _ = small_model()
    table = small_table()
    data = WindowData.prepare(table, small_config(), SPLIT)
    part = data.split.test
    windows = data.scaler.normalise(input_windows(table.values, 6, part))
    with torch.no_grad():
        forecast = data.scaler.denormalise(model(torch.from_numpy(windows).float()).numpy())
    expected = forecast_metrics(target_windows(table.values, 6, 2, part), forecast)["all"]
    found = data.score(model, part).summary()["all"]
    assert found == pytest.approx(expected, rel=1e-5)


def test_persistence_repeats_the_last_row():
    table = small_table()
    data = WindowData.prepare(table, small_config(), SPLIT)
    part = data.split.test
    last = np.repeat(input_windows(table.values, 6, part)[:, -1:], 2, axis=1)
    expected = forecast_metrics(target_windows(table.values, 6, 2, part), last)
    assert data.score_persistence(part).summary() == expected


def test_weights_restore_file_units_up_to_a_common_factor():
    scaler = Scaler.from_dict({"mean": [0.0, 0.0], "scale": [1.0, 3.0]})
    assert file_unit_weights(scaler).tolist() == [0.5, 1.5]
