"""How what a process sends is spread: over payloads, channels, elements and windows.

Made from the codes that a run recorded, and so the same for every engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.network import IntArray
from lava_spikyspace.profiling.facts import RowFacts

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bin:
    """Payloads of one bin of a histogram.

    Parameters
    ----------
    low, high : int
        Smallest and largest payload of the bin, both inside.
    count : int
        Frames and channels with such a payload.
    """

    low: int
    high: int
    count: int

    @property
    def label(self) -> str:
        """The payloads as a short text."""
        return str(self.low) if self.low == self.high else f"{self.low} to {self.high}"


@dataclass(frozen=True, eq=False)
class Distribution:
    """What one row sent (or kept, for the state of a scan), in every recorded window.

    A rate is that of the counts: the sum of code magnitudes over what it could be at most; for
    messages without a code, the share of frames with a message other than 0.

    Parameters
    ----------
    histogram : tuple of Bin
        Payloads, in ascending order. A code has one bin per value; messages have one for 0 and one
        per power of two on each side.
    rate_by_channel : ndarray, float64, shape (channel,)
        Rate of each channel.
    events_by_element, events_by_window : ndarray, int64, shape (element,) and (window,)
        Spikes, or messages other than 0, of all channels. The head has steps instead of elements.
    rate_by_element, rate_by_window : ndarray, float64
        The rate of all channels together.
    silent : int
        Channels that never sent anything.
    always_on : int
        Channels that sent something in every frame.
    """

    histogram: tuple[Bin, ...]
    rate_by_channel: FloatArray
    events_by_element: IntArray
    events_by_window: IntArray
    rate_by_element: FloatArray
    rate_by_window: FloatArray
    silent: int
    always_on: int

    def to_dict(self) -> dict[str, Any]:
        """Return the distribution as plain values."""
        return {
            "histogram": [
                {"low": entry.low, "high": entry.high, "count": entry.count}
                for entry in self.histogram
            ],
            "rate_by_channel": self.rate_by_channel.tolist(),
            "events_by_element": self.events_by_element.tolist(),
            "events_by_window": self.events_by_window.tolist(),
            "rate_by_element": self.rate_by_element.tolist(),
            "rate_by_window": self.rate_by_window.tolist(),
        }


def distribution_of(codes: IntArray, facts: RowFacts) -> Distribution:
    """Return how recorded codes or messages are spread.

    Parameters
    ----------
    codes : ndarray, int64, shape (window, element, channel)
        What the row sent in each frame, before it is cut into limbs.
    facts : RowFacts
        Width of the code, and how it is sent.
    """
    magnitudes = np.abs(codes)
    sent = codes != 0
    events = magnitudes if facts.binary else sent
    weight = magnitudes / facts.levels if facts.levels else sent
    return Distribution(
        histogram=histogram_of(codes, facts.bits),
        rate_by_channel=weight.mean(axis=(0, 1)),
        events_by_element=events.sum(axis=(0, 2), dtype=np.int64),
        events_by_window=events.sum(axis=(1, 2), dtype=np.int64),
        rate_by_element=weight.mean(axis=(0, 2)),
        rate_by_window=weight.mean(axis=(1, 2)),
        silent=int((~sent.any(axis=(0, 1))).sum()),
        always_on=int(sent.all(axis=(0, 1)).sum()),
    )


def histogram_of(payloads: IntArray, bits: int | None) -> tuple[Bin, ...]:
    """Return how often each payload occurs.

    Parameters
    ----------
    payloads : ndarray, int64
        Codes or messages, zeros included.
    bits : int or None
        Width of the code; one bin per value then. None for messages, of which the bins between
        the outermost ones that occur are given.
    """
    if bits is not None:
        values, counts = np.unique(payloads, return_counts=True)
        found = dict(zip(values.tolist(), counts.tolist(), strict=True))
        # Unsigned codes go up to 2**bits - 1; the signed ones of a scan are negative as well.
        lowest = min(found)
        levels = range(0, 1 << bits) if lowest >= 0 else range(lowest, max(found) + 1)
        return tuple(Bin(value, value, found.get(value, 0)) for value in levels)
    # 0, and then by sign and number of binary digits: [2**(k - 1), 2**k).
    digits = np.frexp(np.abs(payloads).astype(np.float64))[1]
    signed, counts = np.unique(np.sign(payloads) * digits, return_counts=True)
    octaves = dict(zip(signed.tolist(), counts.tolist(), strict=True))
    return tuple(
        Bin(*_octave(int(octave)), octaves.get(octave, 0))
        for octave in range(int(min(octaves)), int(max(octaves)) + 1)
    )


def _octave(octave: int) -> tuple[int, int]:
    if octave == 0:
        return 0, 0
    low, high = 1 << (abs(octave) - 1), (1 << abs(octave)) - 1
    return (low, high) if octave > 0 else (-high, -low)
