"""Learned-step quantisers (LSQ) and their zero-point rules.

A quantiser of `b` bits maps a real tensor to integer codes and back,

    q     = clip(round_half_even((x - z) / alpha), low, high)
    value = alpha * q + z

Unsigned: ``low = 0``, ``high = Q = 2**b - 1``. Signed (no zero-point): ``low = -2**(b-1)``,
``high = 2**(b-1) - 1``; with one bit the codes are -1 and +1. The step `alpha` is learned with the
gradient of Esser et al. (Learned Step Size Quantization, ICLR 2020), scaled by
``1 / sqrt(numel * high)``. Rounding passes gradients straight through, clipping blocks them outside
the range.

Zero-point rules of unsigned quantisers:

`none`
    ``z = 0``: code 0 is the value 0, no spike is no current.
`learned`
    ``z`` is a parameter.
`published`
    ``z = sign(m) * 2**round(log2|m|)`` with `m` the minimum of the tensor in this very call, as
    the published code has it; 0 where `m` is 0, and none with one bit. A deployed model cannot
    look at its batch: calibration fixes `z` with `LearnedStepQuantizer.freeze`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lava_spikyspace.errors import InternalError
from netx_export.autograd import Context
from netx_export.threads import KERNEL_DTYPES, kernels_available, share

ZeroPointRule = Literal["none", "learned", "published"]
"""Where the zero-point of an unsigned quantiser comes from."""

StartRule = Literal["percentile", "published"]
"""How the step starts: the 98th percentile reaches the top code, or the published mean rule."""

START_PERCENTILE = 0.98
"""Share of the first batch that lies below the top code under the `percentile` start."""

MIN_STEP = 1e-6
"""Smallest step: keeps alpha positive under gradient updates."""

MAX_QUANTILE_SAMPLES = 1 << 20
"""`torch.quantile` refuses large inputs; beyond this many elements a regular subset will do."""


@dataclass(frozen=True)
class QuantizerCall:
    """What one call of a quantiser saw and decided.

    Parameters
    ----------
    input : Tensor
        The real tensor that was quantised.
    codes : Tensor
        Integer-valued codes, same shape and dtype as `input`.
    values : Tensor
        ``alpha * codes + z``; carries the gradient.
    zero_point : Tensor
        Scalar `z` of this call.
    step : Tensor
        Scalar `alpha` of this call.
    """

    input: Tensor
    codes: Tensor
    values: Tensor
    zero_point: Tensor
    step: Tensor


Observer = Callable[[QuantizerCall], None]
"""Receives every call of a quantiser while it is attached."""


class LearnedStepQuantizer(nn.Module):
    """Quantiser with a learned step and, if it is unsigned, a zero-point.

    Parameters
    ----------
    bits : int
        Width of the codes, 1 or more.
    signed : bool
        Signed codes without a zero-point; the rule `zero_point` is then ignored.
    zero_point : {"none", "learned", "published"}
        Zero-point rule, see the module's text.
    start : {"percentile", "published"}
        Start rule of the step, applied to the first tensor that passes.

    Attributes
    ----------
    step : Parameter
        Scalar `alpha`; NaN until the first tensor has passed.
    zero_point : Parameter or None
        Scalar `z` of the rule `learned`.
    frozen_zero_point : Tensor
        Scalar buffer; NaN until `freeze` sets it, and from then on the zero-point.
    observer : callable or None
        Receives a `QuantizerCall` per call.
    bypassed : bool
        Pass every tensor on as it is, unseen by the observer.

    Notes
    -----
    In a state dict the step has the name of the module itself (``...mixer.clip_c``), as published
    checkpoints have it; what else there is stands below that name.
    """

    step: nn.Parameter
    zero_point: nn.Parameter | None
    frozen_zero_point: Tensor

    def __init__(
        self,
        bits: int,
        *,
        signed: bool = False,
        zero_point: ZeroPointRule = "none",
        start: StartRule = "percentile",
    ) -> None:
        super().__init__()
        self.bits = bits
        self.signed = signed
        self.rule: ZeroPointRule = "none" if signed else zero_point
        if self.rule == "published" and bits == 1:
            self.rule = "none"
        self.start = start
        self.low = -(1 << (bits - 1)) if signed else 0
        self.high = max((1 << (bits - 1)) - 1, 1) if signed else (1 << bits) - 1
        self.first_zero_points: tuple[float, ...] = ()
        self.step = nn.Parameter(torch.tensor(math.nan))
        learned = nn.Parameter(torch.tensor(0.0)) if self.rule == "learned" else None
        self.register_parameter("zero_point", learned)
        self.register_buffer("frozen_zero_point", torch.tensor(math.nan))
        self.observer: Observer | None = None
        self.bypassed = False

    @property
    def started(self) -> bool:
        """Whether the step has a value yet."""
        return not math.isnan(self.step.item())

    @property
    def frozen(self) -> bool:
        """Whether `freeze` has fixed the zero-point."""
        return not math.isnan(self.frozen_zero_point.item())

    @property
    def fixed_zero_point(self) -> float | None:
        """Zero-point of a deployed model; None while it still depends on the batch."""
        if self.frozen:
            return self.frozen_zero_point.item()
        if self.zero_point is not None:
            return float(self.zero_point.item())
        return None if self.rule == "published" else 0.0

    def freeze(self, zero_point: float, first: Sequence[float] = ()) -> None:
        """Fix the zero-point, whatever the rule.

        Parameters
        ----------
        zero_point : float
            The value `z` of every later call.
        first : sequence of float
            Of the state of a scan: the values of the first elements of every window, where they
            are others.

        Raises
        ------
        InternalError
            The quantiser is signed or the value is not finite.
        """
        if self.signed or not math.isfinite(zero_point):
            raise InternalError(
                f"cannot freeze a zero-point of {zero_point} (signed={self.signed})"
            )
        self.frozen_zero_point.fill_(zero_point)
        self.first_zero_points = tuple(first)

    def at_element(self, x: Tensor, element: int) -> Tensor:
        """Quantise the states at one element of the window."""
        if element >= len(self.first_zero_points):
            return self(x)  # type: ignore[no-any-return]
        later = self.frozen_zero_point.clone()
        self.frozen_zero_point.fill_(self.first_zero_points[element])
        try:
            return self(x)  # type: ignore[no-any-return]
        finally:
            self.frozen_zero_point.copy_(later)

    def start_from(self, x: Tensor) -> None:
        """Give the step (and a learned zero-point) its start value.

        Parameters
        ----------
        x : Tensor
            A typical input of any shape.
        """
        with torch.no_grad():
            x = x.detach()
            if self.start == "published":
                factor = 2.0 if self.signed else 4.0
                step = factor * x.abs().mean() / math.sqrt(self.high)
            else:
                step = self._percentile_step(x)
            # A constant zero tensor has no scale of its own: any positive step is as good.
            self.step.fill_(step.item() if step > MIN_STEP else 1.0)

    def _percentile_step(self, x: Tensor) -> Tensor:
        if self.signed:
            # -low levels reach further than `high` ones: put the percentile of |x| between them.
            return _quantile(x.abs(), START_PERCENTILE) / (0.5 * (self.high - self.low))
        bottom = x.new_zeros(())
        if self.zero_point is not None:
            bottom = _quantile(x, 1.0 - START_PERCENTILE)
            self.zero_point.fill_(bottom.item())
        return (_quantile(x, START_PERCENTILE) - bottom) / self.high

    def bypass(self) -> None:
        """Pass every tensor on as it is from now on."""
        self.bypassed = True
        with torch.no_grad():
            self.step.fill_(1.0)  # unused, but a value that a file can hold

    def clamp_step(self) -> None:
        """Keep the step positive; to be called after every update of the parameters."""
        with torch.no_grad():
            self.step.clamp_(min=MIN_STEP)

    def current_zero_point(self, x: Tensor) -> Tensor:
        """Return the scalar zero-point that a call with `x` uses."""
        if self.frozen:
            return self.frozen_zero_point
        if self.zero_point is not None:
            return self.zero_point
        if self.rule == "published":
            return published_zero_point(x)
        return x.new_zeros(())

    def forward(self, x: Tensor) -> Tensor:
        """Quantise and dequantise.

        Parameters
        ----------
        x : Tensor
            Any shape, floating point. The first call also gives the step its start value.

        Returns
        -------
        Tensor
            ``alpha * q + z``, same shape and dtype.
        """
        if self.bypassed:
            return x
        if not self.started:
            self.start_from(x)
        zero_point = self.current_zero_point(x)
        values, codes = self._quantize(x, zero_point)
        if self.observer is not None:
            self.observer(QuantizerCall(x, codes, values, zero_point, self.step))
        return values

    def codes(self, x: Tensor) -> Tensor:
        """Return the integer-valued codes of `x`, in the dtype of `x`.

        Raises
        ------
        InternalError
            The step has no value yet.
        """
        if not self.started:
            raise InternalError("codes were asked of a quantiser that no tensor has passed")
        return self._quantize(x, self.current_zero_point(x))[1]

    def _quantize(self, x: Tensor, zero_point: Tensor) -> tuple[Tensor, Tensor]:
        fused = kernels_available() and x.dtype in KERNEL_DTYPES and x.device.type == "cpu"
        function = _FusedQuantize if fused else _Quantize
        values: Tensor
        codes: Tensor
        values, codes = function.apply(  # type: ignore[no-untyped-call]
            x, self.step, zero_point, self.low, self.high, self.gradient_scale(x.numel())
        )
        return values, codes

    def gradient_scale(self, elements: int) -> float:
        """Return the factor on the gradients of step and zero-point for a call of that size."""
        return 1.0 / math.sqrt(max(elements, 1) * self.high)

    def extra_repr(self) -> str:
        """Describe the quantiser in the module's printout."""
        return f"bits={self.bits}, signed={self.signed}, zero_point={self.rule}"

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)  # type: ignore[no-untyped-call]
        destination[prefix[:-1]] = destination.pop(f"{prefix}step")
        if not self.frozen:
            del destination[f"{prefix}frozen_zero_point"]

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: object) -> None:
        state_dict.setdefault(f"{prefix}frozen_zero_point", torch.tensor(math.nan))
        super()._load_from_state_dict(state_dict, prefix, *args)  # type: ignore[no-untyped-call]


