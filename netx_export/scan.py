"""The quantised selective scan of SpikySpace, as a loop over the steps of a window.

    Abar_t = 2**round(delta_t * A)
    h_t    = Q(Abar_t * h_{t-1} + delta_t * B_t * u_t),  h_0 = 0
    y_t    = C_t . h_t + D * u_t

`selective_scan` is the reference. All its arguments are tensors but the state quantiser, so that a
fused autograd function can take its place.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from netx_export.autograd import Context, apply


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    quantize_state: Callable[[Tensor], Tensor],
    *,
    learn_decay: bool = True,
    exponents: Tensor | None = None,
) -> Tensor:
    """Run the scan over a batch of windows.

    Parameters
    ----------
    u : Tensor
        Input, shape (batch, length, channels).
    delta : Tensor
        Step sizes, shape (batch, length, channels).
    A : Tensor
        Negative decay rates, shape (channels, states).
    B, C : Tensor
        Input and output maps, shape (batch, length, states).
    D : Tensor
        Skip weight, shape (channels,).
    quantize_state : callable
        Applied to the state, shape (batch, channels, states), after each step: a
        `LearnedStepQuantizer`, or any function to look at the states.
    learn_decay : bool
        Pass gradients straight through the rounding of ``delta * A``. Without it, as in the
        published code, `A` receives none.
    exponents : Tensor, optional
        Rounded ``delta * A`` to use instead of computing it, shape (batch, length, channels,
        states): the decay of a frozen model, which a file holds.

    Returns
    -------
    Tensor
        y, shape (batch, length, channels).
    """
    if exponents is None:
        exponents = round_exponents(delta.unsqueeze(-1), A, learn=learn_decay)
    decay = torch.exp2(exponents)
    drive = delta.unsqueeze(-1) * B.unsqueeze(2) * u.unsqueeze(-1)
    states = []
    h = drive.new_zeros(drive.shape[0], *drive.shape[2:])
    # Unbound steps: the backward of indexing one step would write the whole tensor every time.
    for decay_t, drive_t in zip(decay.unbind(1), drive.unbind(1), strict=True):
        h = quantize_state(decay_t * h + drive_t)
        states.append(h)
    read = torch.stack(states, dim=1) @ C.unsqueeze(-1)
    return read.squeeze(-1) + D * u


def round_exponents(delta: Tensor, A: Tensor, *, learn: bool = True) -> Tensor:
    """Return ``round(delta * A)``, the exponents of the power-of-two decay.

    Parameters
    ----------
    delta, A : Tensor
        Broadcast against each other. The product is formed and rounded (half to even) in their
        dtype: exact ties are common, and another dtype decides some of them differently.
    learn : bool
        Whether gradients pass straight through the rounding.

    Returns
    -------
    Tensor
        Integer-valued.
    """
    product = delta * A
    if learn:
        return apply(_RoundStraightThrough, product)
    return torch.round(product)


class _RoundStraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        return torch.round(x)

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> Tensor:
        return gradients[0]
