"""`lss sweep`: a grid of settings, one row each."""

import csv

import pytest

import lava_spikyspace as lss
from lava_spikyspace.cli.sweep import sweep
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values, write_csv


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    network = small_network()
    write_network(network, folder / "m.net")
    write_csv(folder / "d.csv", network.variates, walk_values(network, 60))
    return folder / "m.net", folder / "d.csv"


@pytest.fixture
def run_lss(call, files):
    model, data = files
    return lambda *words: call(sweep, "probe", str(model), "--data", str(data), *words)


def test_terms_may_follow_the_first(run_lss, files, tmp_path):
    out = tmp_path / "s.csv"
    called = run_lss("--grid", "coding=unary,graded", "exp2_terms=0,4", "-o", str(out), "--json")
    data = called.envelope["data"]
    assert data["grid"] == {"coding": ["unary", "graded"], "exp2_terms": ["0", "4"]}
    expected = lss.sweep(*files, grid=["coding=unary,graded", "exp2_terms=0,4"])
    assert [row["r2"] for row in data["rows"]] == [row["r2"] for row in expected.rows]
    assert called.envelope["ok"] is True
    with out.open() as stream:
        assert len(list(csv.DictReader(stream))) == 4
    again = run_lss("--grid", "coding=unary,graded", "--grid", "exp2_terms=0,4")
    assert "4 points" in again.stdout
    assert [line.split()[:2] for line in again.stdout.splitlines() if "ary" in line] == [
        ["unary", "0"],
        ["unary", "4"],
    ]


def test_a_failed_point_is_shown_and_fails_the_gate(call, files, tmp_path):
    network = small_network()
    values = walk_values(network, 60)
    values[-4] = 1e6
    data = write_csv(tmp_path / "far.csv", network.variates, values)
    words = (str(files[0]), "--data", str(data), "--grid", "clip_input=true,false")
    called = call(sweep, "probe", *words, "--json")
    assert called.code == 1
    assert called.envelope["ok"] is False
    (finding,) = called.envelope["diagnostics"]
    assert (finding["code"], finding["where"]) == ("point-failed", "clip_input=false")
    assert "input range" in call(sweep, "probe", *words).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--grid", "colour=red"), "expected one of coding"),
        (("--grid", "coding=blue"), "expected graded or unary"),
        (("--grid", "coding=unary", "other.net"), "expected one model"),
        (("--grid", "width=24"), "expected a checkpoint"),
        ((), "--grid"),
    ],
)
def test_usage(run_lss, words, message):
    called = run_lss(*words)
    assert called.code == 2
    assert message in called.stderr


def test_the_demo_model(call):
    called = call(sweep, "probe", "--grid", "windows=3", "--json")
    assert called.envelope["data"]["rows"][0]["windows"] == "3"
