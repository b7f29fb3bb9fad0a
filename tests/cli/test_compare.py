"""`lss compare` finds one threshold that is one higher in a copy of a file."""

import json

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from lava_spikyspace.cli.app import main
from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.running import run
from netx_export.checkpoint import save_checkpoint
from netx_export.config import Bits
from netx_export.exporting import export
from netx_export.writer import write_network
from tests.netx.editing import edited, layer_path
from tests.netx_export.small_model import make_model, make_table
from tests.run_cases import write_csv


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return a folder with a checkpoint, its file and its table."""
    folder = tmp_path_factory.mktemp("compare")
    table = make_table()
    trained = make_model(table, seed=2, bits=Bits(s=4, delta=3, pts=6))
    save_checkpoint(folder / "c.pt", trained)
    write_network(export(trained, table).network, folder / "m.net")
    write_csv(folder / "t.csv", table.names, table.values)
    return folder


@pytest.fixture
def compare(files, capsys):
    """Return a call of ``lss compare`` that gives exit code, stdout and stderr."""

    def call(model, *flags):
        sides = ("--checkpoint", files / "c.pt", "--data", files / "t.csv")
        code = main([str(argument) for argument in ("compare", model, *sides, *flags)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


SOURCES = {
    "blocks.0.conv": "blocks.0.in_proj.scan",
    "blocks.0.dt_proj": "blocks.0.delta",
    "blocks.0.delta": "blocks.0.conv",
}
"""Layers that compare sums of codes, and the records that they read."""


def accumulators(network, records, name):
    """Return what a layer compares, shape (window, element, channel)."""
    codes, weight = records[SOURCES[name]], network[name].weight.astype(int)
    if name.endswith("conv"):
        taps = weight.shape[1]
        padded = np.pad(codes, ((0, 0), (taps - 1, 0), (0, 0)))
        return (sliding_window_view(padded, taps, axis=1) * weight).sum(axis=-1)
    return codes @ weight.T


def one_higher(network, records, name):
    """Return the place of a threshold that some accumulator just reaches."""
    acc, theta = accumulators(network, records, name), network[name].theta
    rows = theta if theta.ndim == 3 else theta[None]
    elements = np.minimum(np.arange(acc.shape[1]), len(rows) - 1)
    for row, channel, level in np.argwhere(rows == rows):
        reached = (acc[:, elements == row, channel] == rows[row, channel, level]).any()
        above = rows[row, channel, level + 1 :]
        if reached and not (above == rows[row, channel, level]).any():
            place = (row, channel, level)
            return tuple(int(i) for i in place[3 - theta.ndim :])
    raise AssertionError(f"no accumulator of {name} meets a threshold")


@pytest.mark.parametrize("name", SOURCES)
def test_compare_finds_a_threshold_that_is_one_higher(name, files, compare) -> None:
    """In a copy of the file, made with h5py and with nothing else in it changed."""
    network = read_network(files / "m.net")
    before = run(network, make_table(), backend="batch", record=True).records
    place = one_higher(network, before, name)

    def edit(file):
        file[layer_path(file, name, "params/theta")][place] += 1

    planted = edited(files / "m.net", files / "planted.net", edit, seal=False)
    with pytest.raises(ModelFileError, match="content_sha256"):
        read_network(planted)
    code, out, _ = compare(planted, "--json", "--fail-above", "0", "--quantity", "codes")
    assert code == 1
    envelope = json.loads(out)
    data = envelope["data"]
    record = name + ".code" if name.endswith("dt_proj") else name
    acc = accumulators(network, before, name)[..., place[-2]]
    reached = acc == network[name].theta[place]
    if name.endswith("conv"):
        reached &= np.minimum(np.arange(acc.shape[1]), network[name].theta.shape[0] - 1) == place[0]
    window, element = (int(i) for i in np.argwhere(reached)[0])
    expected = int(before[record][window, element, place[-2]])
    assert data["first_divergence"] == {
        "layer": record,
        "window": window,
        "element": element,
        "channel": place[-2],
        "expected": expected,
        "found": expected - 1,
    }
    (parameter,) = data["parameters"]["different"]
    assert parameter["layer"] == name
    assert parameter["where"].endswith("/params/theta")
    assert (tuple(parameter["index"]), parameter["values"]) == (place, 1)
    assert parameter["found"] == parameter["expected"] + 1 == network[name].theta[place] + 1
    assert [found["code"] for found in envelope["diagnostics"]] == ["content-digest"]
    _, out, err = compare(planted)
    assert f"first divergence: {record}, window {window}, element {element}" in out
    assert "not those of the checkpoint" in out
    assert "content_sha256" in err
    assert "next: lss lint" in err


def test_compare_finds_a_change_in_the_head(files, compare) -> None:
    def edit(file):
        path = layer_path(file, "head", "params/add")
        file[path][1] += 1 << int(file[layer_path(file, "head", "params/shift")][1])

    planted = edited(files / "m.net", files / "planted.net", edit)
    first = json.loads(compare(planted, "--windows", "3", "--json")[1])["data"]["first_divergence"]
    assert (first["layer"], first["element"], first["channel"]) == ("head", 1, 0)
    assert first["found"] == first["expected"] + 1


def test_a_damaged_file_is_refused_for_its_damage_not_its_digest(files, compare) -> None:
    def edit(file):
        file["deployment"].attrs["horizon"] = 0

    planted = edited(files / "m.net", files / "planted.net", edit, seal=False)
    code, _, err = compare(planted)
    assert code == 3
    assert "horizon" in err
    assert "content_sha256" not in err


def test_compare_shows_a_parameter_that_no_code_shows(files, compare) -> None:
    def edit(file):
        file[layer_path(file, "blocks.0.in_proj.scan", "params/theta")][0, 0] += 1

    planted = edited(files / "m.net", files / "planted.net", edit)
    data = json.loads(compare(planted, "--windows", "3", "--json")[1])["data"]
    assert data["first_divergence"] is None
    assert [one["layer"] for one in data["parameters"]["different"]] == ["blocks.0.in_proj.scan"]
    assert "no code of these windows" in compare(planted, "--windows", "3")[1]


def test_compare_says_that_file_and_checkpoint_are_one(files, compare) -> None:
    data = json.loads(compare(files / "m.net", "--json")[1])["data"]
    assert data["first_divergence"] is None
    assert data["parameters"]["different"] == []
    assert data["parameters"]["arrays"] > 100
