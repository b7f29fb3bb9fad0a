"""Digests of codes: what a file keeps of the codes that its golden windows gave."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import IntArray

_INT32 = np.iinfo(np.int32)


def digest(codes: IntArray) -> str:
    """Return the SHA-256 of codes as little-endian int32 in C order.

    Parameters
    ----------
    codes : ndarray of integers, shape (window, element, channel)
        Codes or messages, each within int32. The shape is no part of the digest.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InternalError
        A value does not fit int32, although messages have at most 24 bits.
    """
    if codes.size and (codes.min() < _INT32.min or codes.max() > _INT32.max):
        raise InternalError(
            f"codes span [{codes.min()}, {codes.max()}], more than the int32 of a digest"
        )
    return hashlib.sha256(np.ascontiguousarray(codes, dtype="<i4").tobytes()).hexdigest()


def record_digests(records: Mapping[str, IntArray]) -> dict[str, str]:
    """Return the digest of every record by its name (see `lava_spikyspace.backends.base`)."""
    return {name: digest(codes) for name, codes in records.items()}
