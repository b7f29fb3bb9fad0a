"""What a plain NetX file says, and what it must not do."""

import gzip
import tracemalloc

import h5py
import numpy as np
import pytest

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.container import MAX_FILE_BYTES
from lava_spikyspace.netx.stock.description import (
    SILENT_INTEGRATOR,
    CubaNeuron,
    SigmaDeltaNeuron,
    StockConv,
    StockDense,
    StockFlatten,
    StockInput,
    StockRecurrent,
)
from lava_spikyspace.netx.stock.reader import examine_stock_file, read_stock
from tests.netx.stock.building import (
    chain_of_dense_layers,
    convolutions_in_groups,
    cuba,
    dense,
    layer,
    sdnn,
    weights,
    write_stock,
)

NETWORKS = {
    "mnist_bootstrap.net.gz": (4, (10,)),
    "mnist_tutorial.net": (3, (10,)),
    "oxford.net": (2, (200,)),
    "pilotnet_lif.net": (11, (1,)),
    "pilotnet_sdnn.net": (10, (1,)),
    "pilotnet_sdnn_square.net.gz": (5, (2, 2, 64)),
    "tiny.net": (3, (1, 1, 36)),
}
RNG = np.random.default_rng(5)
W = weights(RNG, 4, 6)


def read(tmp_path, *layers):
    return read_stock(write_stock(tmp_path / "made.net", layers))


@pytest.mark.parametrize("name", NETWORKS)
def test_files_of_lava_dl_have_no_findings(name, shared_data):
    examination = examine_stock_file(shared_data / "netx" / name)
    assert examination.findings == ()
    count, shape = NETWORKS[name]
    assert len(examination.network) == count
    assert examination.network.layers[-1].shape == shape


def test_shapes_are_in_the_order_of_lava(shared_data):
    source, first, *_ = read_stock(shared_data / "netx" / "pilotnet_lif.net")
    assert isinstance(source, StockInput)
    assert (source.shape, source.weight, source.bias) == ((200, 66, 3), 40, 36)
    assert source.neuron == CubaNeuron("LOIHI", 25, 4096, 1024)
    assert isinstance(first, StockConv)
    assert (first.shape, first.reads) == ((99, 32, 24), (200, 66, 3))


def test_a_dense_layer_without_neurons(shared_data):
    last = read_stock(shared_data / "netx" / "mnist_bootstrap.net.gz").layers[-1]
    assert last.neuron == SILENT_INTEGRATOR


def test_what_a_chain_of_dense_layers_holds(tmp_path):
    made = chain_of_dense_layers()
    found = read(tmp_path, *made).layers
    assert [type(one) for one in found] == [
        StockDense,
        StockRecurrent,
        StockDense,
        StockDense,
        StockRecurrent,
        StockDense,
    ]
    for one, values in zip(found, made, strict=True):
        np.testing.assert_array_equal(one.weight, values["weight"])
        assert one.weight.dtype == np.int64
    np.testing.assert_array_equal(found[1].recurrent_weight, made[1]["weight_rec"])
    np.testing.assert_array_equal(found[0].bias, made[0]["bias"])
    # One delay for each output, as many as weights, for each input, and one for all.
    np.testing.assert_array_equal(found[0].delay[:, 3], made[0]["delay"])
    np.testing.assert_array_equal(found[2].delay, made[2]["delay"])
    np.testing.assert_array_equal(found[3].delay[4], made[3]["delay"])
    assert np.unique(found[4].delay).tolist() == [2]
    assert found[5].delay is None


def test_square_layers_have_delays_for_outputs(tmp_path):
    square = dense(weights(RNG, 3, 3), cuba(), delay=np.array([1, 2, 3]))
    (found,) = read(tmp_path, square)
    assert found.delay.tolist() == [[1, 1, 1], [2, 2, 2], [3, 3, 3]]


