"""Commands end with the next useful one: what they suggest is followed here from step to step."""

import re
import shlex

import numpy as np
import pytest

from lava_spikyspace.cli.app import main
from netx_export.writer import write_network
from tests.netx.stock.building import chain_of_dense_layers, write_stock
from tests.run_cases import small_network, walk_values, write_csv


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Go to a folder with a model, its table, and a plain network with its input."""
    monkeypatch.chdir(tmp_path)
    network = small_network(golden=2)
    write_network(network, tmp_path / "m.net")
    write_csv(tmp_path / "my data.csv", network.variates, walk_values(network, 90))
    layers = chain_of_dense_layers()
    write_stock(tmp_path / "plain.net", layers)
    np.save(tmp_path / "x.npy", np.ones((4, layers[0]["weight"].shape[1]), dtype=np.int32))
    return tmp_path


@pytest.fixture
def suggested(capfd):
    """Run a command line; return what it suggests."""

    def run(line, code=0):
        capfd.readouterr()
        assert main(shlex.split(line)) == code, capfd.readouterr().err
        captured = capfd.readouterr()
        assert "next:" not in captured.out
        found = re.findall(r"^next: lss (.*)$", captured.err, re.MULTILINE)
        assert len(found) == 1, captured.err
        assert captured.err.rstrip().endswith(found[0])
        return found[0]

    return run


def test_from_training_to_the_score(files, suggested):
    pytest.importorskip("torch")
    sizes = "--window 6 --horizon 2 --layers 1 --d-inner 3 --d-state 2 --epochs 1"
    line = suggested(f"train --data 'my data.csv' --out t.pt {sizes}")
    assert line == "export t.pt -o t.net --calibration 'my data.csv'"
    line = suggested(line)
    assert line == "run t.net --data 'my data.csv'"
    line = suggested(f"{line} --backend batch --clip-input")
    assert line == "evaluate t.net --data 'my data.csv'"
    assert suggested(f"{line} --clip-input") == "check t.net"
    line = suggested("compare t.net --checkpoint t.pt --data 'my data.csv' --windows 4")
    assert line == "evaluate t.net --data 'my data.csv'"


def test_from_a_run_to_its_report(files, suggested, capfd):
    line = suggested("run m.net --data 'my data.csv' --backend batch --out 'a run'")
    assert line == "profile 'a run'"
    line = suggested(line)
    assert line == "report 'a run' -o report.html"
    assert main(shlex.split(line)) == 0
    assert "next: open report.html in a browser" in capfd.readouterr().err


def test_from_a_score_to_its_report(files, suggested):
    line = suggested("evaluate m.net --data 'my data.csv' --out scored")
    assert line == "report scored -o scored.html"


def test_from_a_file_to_its_energy(files, suggested):
    line = suggested("lint m.net")
    assert line == "verify m.net"
    line = suggested(line)
    assert line == "check m.net"
    line = suggested(line, code=1)
    assert line == "estimate m.net --profile loihi2"
    assert main(shlex.split(line)) == 0


def test_a_sweep_is_kept_and_then_scored(files, suggested):
    line = suggested("sweep m.net --data 'my data.csv' --grid coding=unary,graded exp2_terms=0,1")
    assert line == (
        "sweep m.net --data 'my data.csv' --out sweep.csv --grid coding=unary,graded exp2_terms=0,1"
    )
    assert suggested(line) == "evaluate m.net --data 'my data.csv'"


def test_plain_networks(files, suggested):
    pytest.importorskip("greenlet")
    assert suggested("run plain.net --data x.npy") == "inspect plain.net"
    assert suggested("lint plain.net") == "inspect plain.net"
    line = suggested("check plain.net")
    assert line == "estimate plain.net --profile loihi2 --rate 0.1"
    assert main(shlex.split(line)) == 0
    line = suggested("run plain.net --data x.npy --out kept")
    assert main(shlex.split(line)) == 0


def test_a_divergence_points_at_its_layer(files, suggested):
    pytest.importorskip("torch")
    from dataclasses import replace

    from lava_spikyspace import load

    sizes = "--window 6 --horizon 2 --layers 1 --d-inner 3 --d-state 2 --epochs 1"
    suggested(f"train --data 'my data.csv' --out t.pt {sizes}")
    suggested("export t.pt -o t.net --calibration 'my data.csv'")
    network = load("t.net")
    conv = network["blocks.0.conv"]
    layers = tuple(
        replace(conv, theta=conv.theta - 10**6) if one.name == conv.name else one
        for one in network.layers
    )
    write_network(replace(network, layers=layers, golden=None), "bad.net")
    line = suggested("compare bad.net --checkpoint t.pt --data 'my data.csv' --windows 4")
    assert line == "inspect bad.net --layer blocks.0.conv"
    assert main(shlex.split(line)) == 0


def test_quiet_says_nothing(files, capfd):
    assert main(["lint", "m.net", "--quiet"]) == 0
    assert capfd.readouterr().err == ""
