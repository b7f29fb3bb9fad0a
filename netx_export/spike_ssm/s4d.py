"""Diagonal state space (S4D) for training: a causal convolution, and the same as a recursion.

    h_t = a h_{t-1} + x_t,    y_t = 2 Re(sum_n c_n h_{t,n}) + d x_t

With zero-order hold ``a = exp(dt A)`` and ``c = C (a - 1) / A`` (Gu et al., "On the
Parameterization and Initialization of Diagonal State Space Models", 2022). Coefficients are rounded
to the grid of the file in every forward pass, straight through, so that training sees what is
deployed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lava_spikyspace.spike_ssm.s4d_formats import DECAY_BITS
from netx_export.autograd import Context, apply
from netx_export.spike_ssm.pmbc import causal_conv

READOUT_BITS = 16
"""Signed width of the readout coefficients c and d, with one power-of-two scale per channel."""

STEP_RANGE = (1e-3, 1e-1)
"""Start range of the step dt, log-uniform over the channels."""

MAX_DECAY = 1.0 - 2.0 ** (2 - DECAY_BITS)
"""Largest magnitude of a before rounding: what is rounded stays inside the unit circle."""


class _Round(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        return torch.round(x)

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> Tensor:
        return gradients[0]


def round_through(x: Tensor) -> Tensor:
    """Round to integers (half to even) with gradients passing straight through."""
    return apply(_Round, x)


@dataclass(frozen=True, eq=False)
class Coefficients:
    """What a forward pass uses.

    Parameters
    ----------
    decay : Tensor
        Complex a, shape (channels, states).
    readout : Tensor
        Complex c, shape (channels, states).
    skip : Tensor
        Real d, shape (channels,).
    """

    decay: Tensor
    readout: Tensor
    skip: Tensor


class DiagonalS4d(nn.Module):
    """S4D over channels that do not mix.

    Parameters
    ----------
    channels : int
        Channels.
    states : int
        Complex states of each channel; every one stands for a conjugate pair.
    rounded : bool
        Whether coefficients are rounded to the grid of the file.
    """

    def __init__(self, channels: int, states: int, *, rounded: bool = True) -> None:
        super().__init__()
        low, high = (math.log(end) for end in STEP_RANGE)
        self.rounded = rounded
        self.log_dt = nn.Parameter(low + (high - low) * torch.rand(channels))
        self.log_A_real = nn.Parameter(torch.full((channels, states), math.log(0.5)))
        frequencies = math.pi * torch.arange(states).float()
        self.A_imag = nn.Parameter(frequencies.repeat(channels, 1))
        self.C = nn.Parameter(torch.randn(channels, states, 2) * math.sqrt(0.5))
        self.D = nn.Parameter(torch.randn(channels))

    def coefficients(self) -> Coefficients:
        """Return decay, readout and skip as the forward pass uses them.

        Computed in the dtype of the parameters; the grid makes them the same numbers in float32
        and float64.
        """
        A = torch.complex(-torch.exp(self.log_A_real), self.A_imag)
        step = torch.exp(self.log_dt)[:, None]
        decay = torch.exp(step * A)
        readout = torch.view_as_complex(self.C) * (decay - 1.0) / A
        if not self.rounded:
            return Coefficients(decay, readout, self.D)
        shrink = (MAX_DECAY / decay.abs().detach()).clamp(max=1.0)
        decay = _on_grid(decay * shrink, 2.0**DECAY_BITS)
        grid = self.readout_grid(readout.detach(), self.D.detach())
        skip = round_through(self.D * grid) / grid
        return Coefficients(decay, _on_grid(readout, grid[:, None]), skip)

    @staticmethod
    def readout_grid(readout: Tensor, skip: Tensor) -> Tensor:
        """Return the reciprocal unit of c and d of each channel, a power of two."""
        peak = torch.view_as_real(readout).abs().amax(dim=(1, 2))
        largest = torch.maximum(peak, skip.abs()).clamp(min=2.0**-20)
        whole = torch.ceil(torch.log2(largest * (1 + 2.0 ** (2 - READOUT_BITS))))
        return torch.exp2(READOUT_BITS - 1 - whole)

    def forward(self, x: Tensor) -> Tensor:
        """Filter ``x`` of shape (batch, length, channels)."""
        used = self.coefficients()
        steps = torch.arange(x.shape[1], dtype=x.dtype)
        # a**t by its logarithm: one exponential, whatever the length.
        powers = torch.exp(torch.log(used.decay)[..., None] * steps)
        kernel = 2.0 * torch.einsum("cn,cnt->tc", used.readout, powers).real
        return causal_conv(x, kernel.to(x.dtype)) + used.skip * x

    def step_by_step(self, x: Tensor) -> Tensor:
        """Filter as a recursion over time: the reference of `forward`."""
        used = self.coefficients()
        h = torch.zeros(x.shape[0], *used.decay.shape, dtype=used.decay.dtype)
        outputs = []
        for one in x.unbind(1):
            h = used.decay * h + one[..., None]
            outputs.append(2.0 * (used.readout * h).sum(-1).real + used.skip * one)
        return torch.stack(outputs, dim=1)


def _on_grid(value: Tensor, unit: Tensor | float) -> Tensor:
    """Round both parts of a complex tensor to multiples of ``1 / unit``, straight through."""
    real, imaginary = round_through(value.real * unit), round_through(value.imag * unit)
    return torch.complex(real / unit, imaginary / unit)
