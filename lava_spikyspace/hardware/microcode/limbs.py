"""In how many limbs a message travels so that every sum of synapses fits an accumulator of a word.

A file has limbs for Lava's `Dense`, which sums in 32 bits. An accumulator of the chip has 24, so on
the chip a message may need more of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InputError
from lava_spikyspace.hardware.microcode.words import LIMB_BITS, WORD_BITS
from lava_spikyspace.intervals import RowSums, limb_intervals
from lava_spikyspace.network import Interval
from lava_spikyspace.plan import MESSAGE

_WORD = Interval.signed(WORD_BITS)


class Cut(NamedTuple):
    """How a message is cut.

    Attributes
    ----------
    limbs : int
        Low limbs; 0 where the message is sent whole.
    bits : int
        Width of each of them.
    """

    limbs: int = 0
    bits: int = 0

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of the low limbs, lowest first."""
        return (self.bits,) * self.limbs

    @property
    def ports(self) -> tuple[str, ...]:
        """Out ports that the limbs leave by, lowest first; that of the whole message if uncut."""
        if not self.limbs:
            return (MESSAGE,)
        return tuple(f"limb[{index}]" for index in range(self.limbs + 1))

    @property
    def params(self) -> dict[str, int]:
        """Parameters of the part ``limbs_send`` for a message that only these limbs carry."""
        return {"WHOLE": int(not self.limbs), "CUTS": self.limbs, "CUT": self.bits}

    def payloads(self, message: Interval) -> dict[str, Interval]:
        """Return the range of what each of the ports carries."""
        return dict(zip(self.ports, limb_intervals(message, self.widths), strict=True))


def cut_for(weights: Sequence[npt.NDArray[np.int8]], x: Interval, subject: str) -> Cut:
    """Return the fewest limbs with which all sums over the weights fit a word.

    Parameters
    ----------
    weights : sequence of ndarray, int8, shape (channel, input)
        Matrices that the message passes.
    x : Interval
        Range of the message.
    subject : str
        Whose message, for the error.

    Raises
    ------
    InputError
        Even a single bit is summed up to more than a word.
    """
    rows = [RowSums.of(weight) for weight in weights]
    if _fits(rows, x):
        return Cut()
    low = (bits for bits in range(LIMB_BITS, 0, -1) if _fits(rows, Interval(0, (1 << bits) - 1)))
    bits = next(low, 0)
    if not bits:
        raise InputError(
            f"{subject}: found weights that sum up even single bits to more than {WORD_BITS} bits",
            hint="sum up in parts: fewer inputs for each neuron",
        )
    count = 1
    while not _fits(rows, limb_intervals(x, (bits,) * count)[-1]):
        count += 1
    return Cut(count, bits)


def _fits(rows: Sequence[RowSums], x: Interval) -> bool:
    for sums in rows:
        low, high = sums.ends(x.union(Interval(0, 0)))
        if not _WORD.contains(Interval(int(low.min()), int(high.max()))):
            return False
    return True
