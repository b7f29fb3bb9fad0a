"""Sizes of the networks that benchmarks run."""

from __future__ import annotations

from dataclasses import dataclass

from lava_spikyspace.errors import UsageError
from lava_spikyspace.network import Network
from lava_spikyspace.synthetic.networks import random_network


@dataclass(frozen=True)
class Size:
    """Sizes of a SpikySpace network.

    Parameters
    ----------
    channels, window, horizon : int
        Variates, elements of a window, steps of a forecast.
    blocks, d_inner, d_state, dt_rank : int
        Of the blocks.
    """

    channels: int
    window: int
    horizon: int
    blocks: int
    d_inner: int
    d_state: int
    dt_rank: int

    def network(self, seed: int = 0) -> Network:
        """Return a synthetic network of this size, with live codes."""
        return random_network(
            seed,
            channels=self.channels,
            window=self.window,
            horizon=self.horizon,
            blocks=self.blocks,
            d_inner=self.d_inner,
            d_state=self.d_state,
            dt_rank=self.dt_rank,
            wide=True,
            calibration_windows=max(4, min(48, 4096 // self.window)),
        )


SIZES = {
    "tiny": Size(5, 8, 3, 2, 4, 3, 2),
    "metr-la": Size(207, 12, 3, 3, 41, 32, 13),
    "electricity": Size(321, 168, 3, 3, 64, 32, 21),
}
"""By name: one for tests, and those of the published models."""


def size_of(name: str) -> Size:
    """Return the size of a name, or of numbers such as ``207,12,3,3,41,32,13``.

    Parameters
    ----------
    name : str
        A key of `SIZES`, or the fields of `Size` in order with commas between.

    Raises
    ------
    UsageError
        It is neither.
    """
    if name in SIZES:
        return SIZES[name]
    known = ", ".join(SIZES)
    try:
        numbers = [int(part) for part in name.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != len(Size.__dataclass_fields__) or min(numbers, default=0) < 1:
        fields = ",".join(Size.__dataclass_fields__)
        raise UsageError(f"size is {name!r}, expected one of {known}, or {fields} as numbers >= 1")
    return Size(*numbers)
