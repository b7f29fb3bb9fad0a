"""Mutants of plain NetX files are refused with a clear message or are valid: nothing else."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lava_spikyspace.netx.container import read_tree
from lava_spikyspace.netx.stock.describe import describe_stock
from lava_spikyspace.netx.stock.reader import examine_stock
from lava_spikyspace.netx.storage import LAVA_DL
from lava_spikyspace.netx.tree import Tree
from tests.netx.fuzz import MAX_BYTES
from tests.netx.stock.building import (
    conv,
    cuba,
    dense,
    flatten,
    layer,
    recurrent,
    sdnn,
    weights,
    write_stock,
)

RNG = np.random.default_rng(4)
LAYERS = [
    layer("input", [2, 3, 3], cuba(), weight=3.0, bias=1.0),
    conv([2, 2, 2], weights(RNG, 2, 1, 2, 2), cuba(), groups=2, bias=np.array([3, -4])),
    flatten(8),
    recurrent(weights(RNG, 3, 8), weights(RNG, 3, 3), cuba()),
    dense(weights(RNG, 2, 3), sdnn(), delay=np.array([1, 0]), bias=np.array([3, -4])),
]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The fewer values a file has, the more of them the mutants hit."""
    return write_stock(tmp_path_factory.mktemp("small") / "small.net", LAYERS)


def fuzz(run_python, path, seed, count):
    done = run_python("-m", "tests.netx.stock.fuzz", path, str(seed), str(count), timeout=900)
    assert done.code == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result.pop("peak_bytes") < MAX_BYTES
    assert sum(result.values()) == count
    assert result["refused"] > count / 4
    assert result["valid"] > 0
    return result


def test_mutants(small, run_python):
    fuzz(run_python, small, 0, 200)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_mutants(seed, small, run_python):
    fuzz(run_python, small, seed, 300)


@pytest.mark.slow
def test_mutants_of_a_real_file(shared_data, run_python):
    fuzz(run_python, shared_data / "netx" / "tiny.net", 1, 200)


@pytest.fixture(scope="module")
def values(small):
    return dict(read_tree(small, LAVA_DL).values)


ARRAYS = npst.arrays(
    dtype=st.sampled_from(["i1", "<i8", ">i8", "u8", "f4", "f8", "S1", "S9"]),
    shape=npst.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3),
)
SMALL_NUMBERS = st.integers(-3, 9).map(np.array)
TEXTS = st.sampled_from(["input", "dense", "dense_rec", "conv", "flatten", "CUBA", "SDNN"]).map(
    lambda text: np.array(text.encode())
)
NAMES = st.from_regex(r"[A-Za-z0-9_.\-]{1,8}", fullmatch=True)


@given(data=st.data())
@settings(max_examples=400)
def test_any_values_in_any_places(data, values):
    changed = dict(values)
    changes = st.dictionaries(
        st.sampled_from(sorted(values)),
        ARRAYS | SMALL_NUMBERS | TEXTS | st.none(),
        max_size=4,
    )
    for path, value in data.draw(changes).items():
        if value is None:
            changed.pop(path)
        else:
            changed[path] = value
    places = st.builds(
        "{}{}{}".format, st.sampled_from(sorted(values)), st.sampled_from("/@"), NAMES
    )
    changed |= data.draw(st.dictionaries(places, ARRAYS, max_size=1))
    examination = examine_stock(Tree.of(changed))
    for found in examination.findings:
        assert found.where
        assert found.message
    if examination.errors:
        return
    describe_stock(examination.network)
