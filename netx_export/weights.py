"""Int8 weights: symmetric, one scale per output channel.

`int8_rows` is the one definition of how a float weight becomes the integers of a file; training
meets the same rounding through `fake_int8`, so that a model learns to live with it.
"""

from __future__ import annotations

import torch
from torch import Tensor

from netx_export.autograd import Context, apply

WEIGHT_LIMIT = 127
"""Largest magnitude of a weight: -128 stays unused, so that a weight can change its sign."""


def int8_rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Quantise a weight symmetrically, one scale per row.

    Parameters
    ----------
    weight : Tensor
        Shape (outputs, ...); row `i` belongs to output channel `i`.

    Returns
    -------
    codes : Tensor
        Integer-valued, -127..127, same shape and dtype as `weight`.
    scale : Tensor
        Shape (outputs,), positive; ``codes * scale`` approximates the row. A row of zeros has
        scale 1.
    """
    rows = weight.reshape(weight.shape[0], -1)
    largest = rows.abs().amax(dim=1)
    scale = torch.where(largest > 0, largest / WEIGHT_LIMIT, torch.ones_like(largest))
    codes = torch.round(rows / scale.unsqueeze(1)).clamp(-WEIGHT_LIMIT, WEIGHT_LIMIT)
    return codes.reshape(weight.shape), scale


def fake_int8(weight: Tensor) -> Tensor:
    """Round a weight to its int8 grid; gradients pass straight through.

    Parameters
    ----------
    weight : Tensor
        Shape (outputs, ...).

    Returns
    -------
    Tensor
        ``codes * scale`` of `int8_rows`, same shape and dtype.
    """
    return apply(_FakeInt8, weight)


class _FakeInt8(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Context, weight: Tensor) -> Tensor:
        codes, scale = int8_rows(weight)
        return codes * scale.reshape(-1, *[1] * (weight.dim() - 1))

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> Tensor:
        return gradients[0]
