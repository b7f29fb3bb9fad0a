"""Random integer networks whose codes are live, for benchmarks and tests.

Made layer by layer: parameters are drawn, the layers so far are run on random walks with the batch
functions, and the thresholds of the next encoder are put at quantiles of what reaches it. No
training and no floats behind it: zero-points of any sign, left shifts, odd sizes all occur.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.intervals import prove_ranges, with_ranges
from lava_spikyspace.network import IntArray, Interval, Network, Normalisation
from lava_spikyspace.plan import make_plan
from lava_spikyspace.synthetic.layers import Builder, entropy

DEFAULT_BITS = {"c": 2, "s": 2, "delta": 2, "pts": 5, "delta1": 2, "x": 2, "y": 2, "y1": 5}
"""Bits of quantisers by their published names, as published."""

NARROW_BITS = 14
"""Width of the residual stream of a network without limbs."""

WIDE_BITS = 20
"""Width of the residual stream of a network with limbs."""

TIGHT_BITS = 23
"""Width of the residual stream of a network at the limits: its root has one bit more."""

BROAD_BITS = 31
"""Width of the residual stream of a network whose messages all go in limbs."""

CALIBRATION_WINDOWS = 48
"""Windows of random walks that thresholds are placed on."""


def random_network(
    seed: int | np.random.Generator,
    *,
    channels: int = 5,
    window: int = 8,
    horizon: int = 3,
    blocks: int = 2,
    d_inner: int = 4,
    d_state: int = 3,
    dt_rank: int = 2,
    d_conv: int = 3,
    bits: Mapping[str, int] | None = None,
    wide: bool = False,
    tight: bool = False,
    broad: bool = False,
    instance: bool = False,
    calibration_windows: int = CALIBRATION_WINDOWS,
) -> Network:
    """Return a valid network with live codes and proven ranges.

    Parameters
    ----------
    seed : int or Generator
        The same seed and sizes give the same network.
    channels, window, horizon, blocks, d_inner, d_state, dt_rank, d_conv : int
        Sizes.
    bits : mapping of str to int, optional
        Bits of quantisers by their published names, instead of `DEFAULT_BITS`.
    wide : bool
        A residual stream and products that pass their Dense in limbs.
    tight : bool
        As `wide`, and messages, comparisons and products within one bit of their limits.
    broad : bool
        Every message that may be wide is wide; thresholds and multipliers are taken in limbs.
    instance : bool
        Normalisation by the window instead of a fixed one.
    calibration_windows : int
        Windows of random walks that thresholds are placed on.
    """
    rng = np.random.default_rng(seed)
    widths = {TIGHT_BITS: tight, BROAD_BITS: broad, WIDE_BITS: wide}
    residual_bits = next((bits for bits, asked in widths.items() if asked), NARROW_BITS)
    builder = Builder(
        rng,
        bits={**DEFAULT_BITS, **(bits or {})},
        residual_bits=residual_bits,
        wide=wide or tight,
        tight=tight,
        broad=broad,
        messages=_walks(rng, (calibration_windows, window, channels), residual_bits),
    )
    stream = builder.input(channels)
    for index in range(blocks):
        stream = builder.block(f"blocks.{index}", stream, d_inner, d_state, dt_rank, d_conv)
    builder.head(stream, window, horizon)
    network = Network(
        window=window,
        horizon=horizon,
        layers=tuple(builder.layers),
        normalisation=_normalisation(rng, channels, instance=instance),
        variates=tuple(f"sensor {i}" for i in range(channels)),
        bits=builder.bits,
        formats={"residual_bits": builder.residual_bits},
        provenance={"made_by": "random_network", "sizes": [channels, window, horizon, blocks]},
    )
    return with_ranges(network, prove_ranges(network))


def random_messages(
    seed: int | np.random.Generator, network: Network, count: int, *, extremes: bool = False
) -> IntArray:
    """Return random walks as integers that enter the network, shape (window, element, variate).

    Parameters
    ----------
    seed : int or Generator
        The same seed gives the same windows.
    network : Network
        Gives sizes and input range.
    count : int
        Windows.
    extremes : bool
        Draw every value from the two ends of the input range instead.
    """
    rng = np.random.default_rng(seed)
    limits = network.input.ranges["message"]
    shape = (count, network.window, network.channels)
    if extremes:
        return rng.choice(np.array(limits.ends), size=shape)
    return np.clip(_walks(rng, shape, limits.bits), limits.lo, limits.hi)


def code_entropies(network: Network, messages: IntArray) -> dict[str, float]:
    """Return the entropy in bits of the codes of every encoder, by record name."""
    records = BatchBackend().run(make_plan(network, "graded"), messages, record=True).records
    coded = {layer.name for layer in network if layer.bits is not None}
    return {
        name: entropy(codes)
        for name, codes in records.items()
        if name in coded or name.endswith((".code", ".state"))
    }


def _walks(rng: np.random.Generator, shape: tuple[int, ...], bits: int) -> IntArray:
    """Return random walks whose spread is about a tenth of a signed register of `bits` bits."""
    steps = rng.normal(size=shape)
    walks = 0.5 * np.cumsum(steps, axis=1) + rng.normal(size=(shape[0], 1, shape[2]))
    unit = (1 << bits) / 20 / max(float(walks.std()), 1e-9)
    limits = Interval.signed(bits)
    return np.asarray(np.clip(np.rint(walks * unit), limits.lo, limits.hi), dtype=np.int64)


def _normalisation(rng: np.random.Generator, channels: int, *, instance: bool) -> Normalisation:
    if instance:
        return Normalisation(kind="instance", eps=1e-5)
    return Normalisation(
        kind="fixed", mean=rng.normal(50, 10, channels), scale=rng.uniform(1, 20, channels)
    )
