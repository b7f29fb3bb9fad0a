"""`lss export` and `lss compare` from a shell's point of view."""

import json
import re
from dataclasses import replace

import pytest
import torch

from lava_spikyspace.hardware.checking import check
from lava_spikyspace.netx.reader import read_network
from netx_export.checkpoint import save_checkpoint
from netx_export.spikyspace import SpikySpace
from tests.netx_export.small_model import make_model, make_table


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    table = make_table()
    rows = [",".join(table.names), *(",".join(map(repr, map(float, row))) for row in table.values)]
    (folder / "t.csv").write_text("\n".join(rows) + "\n")
    save_checkpoint(folder / "c.pt", make_model(table))
    return folder


@pytest.fixture
def exported(files, run_cli):
    model = files / "m.net"
    if not model.exists():
        done = run_cli("export", files / "c.pt", "-o", model, "--calibration", files / "t.csv")
        assert done.code == 0, done.stderr
    return model


def test_writes_a_model_and_says_what_it_chose(files, run_cli) -> None:
    out = files / "json.net"
    done = run_cli(
        "export",
        files / "c.pt",
        "-o",
        out,
        "--calibration",
        files / "t.csv",
        "--json",
        "--gate-bits",
        "15",
        "--golden",
        "2",
    )
    assert done.code == 0, done.stderr
    envelope = json.loads(done.stdout)
    assert envelope["schema"] == "lava-spikyspace/export@1"
    assert envelope["data"]["formats"]["gate_frac_bits"] == 15
    assert envelope["data"]["golden_windows"] == 2
    assert sum(trial["chosen"] for trial in envelope["data"]["trials"]) == 1
    assert min(envelope["data"]["agreement"]["codes"].values()) >= 0.99
    scan = envelope["data"]["quantisers"]["blocks.0.scan"]
    assert len(scan["histogram"]) == len(scan["codes"]) == 4
    assert 0 <= scan["clipped_high"] <= 1
    assert read_network(out).window == 6


def test_table_of_bits_against_agreement(exported, files, run_cli) -> None:
    done = run_cli(
        "export", files / "c.pt", "-o", exported, "--calibration", files / "t.csv", "--force"
    )
    assert done.code == 0, done.stderr
    assert "Calibration: what every quantiser does" in done.stdout
    assert "Bits against agreement" in done.stdout
    assert "chosen" in done.stdout
    assert f"next: lss run {exported}" in done.stderr


def test_the_flags_of_the_hints_of_check_make_a_model_that_fits(exported, files, run_cli) -> None:
    refused = check(exported, "loihi2")
    assert not refused.fits
    hints = {finding.hint for finding in refused.findings}
    (flags,) = {match for hint in hints for match in re.findall(r"(--width \d+)$", hint)}
    narrow = files / "narrow.net"
    export = ("export", files / "c.pt", "-o", narrow, "--calibration", files / "t.csv")
    assert run_cli(*export, *flags.split()).code == 0
    done = run_cli("check", narrow, "--fail-on", "warning")
    assert done.code == 0
    assert "fits loihi2 in graded coding: 0 errors, 0 warnings" in done.stdout


def test_existing_file_is_kept_without_force(exported, files, run_cli) -> None:
    before = exported.read_bytes()
    done = run_cli("export", files / "c.pt", "-o", exported, "--calibration", files / "t.csv")
    assert done.code == 2
    assert "exists already" in done.stderr
    assert exported.read_bytes() == before


def test_formats_that_cannot_fit_leave_no_file(files, run_cli) -> None:
    out = files / "none.net"
    done = run_cli(
        "export",
        files / "c.pt",
        "-o",
        out,
        "--calibration",
        files / "t.csv",
        *(f"--{name}-bits=31" for name in ("residual", "gate", "b", "c", "state")),
    )
    assert done.code == 2
    assert "at most 32" in done.stderr
    assert not out.exists()


def test_what_is_no_checkpoint_is_refused(files, run_cli) -> None:
    (files / "bad.pt").write_text("not a checkpoint")
    done = run_cli(
        "export", files / "bad.pt", "-o", files / "none.net", "--calibration", files / "t.csv"
    )
    assert done.code == 3
    assert "bad.pt" in done.stderr
    assert "Traceback" not in done.stderr


def test_compare_shows_every_layer_and_gates(exported, files, run_cli) -> None:
    call = ("compare", exported, "--checkpoint", files / "c.pt", "--data", files / "t.csv")
    done = run_cli(*call, "--json", "--fail-above", "1e-3")
    assert done.code == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    assert [set(layer) for layer in data["layers"]] == [
        {"name", "codes", "equal", "agreement"}
    ] * 16
    assert data["forecast"]["relative_l2"] <= 1e-3
    assert data["forecast"]["r2_float"] == pytest.approx(data["forecast"]["r2_integer"], abs=5e-4)
    gated = run_cli(*call, "--fail-above", "0")
    assert gated.code == 1
    assert "failed: forecast" in gated.stdout


@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_compare_shows_lava_beside_float_and_batch(coding, exported, files, run_cli) -> None:
    pytest.importorskip("lava.magma.core.decorator")
    call = ("compare", exported, "--checkpoint", files / "c.pt", "--data", files / "t.csv")
    done = run_cli(*call, "--against", "sim", "--coding", coding, "--windows", "10:12", "--json")
    assert done.code == 0, done.stderr
    data = json.loads(done.stdout)["data"]
    lava = data["lava"]
    assert (lava["runtime"], lava["coding"]) == ("inprocess", coding)
    assert [layer["name"] for layer in lava["layers"]] == [x["name"] for x in data["layers"]]
    assert {layer["agreement"] for layer in lava["layers"]} == {1.0}
    assert lava["first_divergence"] is None
    assert lava["forecast"]["relative_l2"] == data["forecast"]["relative_l2"]
    assert lava["forecast"]["r2"] == data["forecast"]["r2_integer"]


def test_compare_refuses_another_model(exported, files, run_cli) -> None:
    trained = make_model(make_table())
    config = trained.config.model_copy(update={"d_state": 4})
    model = SpikySpace(config)
    with torch.no_grad():
        model(torch.zeros(2, 6, 5))
    save_checkpoint(files / "other.pt", replace(trained, model=model, config=config), force=True)
    done = run_cli(
        "compare", exported, "--checkpoint", files / "other.pt", "--data", files / "t.csv"
    )
    assert done.code == 3
    assert "d_state 4 and 3" in done.stderr
