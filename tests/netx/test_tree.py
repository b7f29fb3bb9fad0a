import hashlib

import numpy as np
import pytest

from lava_spikyspace.netx.tree import CONTENT_SHA256, CREATED, Tree, content_digest, join, owner

VALUES = {
    "/@format": np.array(b"netx"),
    "/layer/0/weight": np.array([[1, -2], [3, 4]], dtype=np.int8),
    "/layer/0/type": np.array([b"dense"]),
    "/deployment@eps": np.array(0.5),
}


def test_paths():
    assert join("/", "layer") == "/layer"
    assert join("/layer", "0") == "/layer/0"
    assert join("/layer/0", "@name") == "/layer/0@name"
    assert join("/", "@format") == "/@format"
    for path, expected in {
        "/@format": "/",
        "/layer": "/",
        "/layer/0/weight": "/layer/0",
        "/layer/0@name": "/layer/0",
    }.items():
        assert owner(path) == expected


def test_groups_are_those_that_the_paths_need():
    assert Tree.of(VALUES).groups == {"/", "/layer", "/layer/0", "/deployment"}


def test_the_digest_does_not_depend_on_how_values_are_stored():
    stored = dict(VALUES)
    stored["/layer/0/weight"] = VALUES["/layer/0/weight"].astype(">i4")
    stored["/deployment@eps"] = np.array(0.5, dtype=np.float32)
    stored["/layer/0/type"] = np.array([b"dense"], dtype="S10")
    assert content_digest(dict(reversed(stored.items()))) == content_digest(VALUES)


def test_the_digest_of_a_long_value_is_that_of_its_bytes():
    value = np.arange(200_000).reshape(2, -1)
    expected = hashlib.sha256(b"/a\0integer\x002,100000\0" + value.astype("<i8").tobytes())
    assert content_digest({"/a": value[:, ::1].astype(np.int32)}) == expected.hexdigest()


def test_the_digest_leaves_out_the_time_and_itself():
    more = {**VALUES, CREATED: np.array(b"now"), CONTENT_SHA256: np.array(b"0")}
    assert content_digest(more) == content_digest(VALUES)


CHANGES = {
    "an element": ("/layer/0/weight", np.array([[1, -2], [3, 5]], dtype=np.int8)),
    "the shape": ("/layer/0/weight", np.array([1, -2, 3, 4], dtype=np.int8)),
    "the kind": ("/layer/0/weight", np.array([[1, -2], [3, 4]], dtype=float)),
    "a text": ("/layer/0/type", np.array([b"dense2"])),
    "where texts part": ("/layer/0/type", np.array([b"den", b"se"])),
    "a new value": ("/layer/0/bias", np.array(0)),
    "a large unsigned": ("/layer/0/weight", np.array([[1, 2**64 - 2], [3, 4]], dtype=np.uint64)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_digest_depends_on(what):
    path, value = CHANGES[what]
    assert content_digest({**VALUES, path: value}) != content_digest(VALUES)


PINNED = "8294a7c7b591379a4755eeba12efbef0e4e77dfc346ded2683460daa17debbf8"


def test_the_digest_is_pinned():
    """Files out there hold it: it must not change."""
    assert content_digest(VALUES) == PINNED
