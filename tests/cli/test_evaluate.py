"""`lss evaluate`: metrics of a model beside those of the baselines."""

import json

import pytest

import lava_spikyspace as lss
from lava_spikyspace.cli.evaluate import evaluate
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values, with_provenance, write_csv


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model file that says how its table was split, and a table."""
    folder = tmp_path_factory.mktemp("evaluate")
    network = with_provenance(small_network(), split=[0.5, 0.3, 0.2])
    write_network(network, folder / "m.net")
    write_csv(folder / "d.csv", network.variates, walk_values(network, 60))
    return folder / "m.net", folder / "d.csv"


@pytest.fixture
def run_lss(call, files):
    """Run the command on the files."""

    def run_on(*flags):
        model, data = files
        return call(evaluate, "probe", str(model), "--data", str(data), *flags)

    return run_on


def test_json(run_lss, files):
    envelope = run_lss("--json", "--strict").envelope
    expected = lss.evaluate(*files)
    assert envelope["ok"] is True
    assert envelope["backend"] == "batch"
    data = envelope["data"]
    assert data == {**expected.to_dict(), "strict": True}
    assert list(data["metrics"]) == ["1", "2", "all"]
    assert set(data["metrics"]["all"]) == {"r2", "rrse", "mae", "r2_per_variate"}
    assert set(data["baselines"]) == {"persistence", "ridge"}
    assert data["windows"] == int(53 * 0.2)
    assert (data["part"], data["split_source"], data["masked"]) == ("test", "file", None)


def test_flags(run_lss, files):
    data = run_lss("--split", "0.6,0.2,0.2", "--part", "valid", "--json").envelope["data"]
    assert data["windows"] == 53 - int(53 * 0.6) - int(53 * 0.2)
    assert (data["part"], data["split_source"]) == ("valid", "flag")


def test_table(run_lss, files):
    called = run_lss()
    expected = lss.evaluate(*files)
    assert "10 test windows" in called.stdout
    rows = [line.split() for line in called.stdout.splitlines() if line.split()[:1] == ["all"]]
    assert [row[1] for row in rows] == ["model", "persistence", "ridge"]
    for _, name, *shown in rows:
        metrics = expected.scores[name]["all"]
        assert [float(cell) for cell in shown] == [float(f"{v:.4g}") for v in metrics.values()]


def test_missing_targets_get_a_table_of_their_own(run_lss, files, call, tmp_path):
    network = small_network()
    values = walk_values(network, 60)
    values[55] = 0.0
    data = write_csv(tmp_path / "d.csv", network.variates, values)
    flags = ("probe", str(files[0]), "--data", str(data), "--clip-input")
    called = call(evaluate, *flags, "--missing-value", "0")
    assert "10 test windows, all targets" in called.stdout
    assert "10 test windows, without 8 missing targets (value 0)" in called.stdout
    assert "targets" not in call(evaluate, *flags).stdout
    masked = call(evaluate, *flags, "--missing-value", "0", "--json").envelope["data"]["masked"]
    assert masked["left_out"] == 8
    assert masked["metrics"]["all"]["mae"] > 0


def test_the_default_split_is_said(call, tmp_path):
    network = small_network()
    write_network(network, tmp_path / "m.net")
    data = write_csv(tmp_path / "d.csv", network.variates, walk_values(network, 60))
    called = call(evaluate, "probe", str(tmp_path / "m.net"), "--data", str(data))
    assert "0.7,0.2,0.1" in called.stderr
    assert "0.7,0.2,0.1" not in called.stdout


def test_run_directory(run_lss, tmp_path):
    called = run_lss("--out", str(tmp_path / "e"), "--json")
    document = json.loads((tmp_path / "e" / "run.json").read_text())
    assert document["data"] == called.envelope["data"]
    assert document["schema"] == "lava-spikyspace/evaluate@1"
    assert run_lss("--out", str(tmp_path / "e")).code == 2
    assert run_lss("--out", str(tmp_path / "e"), "--force").code == 0


@pytest.mark.parametrize(
    ("flags", "code", "message"),
    [
        (("--split", "0.5,0.5"), 2, "expected three numbers"),
        (("--split", "0.5,0.5,0.5"), 2, "expected 1"),
        (("--split", "0.5,0.5,0"), 3, "no windows"),
        (("--part", "all"), 2, "part"),
        (("--jobs", "0"), 2, "jobs"),
        (("--jobs", "2", "--scheduler", "tcp://a:1"), 2, "expected one of them"),
        (("--scheduler", "here"), 2, "address"),
        (("--scheduler", "tcp://127.0.0.1:9"), 4, "does not answer"),
    ],
)
def test_errors(run_lss, flags, code, message, monkeypatch):
    if "--scheduler" in flags:
        cluster = pytest.importorskip("lava_spikyspace.workers.cluster")
        monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 1)
    called = run_lss(*flags)
    assert called.code == code
    assert message in called.stderr


def test_a_short_table(call, files, tmp_path):
    network = small_network()
    data = write_csv(tmp_path / "d.csv", network.variates, walk_values(network, 7))
    called = call(evaluate, "probe", str(files[0]), "--data", str(data))
    assert called.code == 3
    assert "d.csv: too few rows for one window: found 7, expected at least 8" in called.stderr
