"""`lava_spikyspace.netx.digests`: SHA-256 of codes as the format defines it."""

import hashlib
import struct

import numpy as np
import pytest

from lava_spikyspace.errors import InternalError
from lava_spikyspace.netx.digests import digest, record_digests


def test_bytes_are_little_endian_int32_in_c_order():
    codes = np.array([[[1, -2], [3, 2**23]]])
    packed = struct.pack("<4i", 1, -2, 3, 2**23)
    assert digest(codes) == hashlib.sha256(packed).hexdigest()


@pytest.mark.parametrize("dtype", ["int8", "<i8", ">i8", "<i4", ">i4"])
def test_the_layout_in_memory_does_not_matter(dtype):
    codes = np.arange(24).reshape(2, 3, 4)
    turned = np.asfortranarray(codes.astype(dtype))
    assert digest(turned) == digest(codes)
    assert digest(np.swapaxes(codes, 1, 2)) != digest(codes)


def test_one_code_changes_it():
    codes = np.zeros((2, 3, 4), dtype=np.int64)
    changed = codes.copy()
    changed[1, 2, 3] = 1
    assert digest(codes) != digest(changed)


def test_no_codes():
    assert digest(np.zeros((0, 3, 4), dtype=np.int64)) == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1])
def test_what_does_not_fit_is_refused(value):
    with pytest.raises(InternalError, match="int32"):
        digest(np.array([[[value]]]))
    assert digest(np.array([[[np.sign(value) * (2**31 - 1)]]]))


def test_records_keep_their_order():
    codes = np.ones((1, 1, 1), dtype=np.int64)
    assert record_digests({"b": codes, "a": 0 * codes}) == {
        "b": digest(codes),
        "a": digest(0 * codes),
    }
