"""The quantised selective scan of SpikySpace for training.

    Abar_t = 2**round(delta_t * A)
    h_t    = Q(Abar_t * h_{t-1} + delta_t * B_t * u_t),  h_0 = 0
    y_t    = C_t . h_t + D * u_t

`selective_scan` is the reference, a plain loop over the steps of a window. `fused_scan` is one
autograd function over compiled kernels that give the same codes and the same gradients. `scan`
takes the fused one where it can.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from netx_export.autograd import Context, apply
from netx_export.quantizers import LearnedStepQuantizer, QuantizerCall
from netx_export.threads import KERNEL_DTYPES, kernels_available, share


class Scan(Protocol):
    """A function with the arguments of `selective_scan`."""

    def __call__(
        self,
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
        """Run the scan over a batch of windows."""
        ...


def scan(
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
    """Run the scan by the fused kernels if they apply, else by the plain loop.

    They apply to a quantiser whose zero-point does not depend on the batch, and to decays that are
    computed here. Parameters and result are those of `selective_scan`.
    """
    if (
        isinstance(quantize_state, LearnedStepQuantizer)
        and not quantize_state.bypassed
        and quantize_state.started
        and quantize_state.fixed_zero_point is not None
        and not quantize_state.first_zero_points
        and exponents is None
        and kernels_available()
        and u.device.type == "cpu"
        and u.dtype in KERNEL_DTYPES
    ):
        return fused_scan(u, delta, A, B, C, D, quantize_state, learn_decay=learn_decay)
    return selective_scan(
        u, delta, A, B, C, D, quantize_state, learn_decay=learn_decay, exponents=exponents
    )


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
    """Run the scan over a batch of windows, step by step.

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
    for element, (decay_t, drive_t) in enumerate(
        zip(decay.unbind(1), drive.unbind(1), strict=True)
    ):
        p = decay_t * h + drive_t
        if isinstance(quantize_state, LearnedStepQuantizer) and quantize_state.first_zero_points:
            h = quantize_state.at_element(p, element)
        else:
            h = quantize_state(p)
        states.append(h)
    read = torch.stack(states, dim=1) @ C.unsqueeze(-1)
    return read.squeeze(-1) + D * u


def fused_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor,
    quantizer: LearnedStepQuantizer,
    *,
    learn_decay: bool = True,
) -> Tensor:
    """Run the scan by compiled kernels, forward and backward.

    States are the same, bit for bit, as those of `selective_scan`, and so are the gradients up to
    the order of their sums; neither depends on the number of threads, which is PyTorch's. Kept
    for the backward pass is one byte per state and step.

    Parameters
    ----------
    u, delta, A, B, C, D : Tensor
        As for `selective_scan`; float32 or float64, all of one dtype.
    quantizer : LearnedStepQuantizer
        Of the state, started and with a zero-point that does not depend on the batch. An observer
        is called once per step of the window, as by the loop.
    learn_decay : bool
        As for `selective_scan`.

    Returns
    -------
    Tensor
        y, shape (batch, length, channels).
    """
    zero_point = quantizer.current_zero_point(u)
    read: Tensor = _FusedScan.apply(  # type: ignore[no-untyped-call]
        u, delta, A, B, C, quantizer.step, zero_point, quantizer, learn_decay
    )
    return read + D * u


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


class _FusedScan(torch.autograd.Function):
    """``C_t . h_t`` of all steps; everything but the skip path."""

    @staticmethod
    def forward(
        ctx: Context,
        u: Tensor,
        delta: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        step: Tensor,
        zero_point: Tensor,
        quantizer: LearnedStepQuantizer,
        learn_decay: bool,
    ) -> Tensor:
        from netx_export import scan_kernel

        operands = [x.detach().contiguous() for x in (u, delta, A, B, C)]
        batch, length, channels = u.shape
        shape = (batch, length, channels, A.shape[1])
        levels = u.new_tensor([step.item(), zero_point.item(), quantizer.low, quantizer.high])
        padded = -(-A.shape[1] // scan_kernel.TILE) * scan_kernel.TILE
        codes = torch.empty((batch, length, channels, padded), dtype=torch.uint8)
        inputs = u.new_empty((0, 0, 0, 0) if quantizer.observer is None else shape)
        y = torch.empty_like(operands[0])
        arrays = [x.numpy() for x in (*operands, levels, codes, inputs, y)]
        share(scan_kernel.forward, batch, *arrays)
        _tell(quantizer, inputs, codes[..., : A.shape[1]])
        ctx.save_for_backward(*operands, levels, codes)
        ctx.learn_decay = learn_decay
        # Each step of the loop is a call of the quantiser, with the gradient scale of its size.
        ctx.gradient_scale = quantizer.gradient_scale(batch * channels * A.shape[1])
        return y

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        from netx_export import scan_kernel

        u, delta, A, B, C, levels, codes = ctx.saved_tensors
        batch = u.shape[0]
        of_inputs = [torch.empty_like(u), torch.empty_like(delta)]
        of_maps = [torch.zeros_like(B), torch.zeros_like(C)]
        of_decay = A.new_zeros(batch, *A.shape)
        of_levels = u.new_zeros(batch, 2)
        arrays = (gradients[0].contiguous(), u, delta, A, B, C, levels, codes)
        results = (*of_inputs, of_decay, *of_maps, of_levels)
        share(
            scan_kernel.backward,
            batch,
            *(x.numpy() for x in (*arrays, *results)),
            ctx.learn_decay,
        )
        to_step, to_zero = of_levels.double().sum(dim=0) * ctx.gradient_scale
        return (
            *of_inputs,
            of_decay.sum(dim=0),
            *of_maps,
            to_step.to(u.dtype),
            to_zero.to(u.dtype),
            None,
            None,
        )


def _tell(quantizer: LearnedStepQuantizer, inputs: Tensor, codes: Tensor) -> None:
    """Show the quantiser's observer every step."""
    observer = quantizer.observer
    if observer is None:
        return
    step, zero_point = quantizer.step, quantizer.current_zero_point(inputs)
    for seen, decided in zip(inputs.unbind(1), codes.unbind(1), strict=True):
        q = decided.to(inputs.dtype)
        observer(QuantizerCall(seen, q, q * step + zero_point, zero_point, step))