def test_what_convolutions_hold(tmp_path):
    made = convolutions_in_groups()
    _, first, second, flat, _ = read(tmp_path, *made)
    assert (first.stride, first.padding, first.dilation) == ((2, 1), (2, 1), (1, 2))
    assert (first.shape, first.reads, first.groups) == ((5, 7, 6), (7, 9, 4), 2)
    kernel = made[1]["weight"]
    assert first.weight[4, 1, 2, 0] == kernel[4, 0, 2, 1]
    assert second.weight.shape == (9, 2, 3, 2)
    assert isinstance(flat, StockFlatten)


def test_geometry_may_be_one_number(tmp_path):
    made = convolutions_in_groups()[:2]
    made[1] |= {"stride": 1, "padding": np.array([0]), "dilation": 1, "shape": np.array([6, 7, 6])}
    _, found = read(tmp_path, *made)
    assert (found.stride, found.padding, found.dilation) == ((1, 1), (0, 0), (1, 1))


def test_neurons(tmp_path):
    given = [
        (cuba(7, 1, 4096, messageBits=4), CubaNeuron("CUBA", 7, 1, 4096, 4)),
        (cuba() | {"neuron/type": "LOIHI"}, CubaNeuron("LOIHI", 40, 1024, 512)),
        (cuba(theta=3, tauRho=0.5, scaleRho=1.0, wgtExp=0), CubaNeuron("CUBA", 40, 1024, 512)),
        (sdnn(3), SigmaDeltaNeuron(3)),
        (sdnn(3, sigma_output=True), SigmaDeltaNeuron(3, sends_sums=True)),
        # lava-dl asks whether it is there, not what it says.
        (sdnn(3, sigma_output=False), SigmaDeltaNeuron(3, sends_sums=True)),
        (sdnn(3, messageBits=8), SigmaDeltaNeuron(3, message_bits=8)),
    ]
    for values, expected in given:
        (found,) = read(tmp_path, dense(W, values))
        assert found.neuron == expected


def test_texts_and_numbers_in_any_form(tmp_path):
    plain = dense(W, cuba())
    variants = {
        "type": [np.array(b"dense"), "dense", np.array(["dense"], h5py.string_dtype())],
        "neuron/type": [np.array([b"CUBA"]), np.array("CUBA", h5py.string_dtype("ascii"))],
        "neuron/vThMant": [np.array([40]), np.float32(40), np.uint8(40), np.array([40.0])],
        "weight": [W.astype("i1"), W.astype(">i2"), W.astype("f8"), W.ravel()],
        "shape": [4, np.array([4.0]), np.array([4, 1, 1])],
    }
    for name, values in variants.items():
        for value in values:
            (found,) = read(tmp_path, plain | {name: value})
            np.testing.assert_array_equal(found.weight, W)
            assert (found.shape, found.neuron.threshold) == ((4,), 40)


def test_an_input_layer_without_neurons(tmp_path):
    source, _ = read(tmp_path, layer("input", [6]), dense(W, cuba()))
    assert (source.neuron, source.shape) == (None, (6,))


def refusal(path):
    with pytest.raises(ModelFileError) as caught:
        read_stock(path)
    assert str(path) in caught.value.message
    return caught.value.message


def test_the_refusal_names_the_place_and_counts_the_others(tmp_path):
    broken = dense(W, cuba(threshold=-1, current=9999), weight_rec=W)
    message = refusal(write_stock(tmp_path / "x.net", [broken]))
    assert "/layer/0/neuron/vThMant: found -1, expected 0 to 262143" in message
    assert f"(2 more findings: lss lint {tmp_path / 'x.net'})" in message


