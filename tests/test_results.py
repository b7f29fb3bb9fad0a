"""`lava_spikyspace.results`, `run_directory` and `run_reader`: a run kept and read again."""

import json
import math
import shutil
import stat
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import lava_spikyspace as lss
from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.process_frame import DTYPES
from lava_spikyspace.results import MAX_LISTED_FORECASTS
from lava_spikyspace.run_directory import new_run_directory
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values, write_csv

PROCESS_KEYS = [
    "name",
    "type",
    "neurons",
    "spikes",
    "graded_spikes",
    "events_in",
    "synops",
    "neuron_updates",
    "firing_rate",
    "min",
    "max",
]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("result")
    network = small_network()
    write_network(network, folder / "m.net")
    # Names that only a real CSV writer gets right.
    names = ('a "quoted", one', "NA", "1", " é ")
    network = replace(network, variates=names)
    write_network(network, folder / "m.net", force=True)
    frame = pd.DataFrame(walk_values(network, 12), columns=list(names))
    return lss.run(folder / "m.net", frame, backend="batch", coding="unary", record=True)


@pytest.fixture
def saved(result, tmp_path):
    result.save(tmp_path / "run")
    return tmp_path / "run"


class TestDictionary:
    def test_keys(self, result):
        data = result.to_dict()
        assert list(data)[:2] == ["forecasts", "forecasts_shape"]
        assert {"windows", "time_steps", "latency_steps", "frame_steps", "processes"} <= set(data)
        for row in data["processes"]:
            assert list(row) == PROCESS_KEYS

    def test_values(self, result):
        data = result.to_dict()
        np.testing.assert_array_equal(data["forecasts"], result.forecasts)
        assert data["windows"] == result.windows.tolist()
        assert [row["spikes"] for row in data["processes"]] == [c.spikes for c in result.counts]
        json.dumps(data, allow_nan=False)

    def test_many_forecasts_are_not_listed(self, result):
        size = MAX_LISTED_FORECASTS // 8
        most = replace(result, forecasts=np.zeros((size, 2, 4)), windows=np.arange(size))
        assert np.shape(most.to_dict()["forecasts"]) == (size, 2, 4)
        more = replace(result, forecasts=np.zeros((size + 1, 2, 4)), windows=np.arange(size + 1))
        assert more.to_dict()["forecasts"] is None
        assert more.to_dict()["forecasts_shape"] == [size + 1, 2, 4]


def test_processes_are_a_frame(result):
    frame = result.processes
    assert list(frame.columns) == list(DTYPES)
    assert list(frame.columns)[:12] == [*PROCESS_KEYS, "saturations"]
    assert frame["name"].tolist() == [row.name for row in result.counts]
    assert frame["spikes"].dtype == np.int64
    assert frame["min"].dtype == pd.Int64Dtype()
    for row, (_, cells) in zip(result.counts, frame.iterrows(), strict=True):
        assert (row.min is None) == pd.isna(cells["min"])
        assert row.min is None or row.min == cells["min"]
        assert row.firing_rate == cells["firing_rate"] or math.isnan(cells["firing_rate"])


