"""`lava_spikyspace.evaluation` and `scoring`: metrics of a model beside those of the baselines."""

import json
from dataclasses import replace

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.datasets.baselines import fit_ridge, persistence
from lava_spikyspace.datasets.metrics import forecast_metrics
from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.datasets.windows import input_windows, split_windows, target_windows
from lava_spikyspace.errors import DataError, ModelFileError, StrictRangeError, UsageError
from lava_spikyspace.network import Interval
from tests.run_cases import small_network, walk_values, with_provenance, write_csv

ROWS = 100
SPLIT = (0.5, 0.3, 0.2)
METRICS = ["r2", "rrse", "mae", "r2_per_variate"]


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def values(network):
    return walk_values(network, ROWS)


@pytest.fixture(scope="module")
def split(network):
    return split_windows(ROWS, network.window, network.horizon, SPLIT)


def close(found, expected):
    assert found.keys() == expected.keys()
    for step, metrics in expected.items():
        assert found[step] == pytest.approx(metrics, rel=1e-12, nan_ok=True), step


class TestScores:
    @pytest.mark.parametrize("part", ["train", "valid", "test"])
    def test_are_the_metrics_of_all_windows_at_once(self, network, values, split, part):
        windows = getattr(split, part)
        result = lss.evaluate(network, values, split=SPLIT, part=part, strict=True)
        target = target_windows(values, network.window, network.horizon, windows)
        inputs = input_windows(values, network.window, windows)
        forecasts = lss.run(network, values, backend="batch", windows=windows).forecasts
        ridge = fit_ridge(values, network.window, network.horizon, split)
        close(result.scores["model"], forecast_metrics(target, forecasts))
        close(
            result.scores["persistence"],
            forecast_metrics(target, persistence(inputs, network.horizon)),
        )
        close(result.scores["ridge"], forecast_metrics(target, ridge.predict(inputs)))
        assert result.windows == windows

    def test_do_not_depend_on_the_pieces(self, network, values, monkeypatch):
        whole = lss.evaluate(network, values, missing_value=values[95, 0])
        monkeypatch.setattr("lava_spikyspace.streaming.PIECE_VALUES", 2 * 6 * 4)
        seen = []
        pieces = lss.evaluate(
            network,
            values,
            missing_value=values[95, 0],
            progress=lambda *progress: seen.append(progress),
        )
        for name, scores in whole.scores.items():
            close(pieces.scores[name], scores)
            close(pieces.masked.scores[name], whole.masked.scores[name])
        assert pieces.counts == whole.counts
        assert seen[-1] == (9, 9)
        assert len(seen) == 5

    def test_counts_are_those_of_a_run(self, network, values):
        result = lss.evaluate(network, values, coding="unary")
        run = lss.run(network, values, backend="batch", coding="unary", windows=result.windows)
        assert result.counts == run.counts
        assert (result.time_steps, result.latency_steps) == (run.time_steps, run.latency_steps)

    def test_missing_targets(self, network, values):
        holes = values.copy()
        holes[85:95:2] = 0.0
        result = lss.evaluate(network, holes, missing_value=0.0, clip_input=True)
        target = target_windows(holes, network.window, network.horizon, result.windows)
        forecasts = lss.run(
            network, holes, backend="batch", windows=result.windows, clip_input=True
        ).forecasts
        assert result.masked.left_out == np.count_nonzero(target == 0) > 0
        close(result.scores["model"], forecast_metrics(target, forecasts))
        close(result.masked.scores["model"], forecast_metrics(target, forecasts, target != 0))
        assert result.masked.scores["model"] != result.scores["model"]
        assert lss.evaluate(network, values).masked is None


class TestSplit:
    def test_the_flag_comes_first(self, network, values):
        told = with_provenance(network, split=[0.2, 0.2, 0.6])
        for given in ("0.5,0.3,0.2", SPLIT, list(SPLIT), np.array(SPLIT)):
            result = lss.evaluate(told, values, split=given)
            assert (result.split, result.split_source) == (SPLIT, "flag")

    def test_then_the_file(self, network, values):
        for stored in ([0.5, 0.3, 0.2], "0.5,0.3,0.2"):
            result = lss.evaluate(with_provenance(network, split=stored), values)
            assert (result.split, result.split_source) == (SPLIT, "file")
            assert "default-split" not in [entry.code for entry in result.diagnostics]

    def test_then_a_default_with_a_notice(self, network, values):
        result = lss.evaluate(network, values)
        assert (result.split, result.split_source) == ((0.7, 0.2, 0.1), "default")
        assert len(result.windows) == int((ROWS - 6 - 2 + 1) * 0.1)
        (notice,) = (entry for entry in result.diagnostics if entry.code == "default-split")
        assert "0.7,0.2,0.1" in notice.message

    @pytest.mark.parametrize("split", ["0.5,0.5", "a,b,c", "0.5,0.5,0.5", (1, 2, 3), (0.5,)])
    def test_what_is_none_is_refused(self, network, values, split):
        with pytest.raises(UsageError, match="split"):
            lss.evaluate(network, values, split=split)

    @pytest.mark.parametrize("stored", [{"train": 0.5}, 7, [1, 1, 1], "x", [None, 1, 0]])
    def test_a_file_with_another_is_refused(self, network, values, stored):
        with pytest.raises(ModelFileError, match="split"):
            lss.evaluate(with_provenance(network, split=stored), values)

    def test_an_empty_part(self, network, values):
        with pytest.raises(DataError, match="the test part has no windows"):
            lss.evaluate(network, values, split="0.5,0.5,0")
        with pytest.raises(UsageError, match="train, valid, test"):
            lss.evaluate(network, values, part="all")

    def test_nothing_to_fit_a_ridge_on(self, network, values):
        result = lss.evaluate(network, values, split="0,0,1")
        assert set(result.scores) == {"model", "persistence"}
        assert result.to_dict()["baselines"]["ridge"] is None
        assert "no-ridge" in [entry.code for entry in result.diagnostics]


