"""`run`, `inspect` and `lint` on plain NetX files of lava-dl."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from lava_spikyspace.availability import backend_availability
from lava_spikyspace.cli.inspect import inspect
from lava_spikyspace.cli.lint import lint
from lava_spikyspace.cli.run import run
from lava_spikyspace.netx.stock.rules import STOCK_RULES
from lava_spikyspace.stock.running import run_stock
from tests.netx.stock.building import (
    chain_of_dense_layers,
    convolutions_in_groups,
    cuba,
    dense,
    recurrent,
    weights,
    write_stock,
)

HAS_LAVA = any(entry.name == "sim" and entry.available for entry in backend_availability())
needs_lava = pytest.mark.skipif(not HAS_LAVA, reason="the simulator needs Lava")

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
def model(tmp_path_factory):
    path = write_stock(tmp_path_factory.mktemp("model") / "x.net", chain_of_dense_layers()[:3])
    packed = path.with_name("x.net.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    return packed


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "spikes.npz"
    values = np.random.default_rng(1).random((30, 12)) < 0.4
    np.savez(path, input=values, label=np.arange(2))
    return path


@needs_lava
class TestRun:
    def test_tables(self, call, model, data, tmp_path):
        called = call(run, "probe", str(model), "--data", str(data), "--out", str(tmp_path / "o"))
        assert called.code == 0
        assert "layer.1.recurrent" in called.stdout
        assert "Processes, over all steps" in called.stdout
        assert "30 time steps of shape 14, input as spikes, latency 3" in called.stdout
        assert f"kept in {tmp_path / 'o'}\nnext: lss profile" in called.stderr
        assert np.load(tmp_path / "o" / "outputs.npy").shape == (30, 14)

    def test_json_and_run_directory(self, call, model, data, tmp_path):
        flags = ("--skip-layers", "0", "--reset-interval", "5", "--reset-offset", "2")
        called = call(
            run,
            *("probe", str(model), "--data", str(data), "--json", "--record-spikes"),
            *("--input-bits", "2", "--out", str(tmp_path / "o"), *flags),
        )
        assert called.code == 0
        expected = run_stock(
            model, data, reset_interval=5, reset_offset=2, input_bits=2, record=True
        )
        envelope = called.envelope
        assert envelope["backend"] == "sim"
        assert envelope["model"] == {"path": str(model), "sha256": expected.model.sha256}
        assert envelope["data"] == expected.to_dict()
        assert envelope["data"]["feed"] == "messages"
        assert all(set(row) == ROW_KEYS for row in envelope["data"]["processes"])
        folder = tmp_path / "o"
        np.testing.assert_array_equal(np.load(folder / "outputs.npy"), expected.outputs)
        assert json.loads((folder / "run.json").read_text())["data"] == expected.to_dict()
        assert list(pd.read_parquet(folder / "processes.parquet")["name"]) == [
            row.name for row in expected.counts
        ]
        with np.load(folder / "spikes.npz") as records:
            for name, values in expected.records.items():
                np.testing.assert_array_equal(records[name], values)

    def test_multiprocessing_runtime(self, run_cli, model, data):
        done = run_cli(
            *("run", model, "--data", data, "--runtime", "multiprocessing", "--json"),
            timeout=300,
        )
        assert done.code == 0, done.stderr
        assert json.loads(done.stdout)["data"] == {
            **run_stock(model, data).to_dict(),
            "runtime": "multiprocessing",
        }

    def test_notices_go_to_stderr(self, call, tmp_path):
        path = write_stock(tmp_path / "x.net", convolutions_in_groups())
        np.save(tmp_path / "x.npy", np.full((2, 7, 9, 4), 3))
        called = call(
            *(run, "probe", str(path), "--data", str(tmp_path / "x.npy")),
            *("--skip-layers", "1", "--input-bits", "4", "--json"),
        )
        codes = [found["code"] for found in called.envelope["diagnostics"]]
        assert codes == ["input-bits-ignored", "binary-input"]
        assert "count as one spike each" in called.stderr

    def test_bad_input_leaves_nothing(self, call, model, tmp_path):
        np.save(tmp_path / "x.npy", np.zeros((4, 13)))
        out = tmp_path / "out"
        called = call(
            run, "probe", str(model), "--data", str(tmp_path / "x.npy"), "--out", str(out)
        )
        assert called.code == 3
        assert "expected (steps, 12) for layer 0" in called.stderr
        assert not out.exists()


class TestRefusals:
    def test_batch(self, call, model, data):
        called = call(run, "probe", str(model), "--data", str(data), "--backend", "batch")
        assert called.code == 2
        assert "expected 'sim' for a plain NetX network" in called.stderr

    @pytest.mark.parametrize(
        "flags",
        [["--coding", "unary"], ["--windows", "3"], ["--strict"], ["--clip-input"]],
    )
    def test_flags_of_our_models(self, flags, call, model, data):
        called = call(run, "probe", str(model), "--data", str(data), *flags)
        assert called.code == 2
        assert f"{flags[0]} is for models of lava-spikyspace only" in called.stderr

    @pytest.mark.parametrize(
        "flags",
        [
            ["--skip-layers", "1"],
            ["--reset-interval", "3"],
            ["--reset-offset", "3"],
            ["--input-bits", "3"],
        ],
    )
    def test_flags_of_plain_files(self, flags, call):
        called = call(run, "probe", *flags)
        assert called.code == 2
        assert f"{flags[0]} is for plain NetX files of lava-dl only" in called.stderr

    @pytest.mark.parametrize("flags", [["--skip-layers", "-1"], ["--reset-interval", "0"]])
    def test_numbers_out_of_bounds(self, flags, call, model, data):
        assert call(run, "probe", str(model), "--data", str(data), *flags).code == 2

    def test_unknown_layers_by_name(self, call, tmp_path, data):
        layers = chain_of_dense_layers()
        layers[2] |= {"type": np.array([b"average"])}
        path = write_stock(tmp_path / "x.net", layers)
        commands = [(inspect,), (run, "--data", str(data))]
        for command, *flags in commands if HAS_LAVA else commands[:1]:
            called = call(command, "probe", str(path), *flags)
            assert called.code == 3
            assert "/layer/2/type: found 'average', expected one of input, dense" in called.stderr


class TestInspect:
    def test_tables(self, call, model):
        called = call(inspect, "probe", str(model))
        assert called.code == 0
        assert "plain NetX of lava-dl" in called.stdout
        assert "dense_rec" in called.stdout
        assert "62" in called.stdout  # the longest delay

    def test_one_layer(self, call, tmp_path):
        path = write_stock(tmp_path / "x.net", convolutions_in_groups())
        called = call(inspect, "probe", str(path), "--layer", "layer.1")
        assert called.code == 0
        assert "dilation" in called.stdout
        assert "layer.2" not in called.stdout
        assert call(inspect, "probe", str(path), "--layer", "x").code == 2

    def test_json(self, call, model):
        data = call(inspect, "probe", str(model), "--json").envelope["data"]
        assert (data["kind"], data["input_shape"], data["output_shape"]) == ("stock", [12], [14])
        assert [entry["type"] for entry in data["layers"]] == ["dense", "dense_rec", "dense"]


class TestLint:
    def test_a_sound_file(self, call, model):
        called = call(lint, "probe", str(model))
        assert called.code == 0
        assert called.stdout == f"{model}: 0 findings from {len(STOCK_RULES)} rules\n"

    def test_warnings_do_not_fail(self, call, tmp_path):
        square = weights(np.random.default_rng(0), 4, 4, largest=60)
        path = write_stock(tmp_path / "x.net", [recurrent(square, square, cuba(), delay=1)])
        called = call(lint, "probe", str(path))
        assert called.code == 0
        assert "warning: found delays" in called.stdout
        assert "1 finding from" in called.stdout

    def test_errors_fail(self, call, tmp_path):
        broken = dense(np.ones((2, 3)), cuba(refDelay=2), surprise=1)
        path = write_stock(tmp_path / "x.net", [broken])
        called = call(lint, "probe", str(path), "--json")
        assert called.code == 1
        assert [found["code"] for found in called.envelope["diagnostics"]] == [
            "not-simulated",
            "unknown-entry",
        ]

    def test_a_file_that_cannot_be_read(self, call, tmp_path):
        path = tmp_path / "x.net.gz"
        path.write_bytes(b"\x1f\x8b\x08 nothing")
        called = call(lint, "probe", str(path))
        assert called.code == 3
        assert "gzip file is damaged" in called.stderr
        assert "Traceback" not in called.stderr