class TestSave:
    def test_files(self, saved):
        names = sorted(path.name for path in saved.iterdir())
        assert names == [
            "actual.csv",
            "channels.parquet",
            "forecasts.csv",
            "processes.parquet",
            "run.json",
            "spikes.npz",
        ]
        assert [path.name for path in saved.parent.iterdir()] == ["run"]
        assert stat.S_IMODE(saved.stat().st_mode) & stat.S_IRUSR

    def test_forecasts_have_all_digits(self, result, saved):
        frame = pd.read_csv(saved / "forecasts.csv", dtype={"value": str}, keep_default_na=False)
        frame["value"] = frame["value"].map(float)
        assert list(frame.columns) == ["window", "start_row", "step", "variate", "value"]
        np.testing.assert_array_equal(
            frame["value"].to_numpy().reshape(result.forecasts.shape), result.forecasts
        )
        row = frame.iloc[1 * 8 + 1 * 4 + 3]
        assert (row["window"], row["start_row"], row["step"], row["variate"]) == (1, 1, 2, " é ")
        assert row["value"] == result.forecasts[1, 1, 3]

    def test_processes_can_be_read_with_pandas(self, result, saved):
        frame = pd.read_parquet(saved / "processes.parquet")
        pd.testing.assert_frame_equal(frame, result.processes)

    def test_processes_without_pyarrow(self, result, tmp_path, monkeypatch):
        monkeypatch.setattr("lava_spikyspace.process_frame._has_pyarrow", lambda: False)
        result.save(tmp_path / "run")
        assert not (tmp_path / "run" / "processes.parquet").exists()
        frame = pd.read_csv(tmp_path / "run" / "processes.csv", dtype={"firing_rate": str})
        assert frame["synops"].tolist() == [row.synops for row in result.counts]
        rates = frame["firing_rate"].dropna().map(float).tolist()
        assert rates == [row.firing_rate for row in result.counts if row.firing_rate is not None]

    def test_codes(self, result, saved):
        with np.load(saved / "spikes.npz", allow_pickle=False) as archive:
            assert archive.files == list(result.records)
            for name, codes in result.records.items():
                assert archive[name].dtype == np.int32
                np.testing.assert_array_equal(archive[name], codes)

    def test_no_codes_without_recording(self, result, tmp_path):
        replace(result, records={}).save(tmp_path / "run")
        assert not (tmp_path / "run" / "spikes.npz").exists()

    def test_nothing_is_overwritten(self, result, saved):
        before = (saved / "run.json").read_bytes()
        with pytest.raises(UsageError, match="exists already") as caught:
            result.save(saved)
        assert "--force" in caught.value.hint
        assert (saved / "run.json").read_bytes() == before

    def test_force_replaces_the_whole(self, result, saved):
        replace(result, records={}).save(saved, force=True)
        assert not (saved / "spikes.npz").exists()
        assert [path.name for path in saved.parent.iterdir()] == ["run"]

    def test_force_spares_what_is_not_ours(self, result, saved):
        (saved / "thesis.tex").write_text("years of work")
        with pytest.raises(UsageError, match=r"thesis\.tex"):
            result.save(saved, force=True)
        assert (saved / "thesis.tex").exists()

    def test_an_empty_folder_will_do(self, result, tmp_path):
        (tmp_path / "run").mkdir()
        result.save(tmp_path / "run")
        assert (tmp_path / "run" / "run.json").exists()

    def test_bad_places(self, result, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(UsageError, match="not a folder"):
            result.save(tmp_path / "file", force=True)
        with pytest.raises(UsageError, match="does not exist"):
            result.save(tmp_path / "no" / "run")

    def test_half_a_directory_is_none(self, result, tmp_path):
        def write_half():
            with new_run_directory(tmp_path / "run") as writer:
                writer.write_forecasts(result.windows, result.forecasts, result.variates)
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            write_half()
        assert list(tmp_path.iterdir()) == []


class TestLoad:
    def test_gives_back_what_was_saved(self, result, saved):
        loaded = lss.RunResult.load(saved)
        np.testing.assert_array_equal(loaded.forecasts, result.forecasts)
        assert loaded.forecasts.dtype == np.float64
        assert loaded.to_dict() == result.to_dict()
        assert loaded.counts == result.counts
        assert (loaded.model, loaded.table) == (result.model, result.table)
        assert (loaded.versions, loaded.timings_s) == (result.versions, result.timings_s)
        assert loaded.diagnostics == result.diagnostics
        np.testing.assert_array_equal(loaded.actual, result.actual)
        assert (loaded.facts, loaded.process_seconds) == (result.facts, result.process_seconds)
        assert loaded.channel_events.keys() == result.channel_events.keys()
        for name, events in result.channel_events.items():
            np.testing.assert_array_equal(loaded.channel_events[name], events)
        for name, codes in result.records.items():
            np.testing.assert_array_equal(loaded.records[name], codes)

    def test_saves_again_what_it_was(self, saved, tmp_path):
        lss.RunResult.load(saved).save(tmp_path / "again")
        for name in ("run.json", "forecasts.csv", "actual.csv", "processes.parquet"):
            assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()

    def test_a_network_in_memory_has_no_model_file(self, tmp_path):
        network = small_network()
        result = lss.run(network, walk_values(network, 8), backend="batch")
        result.save(tmp_path / "run")
        assert lss.RunResult.load(tmp_path / "run").model is None

    def test_saturations_survive(self, result, tmp_path):
        counts = (*result.counts[:-1], replace(result.counts[-1], saturations=3))
        replace(result, counts=counts).save(tmp_path / "run")
        assert lss.RunResult.load(tmp_path / "run").counts == counts

    def test_a_directory_that_is_none(self, tmp_path):
        with pytest.raises(InputError, match=r"run\.json: cannot be read"):
            lss.RunResult.load(tmp_path)


def _change(folder, **changes):
    document = json.loads((folder / "run.json").read_text())
    for path, value in changes.items():
        *above, last = path.split("__")
        entry = document
        for key in above:
            entry = entry[key]
        entry[last] = value
    (folder / "run.json").write_text(json.dumps(document))


class TestDamage:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"schema": "lava-spikyspace/run@2"}, "run@1"),
            ({"surprise": 1}, "surprise"),
            ({"data__time_steps": -1}, "time_steps"),
            ({"data__coding": "morse"}, "coding"),
            ({"data__windows": [0]}, "contradict"),
            ({"data__forecasts_shape": [7, 2, 5]}, "contradict"),
            ({"data__table": None}, "table"),
        ],
    )
    def test_of_the_document(self, saved, changes, message):
        _change(saved, **changes)
        with pytest.raises(InputError, match=message):
            lss.RunResult.load(saved)

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', "\x00"])
    def test_of_the_json(self, saved, text):
        (saved / "run.json").write_text(text)
        with pytest.raises(InputError, match=r"run\.json"):
            lss.RunResult.load(saved)

    def test_of_the_forecasts(self, saved):
        path = saved / "forecasts.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        for broken in (
            [],
            lines[:1],
            lines[:-1],
            [lines[0], lines[2], lines[1], *lines[3:]],
            ["window,step,variate,value", *lines[1:]],
            [*lines[:-1], lines[-1].rsplit(",", 1)[0] + ",high"],
            [*lines[:-1], lines[-1] + ",1"],
        ):
            path.write_text("\n".join(broken), encoding="utf-8")
            with pytest.raises(InputError, match=r"forecasts\.csv"):
                lss.RunResult.load(saved)
        path.unlink()
        with pytest.raises(InputError, match=r"forecasts\.csv"):
            lss.RunResult.load(saved)

    def test_of_the_codes(self, saved):
        (saved / "spikes.npz").write_bytes(b"PK\x03\x04")
        with pytest.raises(InputError, match=r"spikes\.npz"):
            lss.RunResult.load(saved)

    def test_of_a_layer_with_a_strange_name(self, result, tmp_path):
        codes = next(iter(result.records.values()))
        strange = replace(result, records={"file": codes, "arr_0": codes})
        strange.save(tmp_path / "run")
        assert list(lss.RunResult.load(tmp_path / "run").records) == ["file", "arr_0"]


def test_a_run_of_the_command_line_can_be_loaded(run_cli, tmp_path):
    network = small_network()
    write_network(network, tmp_path / "m.net")
    data = write_csv(tmp_path / "d.csv", network.variates, walk_values(network, 9))
    done = run_cli(
        "run", tmp_path / "m.net", "--data", data, "--backend", "batch",
        "--out", tmp_path / "run", "--json",
    )  # fmt: skip
    assert done.code == 0, done.stderr
    printed = json.loads(done.stdout)
    kept = json.loads((tmp_path / "run" / "run.json").read_text())
    assert printed["timings_s"].pop("total") > 0
    assert printed == kept
    assert lss.RunResult.load(tmp_path / "run").to_dict() == printed["data"]
    shutil.rmtree(tmp_path / "run")
