"""`lss run`: forecasts and counts, as tables and as JSON."""

import json
import shlex

import numpy as np
import pandas as pd
import pytest

import lava_spikyspace as lss
from lava_spikyspace import availability
from lava_spikyspace.backends import selection
from lava_spikyspace.cli.run import run
from lava_spikyspace.demo import demo_model_path
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values, write_csv

ROW_KEYS = {
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
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model file and a table."""
    folder = tmp_path_factory.mktemp("run")
    network = small_network()
    write_network(network, folder / "m.net")
    write_csv(folder / "d.csv", network.variates, walk_values(network, 12))
    return folder / "m.net", folder / "d.csv"


@pytest.fixture
def lava_is_missing(monkeypatch):
    entry = availability.Availability(
        "sim", "", False, "not installed: lava-nc", "pip install 'lava-spikyspace[lava]'"
    )
    monkeypatch.setattr(selection, "backend_availability", lambda: (entry,))


@pytest.fixture
def run_lss(call, files):
    """Run the command on the files."""

    def run_on(*flags):
        model, data = files
        return call(run, "probe", str(model), "--data", str(data), *flags)

    return run_on


class TestJson:
    def test_data(self, run_lss, files):
        called = run_lss("--backend", "batch", "--windows", "3", "--json", "--strict")
        assert called.code == 0
        envelope = called.envelope
        expected = lss.run(*files, backend="batch", windows=3, record=False)
        assert envelope["ok"] is True
        assert envelope["backend"] == "batch"
        assert envelope["model"] == {
            "path": str(files[0]),
            "sha256": expected.model.sha256,
        }
        data = envelope["data"]
        assert data == {**expected.to_dict(), "strict": True}
        assert np.shape(data["forecasts"]) == (3, 2, 4)
        assert data["windows"] == [4, 5, 6]
        assert data["time_steps"] == data["latency_steps"] + 3 * 6 * data["frame_steps"]
        assert all(set(row) == ROW_KEYS for row in data["processes"])
        assert {"read", "encode", "run", "total"} <= set(envelope["timings_s"])
        assert {"python", "lava-spikyspace", "numpy"} <= set(envelope["versions"])

    @pytest.mark.parametrize("coding", ["graded", "unary"])
    def test_is_the_same_on_the_simulator(self, run_lss, coding):
        pytest.importorskip("lava.magma")
        sim = run_lss("--coding", coding, "--json").envelope
        batch = run_lss("--coding", coding, "--json", "--backend", "batch", "--windows", "4")
        assert sim["backend"] == "sim"
        assert sim["data"]["runtime"] == "inprocess"
        assert {**sim["data"], "runtime": None} == batch.envelope["data"]

    def test_many_forecasts_are_in_the_directory_only(self, call, tmp_path):
        network = small_network(window=2, horizon=5)
        write_network(network, tmp_path / "m.net")
        data = write_csv(tmp_path / "d.csv", network.variates, walk_values(network, 510))
        called = call(
            run, "probe", str(tmp_path / "m.net"), "--data", str(data), "--backend", "batch",
            "--json", "--out", str(tmp_path / "run"),
        )  # fmt: skip
        data = called.envelope["data"]
        assert data["forecasts"] is None
        assert data["forecasts_shape"] == [509, 5, 4]
        assert len(pd.read_csv(tmp_path / "run" / "forecasts.csv")) == 509 * 5 * 4


class TestTables:
    def test_forecasts_stand_beside_what_happened(self, run_lss, files):
        called = run_lss("--backend", "batch")
        result = lss.run(*files, backend="batch")
        assert "Forecasts of window 6" in called.stdout
        assert "Forecasts of window 4" in called.stdout
        lines = called.stdout.splitlines()
        start = next(i for i, line in enumerate(lines) if "window 4" in line)
        heading, first = lines[start + 2].split(), lines[start + 4].split()
        assert heading[:4] == ["step", "sensor", "0", "actual"]
        assert float(first[1]) == pytest.approx(result.forecasts[4, 0, 0], rel=1e-4)
        assert float(first[2]) == pytest.approx(result.actual[4, 0, 0], rel=1e-4)

    def test_one_row_per_process(self, run_lss, files):
        called = run_lss("--backend", "batch", "--coding", "unary")
        result = lss.run(*files, backend="batch", coding="unary")
        rows = {
            line.split()[0]: line.split() for line in called.stdout.splitlines() if line.split()
        }
        for row in result.counts:
            shown = rows[row.name]
            assert shown[1:9] == [
                row.type,
                *map(str, (row.neurons, row.spikes, row.graded_spikes, row.events_in)),
                *map(str, (row.synops, row.neuron_updates)),
                "-" if row.firing_rate is None else f"{round(row.firing_rate, 4):g}",
            ]
        assert rows["total"][3] == str(sum(row.spikes for row in result.counts))

    def test_time_steps(self, run_lss):
        called = run_lss("--backend", "batch", "--coding", "unary")
        result = f"7 windows in {7 * 6 * 3 + 23} time steps (3 a frame, latency 23)"
        assert result in called.stdout

    def test_a_narrow_terminal_gets_fewer_columns(self, run_lss, monkeypatch):
        monkeypatch.setenv("COLUMNS", "80")
        called = run_lss("--backend", "batch")
        assert max(map(len, called.stdout.splitlines())) <= 80
        assert "columns that do not fit: type" in called.stderr
        assert "firing rate" in called.stdout

    def test_hints_go_to_stderr(self, run_lss, files):
        called = run_lss("--backend", "batch")
        command = f"lss evaluate {files[0]} --data {files[1]}"
        assert command in called.stderr
        assert command not in called.stdout
        assert run_lss("--backend", "batch", "--quiet").stderr == ""


class TestRunDirectory:
    def test_is_written(self, run_lss, tmp_path):
        called = run_lss("--backend", "batch", "--out", str(tmp_path / "r"), "--record-spikes")
        assert called.code == 0
        loaded = lss.RunResult.load(tmp_path / "r")
        assert loaded.records
        assert f"kept in {tmp_path / 'r'}" in called.stderr

    def test_is_not_overwritten(self, run_lss, tmp_path, monkeypatch):
        (tmp_path / "run.json").write_text("{}")
        flags = ("--backend", "batch", "--out", str(tmp_path))
        with monkeypatch.context() as context:
            context.setattr("lava_spikyspace.running.run", None)  # refused before the run
            called = run_lss(*flags)
        assert called.code == 2
        assert "exists already" in called.stderr
        assert run_lss(*flags, "--force").code == 0


class TestErrors:
    def test_without_lava_the_command_to_type_is_shown(self, run_lss, files, lava_is_missing):
        called = run_lss("--windows", "0:2", "--coding", "unary")
        assert called.code == 4
        assert called.stdout == ""
        assert "lava-nc" in called.stderr
        command = called.stderr[called.stderr.index("lava-spikyspace run") :].strip()
        assert shlex.split(command) == [
            "lava-spikyspace", "run", str(files[0]), "--backend", "batch",
            "--data", str(files[1]), "--coding", "unary", "--windows", "0:2",
        ]  # fmt: skip

    def test_the_command_to_type_works(self, run_lss, run_cli, lava_is_missing):
        called = run_lss("--json")
        (finding,) = called.envelope["diagnostics"]
        words = shlex.split(finding["hint"][finding["hint"].index("lava-spikyspace run") :])
        assert run_cli(*words[1:], "--json").code == 0

    def test_the_demo_needs_no_flags(self, call, lava_is_missing):
        called = call(run, "probe")
        assert called.code == 4
        assert called.stderr.rstrip().endswith("lava-spikyspace run --backend batch")

    def test_loihi2(self, run_lss):
        called = run_lss("--backend", "loihi2", "--json")
        assert called.code == 4
        assert called.envelope["backend"] == "loihi2"
        assert "loihi2 is not available" in called.envelope["diagnostics"][-1]["message"]
        rows = called.envelope["data"]["deployment"]
        assert {row["belongs"] for row in rows} == {"neurocore", "embedded", "host"}
        assert {row["runs"] for row in rows} == {"host", None}
        assert rows[1] == {
            "process": "blocks.0.norm",
            "type": "RmsNorm",
            "belongs": "neurocore",
            "runs": "host",
            "model": None,
            "missing": "model of RmsNorm",
        }

    @pytest.mark.parametrize("width", [80, 120])
    def test_loihi2_shows_where_it_would_run(self, run_lss, monkeypatch, width):
        monkeypatch.setenv("COLUMNS", str(width))
        called = run_lss("--backend", "loihi2", "--coding", "unary")
        assert called.code == 4
        assert "…" not in called.stdout  # folded, not cut
        assert width == 80 or "blocks.0.in_proj.scan.synapses" in called.stdout
        assert "0 of 1" in called.stdout
        assert max(map(len, called.stdout.splitlines())) <= 200

    def test_flags_of_the_chip_are_for_the_chip(self, run_lss):
        called = run_lss("--board", "ncl-1", "--slurm", "--json")
        assert called.code == 2
        (finding,) = called.envelope["diagnostics"]
        assert "--slurm, --board: found with --backend sim" in finding["message"]
        called = run_lss("--backend", "loihi2", "--slurm", "--ethernet-host", "h", "--json")
        assert called.code == 2

    @pytest.mark.parametrize(
        ("rows", "columns", "message"),
        [
            (5, 4, "too few rows for one window: found 5, expected at least 6"),
            (9, 3, "sensor 3"),
        ],
    )
    def test_a_table_that_does_not_fit(self, call, files, tmp_path, rows, columns, message):
        network = small_network()
        values = walk_values(network, rows)[:, :columns]
        data = write_csv(tmp_path / "bad.csv", network.variates[:columns], values)
        called = call(run, "probe", str(files[0]), "--data", str(data), "--backend", "batch")
        assert called.code == 3
        assert "bad.csv" in called.stderr
        assert message in called.stderr

    def test_another_number_of_variates(self, call, files, tmp_path):
        np.savez(tmp_path / "d.npz", values=np.zeros((9, 7)))
        called = call(
            run, "probe", str(files[0]), "--data", str(tmp_path / "d.npz"), "--backend", "batch"
        )
        assert called.code == 3
        assert "found 7 variates, expected 4" in called.stderr

    @pytest.mark.parametrize(
        ("flags", "code"),
        [
            (("--windows", "8"), 2),
            (("--windows", "1:x"), 2),
            (("--backend", "abacus"), 2),
            (("--timeout", "-1"), 2),
        ],
    )
    def test_flags(self, run_lss, flags, code):
        assert run_lss("--backend", "batch", *flags).code == code

    def test_data_are_missing(self, call, files):
        called = call(run, "probe", str(files[0]), "--backend", "batch")
        assert called.code == 2
        assert "--data" in called.stderr

    def test_time_is_up(self, run_lss):
        pytest.importorskip("lava.magma")
        assert run_lss("--timeout", "0").code == 6

    def test_values_outside_the_input_range(self, call, files, tmp_path):
        network = small_network()
        values = walk_values(network, 9)
        values[3, 1] = 1e6
        data = write_csv(tmp_path / "d.csv", network.variates, values)
        arguments = ("probe", str(files[0]), "--data", str(data), "--backend", "batch", "--json")
        called = call(run, *arguments)
        assert called.code == 3
        assert "row 3, column 1 (sensor 1)" in called.stderr
        clipped = call(run, *arguments, "--clip-input")
        assert clipped.code == 0
        assert clipped.envelope["data"]["clipped_inputs"] == 4
        assert "input-clipped" in [entry["code"] for entry in clipped.envelope["diagnostics"]]


def test_the_other_runtime(run_cli, files):
    pytest.importorskip("lava.magma")
    model, data = files
    common = ("run", model, "--data", data, "--windows", "2", "--json")
    multi = run_cli(*common, "--runtime", "multiprocessing", timeout=300)
    batch = run_cli(*common, "--backend", "batch")
    assert multi.code == 0, multi.stderr
    found, expected = (json.loads(done.stdout)["data"] for done in (multi, batch))
    assert found.pop("runtime") == "multiprocessing"
    assert expected.pop("runtime") is None
    assert found == expected


def test_the_demo(run_cli):
    if not demo_model_path().exists():
        pytest.skip("the demo model is not built")
    done = run_cli("run", "--backend", "batch", "--json")
    assert done.code == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert data["processes"]
    assert data["forecasts_shape"][0] == len(data["windows"])
