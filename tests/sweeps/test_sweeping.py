"""Sweeps over models and checkpoints."""

import csv

import pytest

import lava_spikyspace as lss
from lava_spikyspace.arithmetic import pt_silu
from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.errors import CheckpointError, UsageError
from lava_spikyspace.network import GateLayer
from lava_spikyspace.sweeps.points import RESULT_COLUMNS, with_exp2_terms
from lava_spikyspace.sweeps.settings import SETTINGS
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values, with_provenance, write_csv


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    network = with_provenance(small_network(), split=[0.5, 0.2, 0.3])
    write_network(network, folder / "m.net")
    write_csv(folder / "d.csv", network.variates, walk_values(network, 90))
    return folder / "m.net", folder / "d.csv"


def test_no_result_has_the_name_of_a_setting():
    assert not set(SETTINGS) & set(RESULT_COLUMNS)


def without_seconds(result):
    return [{**row, "seconds": None} for row in result.rows]


class TestModel:
    def test_rows_are_evaluations(self, files):
        seen = []
        found = lss.sweep(
            *files,
            grid=["coding=unary,graded", "windows=0:20,7"],
            progress=lambda *state: seen.append(state),
        )
        assert seen == [(done, 4) for done in range(1, 5)]
        assert [(row["coding"], row["windows"], row["scored_windows"]) for row in found.rows] == [
            (coding, windows, count)
            for coding in ("unary", "graded")
            for windows, count in (("0:20", 20), ("7", 7))
        ]
        whole = lss.sweep(*files, grid={"coding": ["unary"]}).rows[0]
        expected = lss.evaluate(*files, coding="unary")
        assert {name: whole[name] for name in ("r2", "rrse", "mae", "r2_per_variate")} == (
            expected.scores["model"]["all"]
        )
        assert whole["scored_windows"] == len(expected.windows)
        assert whole["spikes"] == sum(row.spikes for row in expected.counts) > 0
        assert whole["synops"] == sum(row.synops for row in expected.counts)
        assert whole["time_steps"] == expected.time_steps
        columns = ["coding", *RESULT_COLUMNS]
        assert list(lss.sweep(*files, grid={"coding": ["graded"]}).frame.columns) == columns
        assert found.failed == ()

    def test_engines_agree(self, files):
        pytest.importorskip("lava.magma")
        batch, sim = lss.sweep(*files, grid=["backend=batch,sim", "windows=2"]).rows
        assert {**batch, "backend": None, "seconds": None} == {
            **sim,
            "backend": None,
            "seconds": None,
        }

    def test_a_point_that_fails_is_a_row(self, files, tmp_path):
        network = small_network()
        values = walk_values(network, 90)
        values[-8] = 1e6
        data = write_csv(tmp_path / "far.csv", network.variates, values)
        found = lss.sweep(files[0], data, grid=["clip_input=false,true"], split="0.5,0.2,0.3")
        refused, clipped = found.rows
        assert "outside the input range" in refused["error"]
        assert refused["r2"] is None
        assert clipped["error"] is None
        assert clipped["clipped_inputs"] > 0
        assert len(found.failed) == 1

    @pytest.mark.parametrize("terms", [0, 2, 9])
    def test_exp2_terms_are_those_of_the_activations(self, terms):
        network = small_network()
        changed = with_exp2_terms(network, terms)
        for layer in changed:
            if isinstance(layer, GateLayer):
                values = pt_silu(layer.table, layer.frac_bits, terms)
                message = layer.ranges["message"]
                assert (message.lo, message.hi) == (values.min(), values.max())
        lss.run(changed, walk_values(network, 20), backend="batch", strict=True)

    @pytest.mark.parametrize(
        ("how", "message"),
        [
            ({"grid": ["width=24"]}, "found width for a model file, expected a checkpoint"),
            ({"grid": ["coding=unary"], "config": "c.json"}, "found config"),
            ({"grid": ["coding=unary"], "part": "all"}, "train, valid, test"),
            ({"grid": ["coding=unary"], "resume": True}, "without a file"),
        ],
    )
    def test_what_does_not_apply(self, files, how, message):
        with pytest.raises(UsageError, match=message):
            lss.sweep(*files, **how)

    def test_missing_targets(self, files):
        whole, masked = (
            lss.sweep(*files, grid=["coding=graded"], missing_value=value).rows[0]
            for value in (None, read_table(files[1]).values[-1, 0])
        )
        expected = lss.evaluate(*files, missing_value=read_table(files[1]).values[-1, 0])
        assert masked["mae"] == expected.masked.scores["model"]["all"]["mae"] != whole["mae"]


