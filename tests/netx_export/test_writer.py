import time
from dataclasses import replace

import h5py
import numpy as np
import pytest

from lava_spikyspace.errors import ModelFileError, UsageError
from lava_spikyspace.network import Interval, Normalisation
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.reader import read_model_file, read_network
from netx_export.writer import write_network
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def network():
    return random_network(11)


@pytest.fixture
def epoch(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def with_layer(network, which, **changes):
    layers = tuple(replace(layer, **changes) if layer.name == which else layer for layer in network)
    return replace(network, layers=layers)


@pytest.mark.usefixtures("epoch")
def test_the_same_network_gives_the_same_bytes(network, tmp_path, monkeypatch):
    write_network(network, tmp_path / "a.net")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    write_network(random_network(11), tmp_path / "b.net")
    write_network(read_network(tmp_path / "a.net"), tmp_path / "c.net")
    first = (tmp_path / "a.net").read_bytes()
    assert first == (tmp_path / "b.net").read_bytes()
    assert first == (tmp_path / "c.net").read_bytes()


def test_only_created_tells_the_time(network, tmp_path, monkeypatch):
    headers = []
    for epoch in ("0", "1700000000"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        path = tmp_path / f"{epoch}.net"
        write_network(network, path)
        headers.append(dict(read_model_file(path).header))
    assert [header.pop("created") for header in headers] == [
        "1970-01-01T00:00:00Z",
        "2023-11-14T22:13:20Z",
    ]
    assert headers[0] == headers[1]


def test_objects_in_the_file_have_no_times(network, tmp_path):
    """HDF5 can stamp groups and datasets."""
    path = tmp_path / "m.net"
    write_network(network, path)
    stamps = []
    with h5py.File(path, "r") as file:
        file.visititems(
            lambda _name, item: stamps.append(h5py.h5g.get_objinfo(item.id).mtime) or None
        )
    assert len(stamps) > 100
    assert set(stamps) == {0}


@pytest.mark.parametrize("epoch", ["now", "1e9", "99999999999999999999"])
def test_an_epoch_that_is_none(epoch, network, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH"):
        write_network(network, tmp_path / "m.net")
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_only_by_force(network, tmp_path):
    path = tmp_path / "m.net"
    path.write_text("precious")
    with pytest.raises(UsageError, match="exists already"):
        write_network(network, path)
    assert path.read_text() == "precious"
    write_network(network, path, force=True)
    assert lint_file(path) == []
    assert list(tmp_path.iterdir()) == [path]


def test_metadata_carry_checksums(network, tmp_path):
    path = tmp_path / "m.net"
    write_network(network, path)
    with h5py.File(path, "r") as file:
        assert file.id.get_create_plist().get_version()[0] >= 2


def test_large_values_are_compressed_and_small_ones_are_not(tmp_path):
    path = tmp_path / "m.net"
    write_network(random_network(0, channels=60, d_inner=20, d_state=16, blocks=1), path)
    with h5py.File(path, "r") as file:
        scan = next(g for g in file["layer"].values() if g.attrs["name"] == b"blocks.0.scan")
        right = scan["params/right"]
        assert right.chunks == right.shape
        assert right.compression == "gzip"
        assert right.id.get_storage_size() < right.nbytes / 8
        assert scan["params/gain_shift"].chunks is None
        assert scan["width/state"].chunks is None


BROKEN = {
    "weights beyond the symmetric range": (
        lambda n: with_layer(n, "head", weight=np.full_like(n["head"].weight, -128)),
        "/layer/23/weight: found -128",
    ),
    "weights that are floats": (
        lambda n: with_layer(n, "head", weight=n["head"].weight * 1.5),
        "/layer/23/weight: found float64, expected integer",
    ),
    "an array of another rank": (
        lambda n: with_layer(n, "head", mult=n["head"].mult[None]),
        r"/layer/23/params/mult: found shape \(1, 3\), expected the axes \(step\)",
    ),
    "a missing range": (
        lambda n: with_layer(n, "head", ranges={"message": Interval(0, 1)}),
        "/layer/23/width/accumulator: found shape",
    ),
    "an input that is no layer": (
        lambda n: with_layer(n, "head", inputs=("nobody",)),
        r"/layer/23 \(head\): found an input from layer 24, expected 0 to 23",
    ),
    "a layer of another name": (
        lambda n: with_layer(n, "head", name="the head"),
        "/layer/23@name: found 'the head'",
    ),
    "a normalisation without scale": (
        lambda n: replace(n, normalisation=Normalisation(kind="fixed", mean=np.zeros(5))),
        "/deployment/normalisation: found mean, expected mean and scale",
    ),
    "a window that the head does not have": (
        lambda n: replace(n, window=9),
        "found 8 elements, expected 9, the window",
    ),
    "a format whose name cannot be an attribute": (
        lambda n: replace(n, formats={"gate bits": 3}),
        "/deployment/formats@gate bits: found the name 'gate bits'",
    ),
    "a provenance that is no JSON": (
        lambda n: replace(n, provenance={"made": object()}),
        "provenance: Object of type object is not JSON serializable",
    ),
    "an integer beyond int64": (
        lambda n: with_layer(n, "blocks.0.norm", eps=1 << 70),
        "/layer/1/params/eps: found object, expected integer",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_network_that_breaks_a_rule_is_not_written(fault, network, tmp_path):
    breaks, message = BROKEN[fault]
    path = tmp_path / "m.net"
    with pytest.raises(ModelFileError, match=message) as caught:
        write_network(breaks(network), path)
    assert caught.value.message.startswith(f"{path}: not written: ")
    assert list(tmp_path.iterdir()) == []


def test_integers_of_other_dtypes_are_written_in_those_of_the_schema(network, tmp_path):
    head = network.head
    other = with_layer(
        network, "head", weight=head.weight.astype(np.int64), mult=head.mult.astype(np.int32)
    )
    write_network(other, tmp_path / "m.net")
    with h5py.File(tmp_path / "m.net", "r") as file:
        assert file["layer/23/weight"].dtype == np.int8
        assert file["layer/23/params/mult"].dtype == np.int64


def test_the_writer_imports_no_torch(run_python):
    done = run_python(
        "-c",
        "import sys, netx_export.writer\n"
        "print({'torch', 'lava', 'pandas', 'numba'} & {m.split('.')[0] for m in sys.modules})",
    )
    assert (done.code, done.stdout.strip()) == (0, "set()")