class TestCompressedFiles:
    @pytest.fixture
    def packed(self, tmp_path):
        def pack(content):
            path = tmp_path / "x.net.gz"
            path.write_bytes(gzip.compress(content, mtime=0))
            return path

        return pack

    @pytest.fixture
    def content(self, tmp_path):
        return write_stock(tmp_path / "x.net", chain_of_dense_layers()).read_bytes()

    def test_same_network(self, packed, content):
        assert len(read_stock(packed(content))) == 6

    def test_other_content(self, packed):
        assert "not an HDF5 file" in refusal(packed(b"time,a\n1,2\n"))
        assert "the file is empty" in refusal(packed(b""))

    def test_damage(self, packed, content):
        path = packed(content)
        whole = path.read_bytes()
        for damaged in (whole[: len(whole) // 2], whole[:-6] + b"\0" * 6, whole[:3], whole[:2]):
            path.write_bytes(damaged)
            assert "gzip file is damaged" in refusal(path)

    def test_a_bomb_is_not_unpacked(self, packed):
        path = packed(bytes(8 * MAX_FILE_BYTES))
        assert path.stat().st_size < 1 << 21
        tracemalloc.start()
        try:
            assert "not an HDF5 file" in refusal(path)
            assert tracemalloc.get_traced_memory()[1] < 3 * MAX_FILE_BYTES
        finally:
            tracemalloc.stop()


HUGE = {
    "an input layer of 2^60 neurons": ("shape", np.array([1 << 20, 1 << 20, 1 << 20])),
    "a shape beyond the bounds": ("shape", np.array([1 << 40])),
}


@pytest.mark.parametrize("kind", HUGE)
def test_sizes_that_nothing_vouches_for(kind, tmp_path):
    name, value = HUGE[kind]
    path = write_stock(tmp_path / "x.net", [layer("input", [6], cuba()) | {name: value}])
    tracemalloc.start()
    try:
        assert "/layer/0/shape" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_declared_size_is_compared_with_the_file(tmp_path):
    path = write_stock(tmp_path / "x.net", [dense(W, cuba())])
    with h5py.File(path, "r+") as file:
        del file["layer/0/weight"]
        file.create_dataset("layer/0/weight", shape=(1 << 20, 1 << 20), dtype="f4")
    assert "/layer/0/weight: declares shape" in refusal(path)


FORBIDDEN = {
    "soft link": lambda f: f.__setitem__("layer/0/alias", h5py.SoftLink("/layer")),
    "external link": lambda f: f.__setitem__("layer/0/alias", h5py.ExternalLink("x.h5", "/")),
    "second name": lambda f: f.__setitem__("layer/0/alias", f["layer/0/weight"]),
    "cycle": lambda f: f["layer/0"].__setitem__("alias", f["layer"]),
    "texts of variable length": lambda f: f.create_dataset(
        "layer/0/alias", data=["a", "b"], dtype=h5py.string_dtype()
    ),
    "other enumeration": lambda f: f.create_dataset(
        "layer/0/alias", data=1, dtype=h5py.enum_dtype({"NO": 0, "YES": 1}, basetype="i1")
    ),
    "compound": lambda f: f.create_dataset("layer/0/alias", data=np.zeros(2, "i4,f4")),
    "six axes": lambda f: f.create_dataset("layer/0/alias", data=np.zeros((1,) * 6)),
    "text of an attribute": lambda f: f["layer/0"].attrs.update(name="text"),
}


@pytest.mark.parametrize("kind", FORBIDDEN)
def test_what_no_plain_file_holds(kind, tmp_path):
    path = write_stock(tmp_path / "x.net", [dense(W, cuba())])
    with h5py.File(path, "r+") as file:
        FORBIDDEN[kind](file)
    assert "/layer" in refusal(path)


def test_our_own_files_keep_to_their_dialect(tmp_path):
    """What h5py makes of texts and booleans is for plain files only."""
    from lava_spikyspace.netx.container import read_tree

    path = write_stock(tmp_path / "x.net", [dense(W, cuba())])
    with pytest.raises(ModelFileError, match=r"an enumeration|variable-length string"):
        read_tree(path)


def test_a_file_that_lava_dl_has_open(tmp_path):
    path = write_stock(tmp_path / "x.net", [dense(W, cuba())])
    with h5py.File(path, "r"):
        assert len(read_stock(path)) == 1
