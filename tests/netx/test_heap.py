"""Texts of variable length, without trusting the numbers that lead to them."""

import io
import struct

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.netx.heap import MAX_TEXT_BYTES, HeapError, read_heap_text


def written(tmp_path, *texts):
    """Return the content of a file with these texts, and where their descriptors lie."""
    path = tmp_path / "texts.h5"
    with h5py.File(path, "w") as file:
        for index, text in enumerate(texts):
            file[f"text{index}"] = text
    with h5py.File(path) as file:
        places = [file[f"text{index}"].id.get_offset() for index in range(len(texts))]
    return path.read_bytes(), places


def test_texts_as_h5py_writes_them(tmp_path):
    texts = ["CUBA", "", "SDNN", "relu", "ä" * 20, "x" * 900]
    content, places = written(tmp_path, *texts)
    for text, place in zip(texts, places, strict=True):
        assert read_heap_text(io.BytesIO(content), place) == text.encode()


def changed(content, place, **parts):
    length, address, index = struct.unpack_from("<IQI", content, place)
    values = {"length": length, "address": address, "index": index} | parts
    return content[:place] + struct.pack("<IQI", *values.values()) + content[place + 16 :]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"length": MAX_TEXT_BYTES + 1}, "at most"),
        ({"length": (1 << 32) - 1}, "at most"),
        ({"length": 9}, "a text of 9 bytes in a heap object of 4"),
        ({"address": 0}, "outside every global heap"),
        ({"address": 1 << 40}, "outside the file"),
        ({"address": (1 << 64) - 1}, "outside the file"),
        ({"index": 7}, "not in its global heap"),
    ],
)
def test_descriptors_that_lie(parts, message, tmp_path):
    content, (place,) = written(tmp_path, "CUBA")
    with pytest.raises(HeapError, match=message):
        read_heap_text(io.BytesIO(changed(content, place, **parts)), place)


@given(noise=st.binary(min_size=1, max_size=40), where=st.floats(0, 1))
def test_any_damage_gives_a_text_or_an_error(noise, where, tmp_path_factory):
    content, (place,) = written(tmp_path_factory.mktemp("heap"), "CUBA")
    heap = content.index(b"GCOL")
    start = int(heap + where * 60)
    damaged = content[:start] + noise + content[start + len(noise) :]
    try:
        text = read_heap_text(io.BytesIO(damaged), place)
    except HeapError:
        return
    assert len(text) <= len("CUBA")


def test_a_heap_with_many_texts(tmp_path):
    texts = [f"text number {index}" for index in range(300)]
    content, places = written(tmp_path, *texts)
    rng = np.random.default_rng(0)
    for index in rng.permutation(300)[:50]:
        assert read_heap_text(io.BytesIO(content), places[index]) == texts[index].encode()
