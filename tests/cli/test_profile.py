"""`lss profile`: tables and JSON of a run directory."""

import shutil
import typing

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.cli.profile import SortKey, profile
from lava_spikyspace.profiling.ordering import SORT_KEYS
from lava_spikyspace.stock.running import run_stock
from tests.netx.stock.building import chain_of_dense_layers, write_stock
from tests.run_cases import small_network, walk_values


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Run directories in both codings; the first has recorded codes."""
    folder = tmp_path_factory.mktemp("runs")
    network = small_network()
    values = walk_values(network, 10)
    lss.run(network, values, backend="batch", record=True).save(folder / "g")
    lss.run(network, values, backend="batch", coding="unary", record=False).save(folder / "u")
    return folder


def test_sort_keys_are_those_of_the_library():
    assert list(typing.get_args(SortKey)) == list(SORT_KEYS)


class TestJson:
    def test_data(self, call, runs):
        called = call(profile, "probe", str(runs / "g"), "--json")
        assert called.code == 0
        found = lss.profile(runs / "g")
        assert called.envelope["data"] == found.to_dict()
        assert called.envelope["backend"] == "batch"
        codes = [finding["code"] for finding in called.envelope["diagnostics"]]
        assert codes == [finding.code for finding in found.diagnostics]

    def test_sort_and_top(self, call, runs):
        called = call(profile, "probe", str(runs / "g"), "--json", "--sort", "synops", "--top", "3")
        synops = [row["synops"] for row in called.envelope["data"]["processes"]]
        every = sorted((row.counts.synops for row in lss.profile(runs / "g").rows), reverse=True)
        assert synops == every[:3]

    def test_versus(self, call, runs):
        called = call(profile, "probe", str(runs / "g"), "--versus", str(runs / "u"), "--json")
        found = lss.versus(lss.profile(runs / "g"), lss.profile(runs / "u"))
        assert called.envelope["data"] == found.to_dict()
        assert called.envelope["data"]["differ_in"] == {"coding": {"a": "graded", "b": "unary"}}


class TestTables:
    def test_one_row_per_process_and_the_total(self, call, runs):
        called = call(profile, "probe", str(runs / "g"))
        found = lss.profile(runs / "g")
        first = [line.split()[0] for line in called.stdout.splitlines() if line.split()]
        for row in found.rows:
            assert row.name in first
        assert "total" in first
        assert "counted by batch" in called.stdout
        assert "next: lss report" in called.stderr

    @pytest.mark.parametrize("view", ["layer", "payload", "channel", "element", "window"])
    def test_views(self, call, runs, view):
        called = call(profile, "probe", str(runs / "g"), "--by", view)
        assert called.code == 0
        assert "blocks.0.conv" in called.stdout

    def test_views_without_records_say_so(self, call, runs):
        called = call(profile, "probe", str(runs / "u"), "--by", "payload")
        assert called.code == 0
        assert "run it again with --record-spikes" in called.stderr

    @pytest.mark.parametrize("width", [60, 80, 100])
    @pytest.mark.parametrize("view", [[], ["--versus"], ["--by", "channel"], ["--by", "window"]])
    def test_fit_the_terminal(self, call, runs, monkeypatch, width, view):
        monkeypatch.setenv("COLUMNS", str(width))
        flags = [*view, str(runs / "u")] if view == ["--versus"] else view
        called = call(profile, "probe", str(runs / "g"), *flags)
        tables = [line for line in called.stdout.splitlines() if line.startswith(" ")]
        assert max(map(len, tables)) <= width
        total = [line for line in tables if line.split()[:1] == ["total"]]
        assert all(cell == "-" or float(cell) >= 0 for line in total for cell in line.split()[1:])


class TestRefusals:
    @pytest.mark.parametrize(
        "name", ["run.json", "processes.parquet", "channels.parquet", "forecasts.csv"]
    )
    def test_a_missing_file(self, call, runs, tmp_path, name):
        shutil.copytree(runs / "g", tmp_path / "run")
        (tmp_path / "run" / name).unlink()
        called = call(profile, "probe", str(tmp_path / "run"))
        assert called.code == 3
        assert name.partition(".")[0] in called.stderr

    @pytest.mark.parametrize("name", ["processes.parquet", "channels.parquet", "spikes.npz"])
    @pytest.mark.parametrize("content", [b"", b"PAR1 rubbish PAR1", b"PK\x03\x04"])
    def test_a_damaged_file(self, call, runs, tmp_path, name, content):
        shutil.copytree(runs / "g", tmp_path / "run")
        (tmp_path / "run" / name).write_bytes(content)
        called = call(profile, "probe", str(tmp_path / "run"), "--json")
        assert called.code == 3
        assert called.envelope["data"] is None
        assert name in called.envelope["diagnostics"][-1]["message"]

    def test_a_folder_that_is_none(self, call, tmp_path):
        called = call(profile, "probe", str(tmp_path / "nothing"))
        assert (called.code, "run.json" in called.stderr) == (3, True)


def test_a_plain_netx_network(call, tmp_path):
    pytest.importorskip("lava.magma")
    model = write_stock(tmp_path / "m.net", chain_of_dense_layers())
    run_stock(model, np.ones((8, 12), dtype=np.int64)).save(tmp_path / "run")
    called = call(profile, "probe", str(tmp_path / "run"), "--json")
    assert called.code == 0
    data = called.envelope["data"]
    assert (data["coding"], data["frames"]) == (None, 8)
    assert data["totals"]["seconds"] > 0
    assert data["processes"][0]["spikes"] > 0
