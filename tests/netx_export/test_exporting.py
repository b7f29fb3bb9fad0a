"""The whole export on a small model, and on checkpoints in the published layout."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.datasets import (
    Scaler,
    forecast_metrics,
    input_windows,
    read_table,
    split_windows,
    target_windows,
)
from lava_spikyspace.errors import CheckpointError, DataError
from lava_spikyspace.netx.digests import record_digests
from lava_spikyspace.netx.encode import networks_equal
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.plan import make_plan
from netx_export.calibration import median_zero_point
from netx_export.comparing import compare
from netx_export.exporting import ExportOptions, export, load_trained
from netx_export.spikyspace import SpikySpace
from netx_export.writer import write_network
from tests.netx_export.small_model import make_model, make_table
from tests.published_model import train_published

BITS = {"c": 2, "s": 2, "delta": 2, "pts": 5, "delta1": 2, "x": 2, "y": 2, "y1": 5}


@pytest.fixture(scope="module")
def exported():
    table = make_table()
    return table, export(make_model(table), table, ExportOptions(golden=3))


def test_golden_windows_replay(exported) -> None:
    _, result = exported
    golden = result.network.golden
    again = BatchBackend().run(
        make_plan(result.network, "unary"), golden.inputs, strict=True, record=True
    )
    np.testing.assert_array_equal(again.forecasts, golden.forecasts)
    assert record_digests(again.records) == golden.digests


def test_provenance_tells_where_the_file_comes_from(exported) -> None:
    table, result = exported
    provenance = result.network.provenance
    assert provenance["split"] == [0.7, 0.2, 0.1]
    assert provenance["calibration"]["sha256"] == table.sha256
    seen = provenance["calibration"]["quantisers"]
    assert seen["blocks.1.scan"] == result.quantisers["blocks.1.scan"].to_dict()
    assert set(seen) == set(result.agreement.codes)
    assert provenance["agreement"]["relative_l2"] == result.agreement.relative_l2
    assert set(provenance["scales"]["blocks.0"]) == set(BITS)
    assert provenance["config"]["d_state"] == 3
    json.dumps(provenance)


def test_same_input_gives_the_same_bytes(exported, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    table, result = exported
    second = export(make_model(table), table, ExportOptions(golden=3))
    for name, network in (("a.net", result.network), ("b.net", second.network)):
        write_network(network, tmp_path / name)
    assert (tmp_path / "a.net").read_bytes() == (tmp_path / "b.net").read_bytes()
    assert read_network(tmp_path / "a.net").golden is not None


def test_only_the_training_split_calibrates(exported) -> None:
    table, result = exported
    wild = table.values.copy()
    wild[-10:] += 1e4  # test rows only
    other = replace(table, values=wild)
    again = export(make_model(table), other, ExportOptions(golden=3))
    assert again.quantisers == result.quantisers
    assert again.formats == result.formats


def test_zero_points_come_from_batches_as_large_as_the_test_split() -> None:
    table = make_table(600)
    result = export(make_model(table, "published"), table, ExportOptions(golden=0))
    split = split_windows(table.rows, 6, 2, (0.7, 0.2, 0.1))
    size = len(split.test)
    assert 32 < size < len(split.train) // 4
    fresh = make_model(table, "published")
    windows = fresh.scaler.normalise(input_windows(table.values, 6, np.asarray(split.train)))
    starts = np.linspace(0, len(windows) - size, len(windows) // size).astype(int)
    minima = []
    for start in starts:
        with torch.no_grad(), fresh.model.record() as calls:
            fresh.model(torch.from_numpy(windows[start : start + size].astype(np.float32)))
        minima += [float(call.input.min()) for call in calls["blocks.1.scan.state"]]
    assert len(minima) == 6 * len(starts)  # one in every step of every batch
    seen = {median_zero_point(np.array([minimum])) for minimum in minima}
    assert result.frozen.blocks[1].quantisers["x"].zero_point in seen - {0.0}


def test_histograms_count_every_code(exported) -> None:
    table, result = exported
    train = split_windows(table.rows, 6, 2, (0.7, 0.2, 0.1)).train
    seen = result.quantisers["blocks.0.conv"]
    assert sum(seen.histogram) == len(train) * 6 * 6
    assert len(seen.histogram) == 4


def test_steps_of_channels_are_in_the_thresholds_of_the_file() -> None:
    table = make_table()
    trained = make_model(table, channel_steps=True)
    result = export(trained, table, ExportOptions(golden=1))
    assert min(result.agreement.codes.values()) > 0.999
    steps = trained.model.mixers[0].channel_steps.detach().numpy()
    assert steps.max() > 1.5 * steps.min()
    theta = next(x for x in result.network if x.name == "blocks.0.scan").theta
    np.testing.assert_allclose(theta[:, -1] / theta[0, -1], steps / steps[0], rtol=1e-2)


def test_narrow_width_keeps_every_accumulator_in_24_bits() -> None:
    table = make_table()
    result = export(make_model(table), table, ExportOptions(golden=1, width=24))
    widest = max(i.bits for layer in result.network for i in layer.ranges.values())
    assert widest <= 24
    assert result.agreement.relative_l2 < 0.01


def test_table_without_a_training_window_is_refused() -> None:
    table = make_table()
    short = replace(table, values=table.values[:7])
    with pytest.raises(DataError, match=r"t\.csv.*found 7, expected at least 8"):
        export(make_model(table), short)


def published_case(folder: Path, table, split, epochs: int, rows: int | None = None, **sizes):
    """Train the restated model, save it as published, and export it.

    Returns its own test R2 with the test split as one batch, and the comparison on that split.
    """
    if rows is not None:
        table = replace(table, values=table.values[:rows], timestamps=None)
    config = {"bits": BITS, "zero_point": "published", "variates": None, **sizes}
    window, horizon = config["window"], config["horizon"]
    parts = split_windows(table.rows, window, horizon, split)
    scaler = Scaler.fit(table.values[: len(parts.train) - 1 + window + horizon])

    def inputs(part):
        return scaler.normalise(input_windows(table.values, window, np.asarray(part)))

    def targets(part):
        return target_windows(table.values, window, horizon, np.asarray(part))

    model = train_published(
        config, inputs(parts.train), scaler.normalise(targets(parts.train)), epochs
    )
    with torch.no_grad():
        forecast = model(torch.from_numpy(inputs(parts.test).astype(np.float32))).double().numpy()
    original = forecast_metrics(targets(parts.test), scaler.denormalise(forecast))["all"]["r2"]
    config["scaler"] = {"mean": scaler.mean.tolist(), "scale": scaler.scale.tolist()}
    torch.save(model.state_dict(), folder / "published.pt")
    (folder / "model.json").write_text(json.dumps(config))

    trained = load_trained(folder / "published.pt", folder / "model.json")
    network = export(trained, table, ExportOptions(split=split)).network
    windows = f"{parts.test.start}:{parts.test.stop}"
    return original, compare(network, trained, table, windows=windows)


def check_published(original: float, result) -> None:
    assert result.r2_integer == pytest.approx(original, abs=2e-3)
    assert result.r2_integer == pytest.approx(result.r2_float, abs=5e-4)
    assert min(layer.agreement for layer in result.layers) >= 0.999
    assert result.relative_l2 <= 1e-3


def test_published_checkpoint_keeps_its_codes(tmp_path, shared_data) -> None:
    table = read_table(shared_data / "metr_la_week_207.npz")
    table = replace(table, values=table.values[:, :24], names=None)
    sizes = dict(d_model=24, window=12, horizon=3, layers=2, d_state=8, dt_rank="auto", d_conv=3)
    _, result = published_case(
        tmp_path, table, (0.7, 0.2, 0.1), epochs=1, rows=700, d_inner=12, **sizes
    )
    assert result.r2_integer == pytest.approx(result.r2_float, abs=5e-4)
    assert min(layer.agreement for layer in result.layers) >= 0.999
    assert result.relative_l2 <= 1e-3


@pytest.mark.slow
def test_published_checkpoint_of_metr_la(tmp_path, shared_data) -> None:
    table = read_table(shared_data / "metr_la_week_207.npz")
    sizes = dict(d_model=207, window=12, horizon=3, layers=3, d_state=32, dt_rank=13, d_conv=3)
    check_published(
        *published_case(tmp_path, table, (0.7, 0.2, 0.1), epochs=4, d_inner=41, **sizes)
    )


@pytest.mark.slow
def test_published_checkpoint_of_another_shape(tmp_path, shared_data) -> None:
    table = read_table(shared_data / "hangzhou_metro_80.npz")
    sizes = dict(d_model=80, window=48, horizon=12, layers=2, d_state=16, dt_rank="auto", d_conv=3)
    check_published(
        *published_case(tmp_path, table, (0.6, 0.2, 0.2), epochs=3, expand=2.0, **sizes)
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [({"quantised": False}, "without quantisers"), ({"activations": "exact"}, "exact activations")],
)
def test_what_a_file_cannot_hold_is_refused(change, message) -> None:
    table = make_table()
    trained = make_model(table)
    config = trained.config.model_copy(update=change)
    other = replace(trained, model=SpikySpace(config), config=config)
    with pytest.raises(CheckpointError, match=message):
        export(other, table)


def test_the_checkpoint_stays_as_it_was() -> None:
    """Zero-points are frozen on a copy: the next export starts from the batch-dependent rule."""
    table = make_table()
    trained = make_model(table, "published")
    made = [export(trained, table, ExportOptions(golden=0)) for _ in range(2)]
    assert not any(found.frozen for found in trained.model.quantizers().values())
    assert networks_equal(made[0].network, made[1].network)
