"""Mutants of model files are refused with a clear message or are valid: nothing else happens."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.container import read_tree
from lava_spikyspace.netx.encode import encode
from lava_spikyspace.netx.examine import examine, examine_values
from lava_spikyspace.netx.tree import Tree
from tests.netx.fuzz import MAX_BYTES
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def small_model(tmp_path_factory):
    """The fewer values a file has, the more of them the mutants hit."""
    from netx_export.writer import write_network

    path = tmp_path_factory.mktemp("small") / "small.net"
    write_network(random_network(1, blocks=1, channels=2, d_inner=2, d_state=2, window=3), path)
    return path


def fuzz(run_python, path, seed, count):
    done = run_python("-m", "tests.netx.fuzz", path, str(seed), str(count), timeout=900)
    assert done.code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result.pop("peak_bytes") < MAX_BYTES
    assert sum(result.values()) == count
    assert result["refused"] > count / 2
    return result


def test_mutants(small_model, run_python):
    result = fuzz(run_python, small_model, 0, 200)
    assert result["valid"] > 0, "no mutant was mild: they only test the first check"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 5))
def test_many_mutants(seed, small_model, model, run_python):
    fuzz(run_python, small_model if seed % 2 else model, seed, 300)


@given(content=st.binary(max_size=300))
@settings(max_examples=100)
def test_any_bytes_behind_the_signature(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("bytes") / "x.net"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + content)
    with pytest.raises(ModelFileError):
        read_tree(path)


VALUES = encode(random_network(1, blocks=1, channels=2, d_inner=2, d_state=2, window=3))
ARRAYS = npst.arrays(
    dtype=st.sampled_from(["i1", "<i8", ">i8", "u8", "f4", "f8", "S1", "S9"]),
    shape=npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
NAMES = st.from_regex(r"[A-Za-z0-9_.\-]{1,8}", fullmatch=True)


@given(
    changes=st.dictionaries(st.sampled_from(sorted(VALUES)), ARRAYS | st.none(), max_size=4),
    additions=st.dictionaries(
        st.builds("{}{}{}".format, st.sampled_from(sorted(VALUES)), st.sampled_from("/@"), NAMES),
        ARRAYS,
        max_size=2,
    ),
)
@settings(max_examples=300)
def test_any_values_in_the_places_of_the_schema(changes, additions):
    values = {**VALUES, **additions}
    for path, value in changes.items():
        if value is None:
            values.pop(path)
        else:
            values[path] = value
    examination = examine_values(values)
    if not examination.findings:
        examination.draft.network()
    for found in examination.findings:
        assert found.where
        assert found.message


@given(values=st.dictionaries(st.builds("/{}".format, NAMES), ARRAYS, max_size=3))
def test_any_values_in_other_places(values):
    examination = examine(Tree.of(values))
    assert examination.draft is None
    assert examination.findings


@given(
    path=st.sampled_from([path for path, value in VALUES.items() if value.dtype.kind in "iu"]),
    data=st.data(),
)
@settings(max_examples=200)
def test_any_integer_in_any_element(path, data):
    value = VALUES[path].copy()
    if not value.size:
        return
    limits = np.iinfo(value.dtype)
    index = data.draw(st.integers(0, value.size - 1))
    value.flat[index] = data.draw(st.integers(int(limits.min), int(limits.max)))
    examination = examine_values({**VALUES, path: value})
    if not examination.findings:
        examination.draft.network()
