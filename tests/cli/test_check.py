import json

import pytest

from lava_spikyspace.hardware.checking import check
from netx_export.writer import write_network
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("check") / "model.net"
    write_network(random_network(6, blocks=1), path)
    return path


@pytest.fixture
def roomy(tmp_path):
    """A board with wide registers, on which the model fits but for its wide products."""
    path = tmp_path / "roomy.toml"
    widths = "".join(
        f'[widths.{name}]\nvalue = {bits}\nunit = "bit"\nevidence = "proxy"\nsource = "ours"\n'
        for name, bits in {"accumulator_bits": 53, "state_bits": 53}.items()
    )
    path.write_text(f'extends = "loihi2"\nname = "roomy"\n{widths}')
    return path


def test_a_model_that_does_not_fit_ends_with_1_and_all_findings(run_cli, model):
    done = run_cli("check", model, "--profile", "loihi1", env={"COLUMNS": "200"})
    assert done.code == 1
    result = check(model, "loihi1")
    for finding in result.findings:
        assert finding.where in done.stdout
        assert finding.hint in done.stdout
    assert f"does not fit loihi1 in graded coding: {result.errors} errors" in done.stdout


def test_a_model_that_fits_ends_with_0(run_cli, model, roomy):
    done = run_cli("check", model, "--profile", roomy, "--cores")
    assert done.code == 0
    assert "fits roomy in graded coding: 0 errors, 0 warnings" in done.stdout
    assert "blocks.0.scan" in done.stdout
    assert "Cores, in % of each limit" in done.stdout


def test_fail_on_warning(run_cli, model, roomy):
    text = roomy.read_text().replace("value = 53", "value = 23").replace("= 23\n", "= 53\n", 1)
    assert run_cli("check", model, "--profile", roomy, "--fail-on", "warning").code == 0
    roomy.write_text(text)
    found = check(model, roomy)
    assert found.warnings
    done = run_cli("check", model, "--profile", roomy, "--fail-on", "warning")
    assert done.code == 1


def test_json_has_findings_placement_and_limits(run_cli, model):
    done = run_cli("check", model, "--profile", "loihi1", "--coding", "unary", "--json")
    assert done.code == 1
    envelope = json.loads(done.stdout)
    result = check(model, "loihi1", coding="unary")
    assert envelope["schema"] == "lava-spikyspace/check@1"
    assert envelope["ok"] is False
    assert envelope["model"]["path"] == str(model)
    assert envelope["data"] == json.loads(json.dumps(result.to_dict()))
    assert envelope["diagnostics"] == [finding.to_dict() for finding in result.findings]


def test_the_demo_model_is_checked_by_default(run_cli):
    done = run_cli("check", "--json")
    assert done.code in (0, 1)
    assert json.loads(done.stdout)["data"]["profile"]["name"] == "loihi2"


def test_no_such_profile(run_cli, model):
    done = run_cli("check", model, "--profile", "loihi")
    assert (done.code, done.stdout) == (2, "")
    assert run_cli("check", model, "--profile", "cmos45").code == 2
    assert run_cli("check", model, "--profile", "./none.toml").code == 3


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_the_core_map_is_drawn(run_cli, model, tmp_path, suffix):
    pytest.importorskip("matplotlib")
    path = tmp_path / f"map.{suffix}"
    assert run_cli("check", model, "--core-map", path).code == 1
    first = path.read_bytes()
    assert first[:4] == (b"\x89PNG" if suffix == "png" else b"<?xm")
    assert run_cli("check", model, "--core-map", path).code == 2
    assert path.read_bytes() == first


def test_an_unknown_format_of_the_core_map_is_refused(run_cli, model, tmp_path):
    done = run_cli("check", model, "--core-map", tmp_path / "map.bmp")
    assert done.code == 2
    assert "found the format '.bmp'" in done.stderr
