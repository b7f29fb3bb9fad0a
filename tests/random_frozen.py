"""Random live frozen models: every encoder uses its codes, zero-points of any sign.

Made without torch: weights are drawn, then each quantiser gets its step and zero-point from what
actually reaches it, in the order of the data.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from netx_export.frozen import (
    FloatArray,
    FrozenBlock,
    FrozenModel,
    FrozenQuantiser,
    QuantisedWeight,
)

DEFAULT_BITS = {"c": 2, "s": 2, "delta": 2, "pts": 5, "delta1": 2, "x": 2, "y": 2, "y1": 5}
RECORDS = {
    "c": "in_proj.scan",
    "y1": "in_proj.gate.code",
    "s": "conv",
    "delta": "delta",
    "pts": "dt_proj.code",
    "delta1": "dt_proj",
    "x": "scan.state",
    "y": "scan",
}


@dataclass(frozen=True)
class Sizes:
    """Sizes of a random model."""

    variates: int = 7
    window: int = 9
    horizon: int = 3
    blocks: int = 2
    d_inner: int = 5
    d_state: int = 4
    dt_rank: int = 3
    d_conv: int = 3
    bits: dict[str, int] = field(default_factory=lambda: dict(DEFAULT_BITS))


def random_windows(seed: int, sizes: Sizes, count: int = 24) -> FloatArray:
    """Return normalised random walks, shape (window, element, variate)."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(size=(count, sizes.window, sizes.variates))
    walks = 0.5 * np.cumsum(steps, axis=1) + rng.normal(size=(count, 1, sizes.variates))
    return np.clip(walks / max(1.0, walks.std()), -4, 4)


def random_frozen_model(seed: int, sizes: Sizes, zero_point: str = "mixed") -> FrozenModel:
    """Return a live model; `zero_point` is ``zero``, ``positive``, ``negative`` or ``mixed``."""
    rng = np.random.default_rng(seed)
    windows = random_windows(seed + 1, sizes)
    model = FrozenModel(
        window=sizes.window,
        horizon=sizes.horizon,
        variates=sizes.variates,
        blocks=(),
        head=_weight(rng, sizes.horizon, sizes.window),
        head_bias=0.1 * rng.normal(size=sizes.horizon),
    )
    for _ in range(sizes.blocks):
        block = _random_block(rng, sizes)
        for name, record in RECORDS.items():
            probe = replace(model, blocks=(*model.blocks, block))
            seen = probe.run(windows, keep_inputs=True).inputs
            values = seen[f"blocks.{len(model.blocks)}.{record}"]
            if name == "pts":
                # Keep the step sizes in the range that training gives them.
                spread = max(1.0, float(np.abs(values).max()) / 3)
                dt_proj = replace(block.dt_proj, scale=block.dt_proj.scale / spread)
                block = replace(block, dt_proj=dt_proj, dt_bias=block.dt_bias / spread)
                values = values / spread
            quantiser = _fit(rng, values, sizes.bits[name], name, zero_point)
            block = replace(block, quantisers={**block.quantisers, name: quantiser})
            if name == "delta1":
                a = -rng.uniform(0.2, 2.0, size=(sizes.d_inner, sizes.d_state))
                delta = quantiser.values(quantiser.levels)
                exponents = np.rint(delta[:, None, None] * a).astype(np.int64)
                block = replace(block, exponents=exponents)
        model = replace(model, blocks=(*model.blocks, block))
    return model


def _weight(
    rng: np.random.Generator, rows: int, columns: int, gain: float = 1.0
) -> QuantisedWeight:
    weight = gain * rng.normal(size=(rows, columns)) / np.sqrt(columns)
    scale = np.maximum(np.abs(weight).max(axis=1), 1e-3) / 127
    return QuantisedWeight(np.rint(weight / scale[:, None]).astype(np.int8), scale)


def _random_block(rng: np.random.Generator, sizes: Sizes) -> FrozenBlock:
    d, n, r, variates = sizes.d_inner, sizes.d_state, sizes.dt_rank, sizes.variates
    bits = sizes.bits
    return FrozenBlock(
        in_scan=_weight(rng, d, variates),
        in_gate=_weight(rng, d, variates),
        conv=_weight(rng, d, sizes.d_conv),
        conv_bias=0.3 * rng.normal(size=d),
        delta=_weight(rng, r, d),
        b=_weight(rng, n, d),
        c=_weight(rng, n, d),
        dt_proj=_weight(rng, d, r),
        dt_bias=rng.normal(size=d) - 0.5,
        exponents=np.zeros((1 << bits["delta1"], d, n), dtype=np.int64),
        skip=rng.normal(size=d),
        out_proj=_weight(rng, variates, d, gain=0.3),
        quantisers={
            name: FrozenQuantiser(0.5, 0.0, bits[name], signed=name == "y") for name in RECORDS
        },
    )


def _fit(
    rng: np.random.Generator, values: FloatArray, bits: int, name: str, zero_point: str
) -> FrozenQuantiser:
    """Return a quantiser that spreads the values over its codes.

    Steps are float32 as in training, and no simple fraction of a value: small networks have few
    different values, and none of them should sit on a boundary.
    """
    low, high = np.quantile(values, [0.1, 0.9])
    levels = (1 << bits) - 1
    if name == "y":
        alpha = max(0.8731 * float(np.quantile(np.abs(values), 0.8)) / max(1, levels / 2), 1e-3)
        return FrozenQuantiser(float(np.float32(alpha)), 0.0, bits, signed=True)
    sign = {"zero": 0, "positive": 1, "negative": -1}.get(zero_point)
    if sign is None:
        sign = int(rng.integers(-1, 2))
    spread = max(float(high - low), 1e-2)
    exponent = np.round(np.log2(spread / 3))
    z = sign * 2.0**exponent
    top = max(float(high) - z, spread / 2)
    return FrozenQuantiser(float(np.float32(0.9317 * top / levels)), z, bits)
