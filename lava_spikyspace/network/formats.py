"""Widths that the chip and the engines set, and closed ranges of integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InternalError

IntArray = npt.NDArray[np.int64]
"""Integers of the network; engines compute in int64."""

MESSAGE_BITS = 24
"""Widest signed message between processes: graded payloads of Loihi 2 carry 24 bits."""

WIDE_MESSAGE_BITS = 32
"""Widest message of a layer that sends it in limbs, each a message of at most `MESSAGE_BITS`."""

EXACT_BITS = 53
"""Widest signed accumulator: float64 holds every integer below 2**53 exactly."""

REGISTER_BITS = 62
"""Shifted radicands and the constants of a descaling stay below 2**62: engines compute in int64.
No value of a neuron is that wide; sums go through limbs (see `arithmetic`)."""

DENSE_BITS = 30
"""A product that goes through one Lava `Dense` stays below 2**30 in magnitude: it computes in
int32, and mixed-sign weights are stored doubled."""


@dataclass(frozen=True)
class Interval:
    """A closed range of integers that a value is proven to stay in.

    Parameters
    ----------
    lo, hi : int
        Smallest and largest value.
    """

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise InternalError(f"empty interval [{self.lo}, {self.hi}]")

    @property
    def bits(self) -> int:
        """Width in bits of a signed (two's complement) register that holds the range."""
        return max((-self.lo - 1).bit_length() if self.lo < 0 else 0, self.hi.bit_length()) + 1

    @property
    def magnitude(self) -> int:
        """Largest absolute value."""
        return max(abs(self.lo), abs(self.hi))

    @property
    def ends(self) -> tuple[int, int]:
        """Both ends, lower first."""
        return self.lo, self.hi

    def union(self, other: Interval) -> Interval:
        """Return the smallest interval that holds both."""
        return Interval(min(self.lo, other.lo), max(self.hi, other.hi))

    def contains(self, other: Interval) -> bool:
        """Whether `other` lies inside."""
        return self.lo <= other.lo and other.hi <= self.hi

    @classmethod
    def signed(cls, bits: int) -> Interval:
        """Return the range of a signed register of `bits` bits."""
        return cls(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)

    @classmethod
    def of(cls, values: npt.ArrayLike) -> Interval:
        """Return the range that the given integers span."""
        array = np.asarray(values)
        return cls(int(array.min()), int(array.max()))


Ranges = Mapping[str, Interval]
"""Proven ranges of a layer by the name of the value, such as ``accumulator`` or ``message``."""
