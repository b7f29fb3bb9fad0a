"""The input of a run: what is taken, what is refused, what is doubtful."""

import numpy as np
import pytest

from lava_spikyspace.errors import DataError
from lava_spikyspace.netx.stock.reader import read_stock
from lava_spikyspace.netx.stock.selection import Settings, select_layers
from lava_spikyspace.stock.stimulus import load_stimulus, stimulus_notices
from tests.netx.stock.building import (
    chain_of_dense_layers,
    convolutions_in_groups,
    sdnn,
    write_stock,
)


def selection_of(tmp_path, layers, **settings):
    network = read_stock(write_stock(tmp_path / "x.net", layers))
    return select_layers(network, Settings(**settings))


@pytest.fixture
def spikes(tmp_path):
    return selection_of(tmp_path, chain_of_dense_layers())


@pytest.fixture
def bias(tmp_path):
    return selection_of(tmp_path, convolutions_in_groups())


VALUES = np.random.default_rng(0).integers(0, 2, (5, 12))


@pytest.mark.parametrize("dtype", ["i1", ">i4", "u2", "f4", "f8", "?"])
def test_whole_numbers_of_any_type(dtype, spikes, tmp_path):
    path = tmp_path / "data.npy"
    np.save(path, VALUES.astype(dtype))
    for data in (path, str(path), VALUES.astype(dtype)):
        stimulus = load_stimulus(data, spikes)
        np.testing.assert_array_equal(stimulus.values, VALUES)
        assert stimulus.values.dtype == np.int64
        assert stimulus.steps == 5
    assert stimulus.file is None


def test_npz_files_name_the_input(spikes, tmp_path):
    path = tmp_path / "data.npz"
    np.savez(path, input=VALUES, labels=np.arange(3))
    stimulus = load_stimulus(path, spikes)
    np.testing.assert_array_equal(stimulus.values, VALUES)
    assert stimulus.file.path == str(path)
    assert len(stimulus.file.sha256) == 64
    np.savez(path, values=VALUES)
    with pytest.raises(DataError, match=r"data.npz: found entries \['values.npy'\], expected an "):
        load_stimulus(path, spikes)


@pytest.mark.parametrize(
    "values",
    [np.zeros((5, 13)), np.zeros((5, 12, 1)), np.zeros(12), np.zeros(()), np.zeros((0, 12))],
)
def test_other_shapes(values, spikes, tmp_path):
    path = tmp_path / "data.npy"
    np.save(path, values)
    with pytest.raises(DataError, match=r"data.npy: found shape .*, expected \(steps, 12\)"):
        load_stimulus(path, spikes)


def test_the_order_of_the_file_gets_a_hint(bias):
    with pytest.raises(DataError, match=r"expected \(steps, 7, 9, 4\)") as caught:
        load_stimulus(np.zeros((3, 4, 9, 7)), bias)
    assert caught.value.hint == "axes are in the order of Lava: x, y, channel"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (0.5, "found 0.5 at"),
        (np.nan, "found nan at"),
        (np.inf, "found inf at"),
        (2.0**31, "expected -2147483648 to 2147483647"),
    ],
)
def test_values_that_no_message_holds(wrong, message, spikes):
    values = VALUES.astype(float)
    values[2, 3] = wrong
    with pytest.raises(DataError, match=message):
        load_stimulus(values, spikes)


def test_values_that_no_bias_holds(bias):
    values = np.zeros((2, 7, 9, 4))
    values[1, 2, 3, 1] = 40_000
    with pytest.raises(DataError, match=r"from 0 to 40000, expected -32768 to 32767: .* as bias"):
        load_stimulus(values, bias)


def test_text_is_refused(spikes):
    with pytest.raises(DataError, match="expected whole numbers"):
        load_stimulus(np.full((2, 12), "a"), spikes)


BAD_FILES = {
    "x.npy": [b"", b"text", b"\x93NUMPY\x01\x00", b"PK\x03\x04"],
    "x.npz": [b"", b"text", b"PK\x03\x04 and more"],
    "x.csv": [b"1,2\n"],
}


@pytest.mark.parametrize(
    ("name", "content"), [(name, content) for name, many in BAD_FILES.items() for content in many]
)
def test_files_that_cannot_be_read(name, content, spikes, tmp_path):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=name):
        load_stimulus(path, spikes)


def test_pickles_are_refused(spikes, tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="pickled Python objects"):
        load_stimulus(path, spikes)


def test_a_header_that_lies_allocates_nothing(spikes, tmp_path):
    import io

    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40, 12)}
    )
    path = tmp_path / "x.npy"
    path.write_bytes(head.getvalue() + bytes(64))
    with pytest.raises(DataError, match="found 64 bytes of data"):
        load_stimulus(path, spikes)


def codes(values, selection):
    stimulus = load_stimulus(values, selection)
    return [notice.code for notice in stimulus_notices(stimulus, selection)]


def test_values_that_count_as_one_spike_are_noticed(spikes):
    assert codes(VALUES, spikes) == []
    assert codes(VALUES * 3, spikes) == ["binary-input"]


def test_values_wider_than_the_message_are_noticed(tmp_path):
    selection = selection_of(tmp_path, chain_of_dense_layers(), input_bits=4)
    assert codes(VALUES * 15, selection) == []
    assert codes(VALUES * -16, selection) == []
    assert codes(VALUES * 16, selection) == ["wide-input"]


def test_biases_and_encoded_values_may_be_anything(bias, tmp_path):
    assert codes(np.full((2, 7, 9, 4), 900), bias) == []
    values = selection_of(tmp_path, convolutions_in_groups(sdnn()))
    assert codes(np.full((2, 7, 9, 4), -900), values) == []
