"""A model file read is the network that was written, in the dtypes of the schema."""

from dataclasses import fields

import h5py
import numpy as np
import pytest

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.network import Layer, stored_fields
from lava_spikyspace.netx.encode import networks_equal
from lava_spikyspace.netx.reader import read_model_file, read_network
from netx_export.writer import write_network
from tests.netx.editing import change, edited, layer_path, put
from tests.random_networks import DEFAULT_BITS, random_network

SHAPES = {
    "plain": {},
    "wide": {"wide": True, "channels": 9},
    "smallest": {
        "channels": 1,
        "window": 1,
        "horizon": 1,
        "blocks": 1,
        "d_inner": 1,
        "d_state": 1,
        "dt_rank": 1,
        "d_conv": 1,
    },
    "long convolution": {"d_conv": 5, "window": 2},
    "one bit": {"bits": dict.fromkeys(DEFAULT_BITS, 1)},
    "four bits": {"bits": dict.fromkeys(DEFAULT_BITS, 4)},
    "instance": {"instance": True, "golden": 0},
    "no block": {"blocks": 0},
}


def assert_same(first, second):
    """Compare field by field, not by `networks_equal`, which is to be tested."""
    assert (first.window, first.horizon) == (second.window, second.horizon)
    assert first.variates == second.variates
    assert first.bits == second.bits
    assert first.formats == second.formats
    assert first.provenance == second.provenance
    for name in ("kind", "mean", "scale", "eps"):
        np.testing.assert_array_equal(
            getattr(first.normalisation, name), getattr(second.normalisation, name)
        )
    assert (first.golden is None) == (second.golden is None)
    if first.golden is not None:
        np.testing.assert_array_equal(first.golden.inputs, second.golden.inputs)
        np.testing.assert_array_equal(first.golden.forecasts, second.golden.forecasts)
        assert first.golden.digests == second.golden.digests
    assert len(first.layers) == len(second.layers)
    for mine, other in zip(first, second, strict=True):
        assert type(mine) is type(other)
        for item in fields(Layer):
            assert getattr(mine, item.name) == getattr(other, item.name)
        for name in stored_fields(type(mine)):
            np.testing.assert_array_equal(getattr(mine, name), getattr(other, name))
            assert type(getattr(mine, name)) is type(getattr(other, name))


@pytest.mark.parametrize("shape", SHAPES)
def test_write_read_write_read_is_the_identity(shape, tmp_path):
    network = random_network(3, **SHAPES[shape])
    write_network(network, tmp_path / "a.net")
    once = read_network(tmp_path / "a.net")
    assert_same(network, once)
    write_network(once, tmp_path / "b.net")
    twice = read_network(str(tmp_path / "b.net"))
    assert_same(once, twice)
    assert networks_equal(network, twice)


def test_networks_that_differ_in_one_integer_are_not_equal(network, model, tmp_path):
    path = edited(
        model,
        tmp_path / "m.net",
        lambda file: change(file, layer_path(file, "head", "params/add"), lambda v: v + 1),
    )
    assert not networks_equal(network, read_network(path))
    assert networks_equal(network, read_network(model))


def test_dtypes_are_those_of_the_schema(model):
    for layer in read_network(model):
        for name, stored in stored_fields(type(layer)).items():
            value = getattr(layer, name)
            if isinstance(value, np.ndarray):
                assert value.dtype == stored.dtype
                assert value.ndim == len(stored.axes)


@pytest.mark.parametrize("dtype", ["<i2", ">i4", "<i8", ">i8"])
def test_integers_of_any_dtype_are_taken(dtype, network, model, tmp_path):
    def edit(file):
        change(file, layer_path(file, "head", "weight"), lambda w: w.astype(dtype))
        change(file, layer_path(file, "blocks.0.scan", "params/right"), lambda r: r.astype(dtype))
        change(file, layer_path(file, "head", "params/frac_bits"), lambda v: v.astype(">u2"))

    found = read_network(edited(model, tmp_path / "m.net", edit))
    assert_same(network, found)
    assert found.head.weight.dtype == np.int8


def test_values_are_native_and_writable_copies(model):
    head = read_network(model).head
    assert head.mult.dtype.isnative
    head.mult[0] += 1  # of our own memory, not of a mapped file


def test_the_header_says_what_wrote_the_file(model):
    header = read_model_file(model).header
    assert header["format"] == "netx"
    assert header["extension"] == "spikyspace"
    assert header["extension_version"] == "1.3"
    assert header["generator"].startswith("lava-spikyspace ")
    assert len(header["content_sha256"]) == 64


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "/layer/1/params/eps",
            0,
            r"/layer/1/params/eps: found 0, expected 1 to 4503599627370495",
        ),
        ("/layer/1/params/eps", 1.5, r"/layer/1/params/eps: found float64, expected integer"),
        (
            "/layer/1/params/eps",
            [1, 2],
            r"/layer/1/params/eps: found shape \(2,\), expected the axes \(\)",
        ),
        ("/layer/1/params/epsilon", 1, r"/layer/1/params/epsilon: found a dataset, expected none"),
        (
            "/layer/1/type",
            np.array([b"batchnorm"]),
            r"found batchnorm/RMS of 1 input, expected one",
        ),
    ],
)
def test_an_error_names_file_place_found_and_expected(path, value, message, model, tmp_path):
    broken = edited(model, tmp_path / "broken.net", lambda file: put(file, path, value))
    with pytest.raises(ModelFileError, match=message) as caught:
        read_network(broken)
    assert caught.value.message.startswith(f"{broken}: ")
    assert caught.value.exit_code == 3


def test_stock_netx_files_are_refused_by_name(shared_data):
    with pytest.raises(ModelFileError, match="not a model file of lava-spikyspace"):
        read_network(shared_data / "netx" / "tiny.net")


def test_lava_dl_reads_our_files(model, network):
    """Its NetDict gives type, shape, weight and neuron type of every layer."""
    utils = pytest.importorskip("lava.lib.dl.netx.utils", reason="needs lava-dl")
    with h5py.File(model, "r") as file:
        layers = utils.NetDict(f=file)["layer"]
        assert len(layers) == len(network.layers)
        for index, layer in enumerate(network):
            found = layers[index]
            assert found["type"] == layer.netx_type
            assert found["shape"].tolist() == [layer.neurons]
            if layer.neuron_type is not None:
                assert found["neuron"]["type"] == layer.neuron_type
            if hasattr(layer, "weight"):
                np.testing.assert_array_equal(found["weight"], layer.weight)
