import json

import pytest

from lava_spikyspace.cli.jsonable import to_jsonable
from lava_spikyspace.files import sha256_of
from lava_spikyspace.netx.describe import describe
from lava_spikyspace.netx.reader import read_model_file
from netx_export.writer import write_network
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("inspect") / "model.net"
    write_network(random_network(5, wide=True), path)
    return path


def test_tables_show_layers_deployment_and_provenance(run_cli, model):
    done = run_cli("inspect", model)
    assert done.code == 0
    assert done.stderr == ""
    for text in (
        "blocks.1.in_proj.scan",
        "selective_scan/ENCODER",
        "conv, dt_proj, B, C",
        "20 bits",
        "sensor 0",
        "made_by",
        "golden windows",
        read_model_file(model).header["content_sha256"],
    ):
        assert text in done.stdout, text


def test_one_layer_with_all_its_values(run_cli, model):
    done = run_cli("inspect", model, "--layer", "blocks.0.scan")
    assert done.code == 0
    for text in ("theta_state", "gain_shift", "4 x 4 x 3", "drive", "accumulator"):
        assert text in done.stdout
    assert "blocks.1.scan" not in done.stdout


def test_json_is_what_the_library_says(run_cli, model):
    done = run_cli("inspect", model, "--json")
    assert done.code == 0
    envelope = json.loads(done.stdout)
    assert envelope["schema"] == "lava-spikyspace/inspect@1"
    assert envelope["model"] == {"path": str(model), "sha256": sha256_of(model)}
    file = read_model_file(model)
    assert envelope["data"]["file"] == file.header
    assert envelope["data"] == to_jsonable({"file": file.header, **describe(file.network)})


def test_json_of_chosen_layers(run_cli, model):
    done = run_cli("inspect", model, "--layer", "blocks.?.conv", "--json")
    names = [entry["name"] for entry in json.loads(done.stdout)["data"]["layers"]]
    assert names == ["blocks.0.conv", "blocks.1.conv"]


def test_no_such_layer_is_a_usage_error(run_cli, model):
    done = run_cli("inspect", model, "--layer", "nope")
    assert (done.code, done.stdout) == (2, "")
    assert "no layer is called nope" in done.stderr
    assert "blocks.0.conv" in done.stderr


def test_a_file_that_is_no_model(run_cli, tmp_path):
    path = tmp_path / "text.net"
    path.write_text("not a model\n")
    done = run_cli("inspect", path)
    assert (done.code, done.stdout) == (3, "")
    assert str(path) in done.stderr
    assert "not an HDF5 file" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_model_it_is_the_demo(run_cli):
    from lava_spikyspace.demo import demo_model_path

    done = run_cli("inspect", "--json")
    assert done.code == 0
    assert json.loads(done.stdout)["model"]["path"] == str(demo_model_path())