class TestInput:
    def test_a_short_table_is_named(self, network, tmp_path):
        path = write_csv(tmp_path / "d.csv", network.variates, walk_values(network, 7))
        with pytest.raises(DataError, match=r"d\.csv.*found 7, expected at least 8"):
            lss.evaluate(network, path)

    def test_strict(self, network, values):
        head = replace(network.head, ranges={**network.head.ranges, "message": Interval(0, 0)})
        broken = replace(network, layers=(*network.layers[:-1], head))
        with pytest.raises(StrictRangeError):
            lss.evaluate(broken, values, strict=True)


class TestDictionary:
    def test_keys(self, network, values):
        data = lss.evaluate(network, values, missing_value=0.0).to_dict()
        for entry in (data, data["masked"]):
            for scores in (entry["metrics"], *entry["baselines"].values()):
                assert list(scores) == ["1", "2", "all"]
                assert all(list(metrics) == METRICS for metrics in scores.values())
            assert list(entry["baselines"]) == ["persistence", "ridge"]
        assert data["windows"] == 9
        assert data["masked"]["missing_value"] == 0.0
        assert data["table"]["path"] == "array"
        json.dumps(data, allow_nan=False)

    def test_a_metric_that_does_not_exist_is_none(self, network, values):
        flat = values.copy()
        flat[ROWS - 12 :] = values[0]
        data = lss.evaluate(network, flat).to_dict()
        assert data["metrics"]["1"]["rrse"] is None
        assert data["metrics"]["1"]["mae"] > 0
        json.dumps(data, allow_nan=False)


class TestRunDirectory:
    def test_holds_metrics_forecasts_and_counts(self, network, values, tmp_path, monkeypatch):
        monkeypatch.setattr("lava_spikyspace.streaming.PIECE_VALUES", 4 * 6 * 4)
        result = lss.evaluate(network, values, out=tmp_path / "e")
        document = json.loads((tmp_path / "e" / "run.json").read_text())
        assert document["schema"] == "lava-spikyspace/evaluate@1"
        assert document["data"] == result.to_dict()
        loaded = lss.RunResult.load(tmp_path / "e")
        run = lss.run(network, values, backend="batch", windows=result.windows)
        np.testing.assert_array_equal(loaded.forecasts, run.forecasts)
        assert loaded.windows.tolist() == list(result.windows)
        assert loaded.counts == run.counts

    def test_is_not_overwritten(self, network, values, tmp_path):
        lss.evaluate(network, values, out=tmp_path / "e")
        with pytest.raises(UsageError, match="exists already"):
            lss.evaluate(network, values, out=tmp_path / "e")
        lss.evaluate(network, values, out=tmp_path / "e", force=True)

    def test_is_not_left_half_made(self, network, values, tmp_path):
        far = values.copy()
        far[-1] = 1e9
        with pytest.raises(DataError, match="input range"):
            # The last row is an input of no scored window unless the horizon is cut off.
            lss.evaluate(network, np.vstack([far, values[:2]]), out=tmp_path / "e")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("masked", [False, True])
def test_persistence_of_real_speeds(shared_data, masked):
    """The baselines that the literature's data set is known for, through the whole command."""
    table = read_table(shared_data / "metr_la_10.npz")
    network = replace(small_network(channels=10, window=12, horizon=3), variates=None)
    result = lss.evaluate(
        network, table, split="0.7,0.2,0.1", missing_value=0.0 if masked else None, clip_input=True
    )
    scores = result.masked.scores if masked else result.scores
    assert scores["persistence"]["all"]["r2"] == pytest.approx(
        0.672 if masked else 0.8900, abs=2e-3
    )
    if not masked:
        assert scores["ridge"]["all"]["r2"] == pytest.approx(0.8978, abs=2e-4)
    assert len(result.windows) == int((34272 - 14) * 0.1)
