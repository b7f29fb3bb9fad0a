import json

import pytest

from lava_spikyspace.hardware.estimating import estimate
from netx_export.writer import write_network
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("estimate") / "model.net"
    write_network(random_network(6, blocks=1, golden=2), path)
    return path


def test_both_codings_events_processes_and_the_ledger(run_cli, model):
    done = run_cli("estimate", model, "--processes", env={"COLUMNS": "200"})
    assert done.code == 0
    for text in (
        "graded",
        "unary",
        "dynamic energy",
        "static energy",
        "update inactive",
        "blocks.0.scan.state",
        "What these numbers rest on",
        "proxy",
        "a graded spike costs as much as a binary one",
    ):
        assert text in done.stdout, text
    assert "does not fit loihi2" in done.stderr


def test_json_is_the_estimate(run_cli, model):
    done = run_cli("estimate", model, "--profile", "loihi1", "--json")
    assert done.code == 0
    envelope = json.loads(done.stdout)
    assert envelope["schema"] == "lava-spikyspace/estimate@1"
    assert envelope["data"] == json.loads(json.dumps(estimate(model, "loihi1").to_dict()))
    assert {found["code"] for found in envelope["diagnostics"]} == {"does-not-fit"}


def test_counts_of_a_run_directory(run_cli, tmp_path):
    folder = tmp_path / "run"
    ran = run_cli("run", "--backend", "batch", "--windows", "3", "--out", folder)
    assert ran.code == 0
    done = run_cli("estimate", "--activity", folder, "--json")
    assert done.code == 0
    codings = json.loads(done.stdout)["data"]["codings"]
    assert {entry["windows"] for entry in codings.values()} == {3}
    kept = json.loads((folder / "run.json").read_text())["data"]["processes"]
    found = {row["name"]: row["synop"] for row in codings["graded"]["processes"]}
    counted = {row["name"]: row["synops"] for row in kept}
    # Messages inside these leave in limbs, all of which are charged.
    inside = {name for name in counted if name.endswith((".norm", ".scan.output"))}
    assert {name: found[name] for name in found if name not in inside} == {
        name: counted[name] for name in counted if name not in inside
    }
    assert all(found[name] > counted[name] for name in inside)


def test_paper_shows_claims_beside_counts(run_cli, model):
    done = run_cli("estimate", model, "--profile", "cmos45", env={"COLUMNS": "200"})
    assert done.code == 0
    for text in (
        "0.09664",
        "0.07108",
        "0.0009493",
        "0.1687",
        "0.12",
        "9.47",
        "3.19",
        "iTransformer",
        "Mamba, float",
        "this model",
    ):
        assert text in done.stdout, text


def test_what_cannot_be_estimated(run_cli, model, tmp_path):
    both = run_cli("estimate", model, "--rate", "0.2", "--activity", tmp_path)
    assert both.code == 2
    assert run_cli("estimate", model, "--rate", "2").code == 2
    assert run_cli("estimate", model, "--activity", tmp_path / "none").code == 3
