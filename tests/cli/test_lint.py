import json

import pytest

from lava_spikyspace.netx.lint import RULES, lint_file
from netx_export.writer import write_network
from tests.netx.editing import edited, layer_path, put
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("lint") / "model.net"
    write_network(random_network(6, blocks=1), path)
    return path


@pytest.fixture(scope="module")
def broken(model, tmp_path_factory):
    def edit(file):
        put(file, layer_path(file, "blocks.0.norm", "params/eps"), 0)
        put(file, "/deployment/bits@c", 3)

    return edited(model, tmp_path_factory.mktemp("lint") / "broken.net", edit)


def test_a_sound_file(run_cli, model):
    done = run_cli("lint", model)
    assert (done.code, done.stderr) == (0, f"next: lss verify {model}\n")
    assert done.stdout == f"{model}: 0 findings from {len(RULES)} rules\n"


def test_all_findings_with_their_hints(run_cli, broken):
    done = run_cli("lint", broken)
    assert done.code == 1
    assert "/layer/1/params/eps: error: found 0, expected 1 to" in done.stdout
    assert "[value-bounds]" in done.stdout
    assert "[quantiser-bits]" in done.stdout
    assert done.stdout.count("hint: ") == 2
    assert done.stdout.endswith(f"{broken}: 2 findings from {len(RULES)} rules\n")


def test_json_has_the_findings_as_diagnostics(run_cli, broken):
    done = run_cli("lint", broken, "--json")
    assert done.code == 1
    envelope = json.loads(done.stdout)
    assert envelope["schema"] == "lava-spikyspace/lint@1"
    assert envelope["ok"] is False
    assert envelope["data"] == {"findings": 2, "rules": len(RULES)}
    assert envelope["diagnostics"] == [found.to_dict() for found in lint_file(broken)]


@pytest.mark.parametrize("content", [b"", b"text", b"\x89HDF\r\n\x1a\n"])
def test_a_file_that_cannot_be_read_at_all(content, run_cli, tmp_path):
    path = tmp_path / "x.net"
    path.write_bytes(content)
    done = run_cli("lint", path, "--json")
    assert done.code == 3
    envelope = json.loads(done.stdout)
    assert (envelope["ok"], envelope["data"]) == (False, None)
    assert str(path) in done.stderr
    assert "Traceback" not in done.stderr
