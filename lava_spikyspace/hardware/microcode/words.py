"""Words of 24 bits, and values that take several of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from lava_spikyspace.network import IntArray

WORD_BITS = 24
"""Width of registers, state words, constants and payloads."""

LIMB_BITS = 22
"""Bits in each word of a wide value but the top one, as a number >= 0.

Two of them and a carry add up within a signed word, so a carry is a shift and needs no flag."""

LIMB_MASK = (1 << LIMB_BITS) - 1

LOWEST, HIGHEST = -(1 << (WORD_BITS - 1)), (1 << (WORD_BITS - 1)) - 1
"""Range of a word."""


def words_for(bits: int) -> int:
    """Return how many words a signed value of `bits` bits takes: 1 up to 24 bits, 2 up to 46."""
    return 1 + max(0, -(-(bits - WORD_BITS) // LIMB_BITS))


def bits_of(words: int) -> int:
    """Return the width of the widest signed value that so many words hold."""
    return WORD_BITS + LIMB_BITS * (words - 1)


def wrap(value: npt.ArrayLike) -> IntArray:
    """Return the value of the low 24 bits, as two's complement."""
    return np.asarray(((np.asarray(value) - LOWEST) & ((1 << WORD_BITS) - 1)) + LOWEST)


def split_words(value: npt.ArrayLike, words: int) -> tuple[IntArray, ...]:
    """Return the words of a value, the lowest first: unsigned limbs and a signed top word."""
    rest = np.asarray(value, dtype=np.int64)
    parts = []
    for _ in range(words - 1):
        parts.append(rest & LIMB_MASK)
        rest = rest >> LIMB_BITS
    return (*parts, rest)


def join_words(parts: Sequence[npt.ArrayLike]) -> IntArray:
    """Return the value of words; the inverse of `split_words`."""
    total = np.asarray(parts[-1], dtype=np.int64)
    for part in reversed(parts[:-1]):
        total = (total << LIMB_BITS) + np.asarray(part, dtype=np.int64)
    return total