class TestFile:
    def test_goes_on_where_it_was_interrupted(self, files, tmp_path):
        out = tmp_path / "s.csv"
        grid = ["coding=unary,graded", "exp2_terms=0,3"]

        def stop(done, total):
            if done == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            lss.sweep(*files, grid=grid, out=out, progress=stop)
        assert len(list(csv.DictReader(out.open()))) == 2
        with pytest.raises(UsageError, match="exists already"):
            lss.sweep(*files, grid=grid, out=out)
        seen = []
        resumed = lss.sweep(
            *files, grid=grid, out=out, resume=True, progress=lambda *s: seen.append(s)
        )
        assert seen == [(3, 4), (4, 4)]
        again = lss.sweep(*files, grid=grid)
        assert without_seconds(resumed) == without_seconds(again)
        rows = list(csv.DictReader(out.open()))
        assert [float(row["r2"]) for row in rows] == [row["r2"] for row in again.rows]
        assert list(rows[0]) == ["coding", "exp2_terms", *RESULT_COLUMNS, "sweep"]

    def test_of_another_sweep_is_refused(self, files, tmp_path):
        out = tmp_path / "s.csv"
        lss.sweep(*files, grid=["coding=graded"], out=out)
        with pytest.raises(UsageError, match="another sweep"):
            lss.sweep(*files, grid=["coding=graded"], out=out, resume=True, part="valid")
        with pytest.raises(UsageError, match="found the columns"):
            lss.sweep(*files, grid=["strict=true"], out=out, resume=True)
        lss.sweep(*files, grid=["strict=true"], out=out, force=True)


class TestCheckpoint:
    @pytest.fixture(scope="class")
    def checkpoint(self, tmp_path_factory):
        pytest.importorskip("torch")
        from netx_export.checkpoint import save_checkpoint
        from tests.netx_export.small_model import make_model, make_table

        folder = tmp_path_factory.mktemp("checkpoint")
        table = make_table()
        save_checkpoint(folder / "m.pt", make_model(table))
        return folder / "m.pt", write_csv(folder / "d.csv", table.names, table.values)

    def test_is_exported_once_for_each_set_of_export_settings(self, checkpoint, monkeypatch):
        from netx_export import exporting

        calls = []
        real = exporting.export

        def counted(trained, table, options):
            calls.append(options)
            return real(trained, table, options)

        monkeypatch.setattr(exporting, "export", counted)
        grid = ["coding=unary,graded", "residual_bits=12,16", "width=53,16"]
        found = lss.sweep(*checkpoint, grid=grid)
        assert [(c.formats, c.width) for c in calls] == [
            ({"residual": bits}, width) for bits in (12, 16) for width in (53, 16)
        ]
        assert found.kind == "checkpoint"
        for row in found.rows:
            fits = row["width"] == "53"
            assert (row["error"] is None) == fits
            if fits:
                assert row["message_bits"] >= int(row["residual_bits"])
            else:
                assert "do not fit" in row["error"]

    def test_that_is_none(self, files, tmp_path):
        (tmp_path / "m.pt").write_bytes(b"nothing")
        with pytest.raises(CheckpointError):
            lss.sweep(tmp_path / "m.pt", files[1], grid=["coding=unary"])

    @pytest.mark.slow
    def test_workers_find_the_same(self, checkpoint):
        pytest.importorskip("distributed")
        grid = ["gate_bits=9,14", "coding=unary,graded"]
        one = lss.sweep(*checkpoint, grid=grid)
        assert without_seconds(lss.sweep(*checkpoint, grid=grid, jobs=2)) == without_seconds(one)


@pytest.mark.slow
def test_workers_find_the_same(files):
    pytest.importorskip("distributed")
    grid = ["coding=unary,graded", "exp2_terms=0,3,6"]
    one = lss.sweep(*files, grid=grid)
    assert without_seconds(lss.sweep(*files, grid=grid, jobs=2)) == without_seconds(one)