class _FusedQuantize(torch.autograd.Function):
    """`_Quantize` in one sweep each way."""

    @staticmethod
    def forward(
        ctx: Context,
        x: Tensor,
        step: Tensor,
        zero_point: Tensor,
        low: int,
        high: int,
        gradient_scale: float,
    ) -> tuple[Tensor, Tensor]:
        from netx_export import quantizer_kernel

        x = x.detach().contiguous()
        levels = x.new_tensor([step.item(), zero_point.item(), low, high])
        values, codes = torch.empty_like(x), torch.empty_like(x)
        ctx.sign = (low, high) == (-1, 1)
        share(
            quantizer_kernel.forward,
            -(-x.numel() // quantizer_kernel.CHUNK),
            _flat(x),
            levels.numpy(),
            ctx.sign,
            _flat(values),
            _flat(codes),
        )
        ctx.save_for_backward(x, levels)
        ctx.gradient_scale = gradient_scale
        ctx.mark_non_differentiable(codes)
        return values, codes

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        from netx_export import quantizer_kernel

        x, levels = ctx.saved_tensors
        chunks = -(-x.numel() // quantizer_kernel.CHUNK)
        to_x, to_levels = torch.empty_like(x), x.new_zeros(chunks, 2)
        share(
            quantizer_kernel.backward,
            chunks,
            _flat(gradients[0].contiguous()),
            _flat(x),
            levels.numpy(),
            ctx.sign,
            _flat(to_x),
            to_levels.numpy(),
        )
        to_step, to_zero = to_levels.double().sum(dim=0) * ctx.gradient_scale
        return to_x, to_step.to(x.dtype), to_zero.to(x.dtype), None, None, None


def _flat(x: Tensor) -> NDArray[Any]:
    return np.asarray(x.reshape(-1).numpy())


class _Quantize(torch.autograd.Function):
    """Quantise with straight-through, step and zero-point gradients."""

    @staticmethod
    def forward(
        ctx: Context,
        x: Tensor,
        step: Tensor,
        zero_point: Tensor,
        low: int,
        high: int,
        gradient_scale: float,
    ) -> tuple[Tensor, Tensor]:
        scaled = (x - zero_point) / step
        codes = _round_and_clip(scaled, low, high)
        ctx.save_for_backward(scaled, codes, step)
        ctx.levels = (low, high)
        ctx.gradient_scale = gradient_scale
        ctx.mark_non_differentiable(codes)
        return codes * step + zero_point, codes

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        gradient = gradients[0]
        scaled, codes, step = ctx.saved_tensors
        low, high = ctx.levels
        rounded = torch.round(scaled)
        inside = (rounded >= low) & (rounded <= high)
        through = gradient * inside
        to_step = to_zero = None
        if ctx.needs_input_grad[1]:
            # d value / d alpha = q - inside * (x - z) / alpha
            slope = torch.where(inside, codes - scaled, codes)
            to_step = (gradient * slope).sum().reshape(step.shape) * ctx.gradient_scale
        if ctx.needs_input_grad[2]:
            # d value / d z = 1 - inside
            to_zero = (gradient - through).sum().reshape(step.shape) * ctx.gradient_scale
        return through, to_step, to_zero, None, None, None


def _round_and_clip(scaled: Tensor, low: int, high: int) -> Tensor:
    if (low, high) == (-1, 1):  # one signed bit has no code 0
        return torch.where(scaled >= 0, 1.0, -1.0).to(scaled.dtype)
    return torch.clamp(torch.round(scaled), low, high)


def published_zero_point(x: Tensor) -> Tensor:
    """Return ``sign(m) * 2**round(log2|m|)`` of the minimum `m` of a tensor (0 where m is 0)."""
    minimum = x.detach().min()
    return torch.sign(minimum) * torch.exp2(torch.round(torch.log2(minimum.abs())))


def _quantile(x: Tensor, share: float) -> Tensor:
    flat = x.reshape(-1)
    stride = -(-flat.numel() // MAX_QUANTILE_SAMPLES)
    return torch.quantile(flat[::stride], share)
