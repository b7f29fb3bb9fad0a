"""The published SpikySpace model, restated on its own for tests: float32, zero-points per call.

It shares no code with the package, so that an export can be judged by something independent. The
source is the description of the model in the paper (arXiv 2601.02411) and of its checkpoints.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Round(torch.autograd.Function):
    """Round half to even with a straight-through gradient."""

    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def unsigned(x, alpha, bits):
    """Quantise with a zero-point from the minimum of this very tensor."""
    top = 2**bits - 1
    zero = x.new_zeros(())
    if bits > 1:
        m = x.detach().min()
        zero = torch.sign(m) * 2.0 ** torch.round(torch.log2(m.abs())) if m != 0 else zero
    return torch.clamp(Round.apply((x - zero) / alpha), 0, top) * alpha + zero


def signed(x, alpha, bits):
    """Quantise to -2**(b-1) .. 2**(b-1) - 1."""
    return torch.clamp(Round.apply(x / alpha), -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) * alpha


XC = math.log2(1 / math.log(2))
XS = -1.7919952553792415


def softplus(x):
    return torch.where(x < XC, torch.exp2(torch.clamp(x, max=XC)), x + 1 / math.log(2) - XC)


def silu(x):
    right = torch.exp2(-torch.clamp(x, min=XS) - 1) + x
    offset = -(2.0**XS) - 2.0 ** (-XS - 1) - XS
    return torch.where(x < XS, -torch.exp2(torch.clamp(x, max=XS)), right + offset)


class Norm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


class Mixer(nn.Module):
    def __init__(self, channels, inner, states, rank, taps, bits):
        super().__init__()
        self.inner, self.states, self.rank, self.bits = inner, states, rank, bits
        self.in_proj = nn.Linear(channels, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, taps, groups=inner, padding=taps - 1)
        self.x_proj = nn.Linear(inner, rank + 2 * states, bias=False)
        self.dt_proj = nn.Linear(rank, inner)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, states + 1)).repeat(inner, 1))
        self.D = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, channels, bias=False)
        for name in ("c", "s", "delta", "pts", "delta1", "x", "y", "y1"):
            self.register_parameter(f"clip_{name}", nn.Parameter(torch.tensor(float("nan"))))

    def quantise(self, name, x):
        alpha = getattr(self, f"clip_{name}")
        bits = self.bits[name]
        if torch.isnan(alpha):
            top = 2 ** (bits - 1) - 1 if name == "y" else 2**bits - 1
            factor = 2.0 if name == "y" else 4.0
            alpha.data = factor * x.detach().abs().mean() / math.sqrt(max(top, 1))
        return (signed if name == "y" else unsigned)(x, alpha, bits)

    def forward(self, x):
        length = x.shape[1]
        a, res = self.in_proj(x).chunk(2, dim=-1)
        a = self.quantise("c", a)
        u = self.conv1d(a.transpose(1, 2))[..., :length].transpose(1, 2)
        u = self.quantise("s", u)
        d, b, c = self.x_proj(u).split([self.rank, self.states, self.states], dim=-1)
        delta = self.quantise("pts", self.dt_proj(self.quantise("delta", d)))
        delta = self.quantise("delta1", softplus(delta))
        decay = 2.0 ** torch.round(delta.unsqueeze(-1) * -torch.exp(self.A_log))
        drive = delta.unsqueeze(-1) * b.unsqueeze(2) * u.unsqueeze(-1)
        h = x.new_zeros(x.shape[0], self.inner, self.states)
        ys = []
        for k, v in zip(decay.unbind(1), drive.unbind(1), strict=True):
            h = self.quantise("x", k * h + v)
            ys.append(h)
        y = (torch.stack(ys, 1) @ c.unsqueeze(-1)).squeeze(-1) + self.D * u
        return self.out_proj(self.quantise("y", y) * silu(self.quantise("y1", res)))


class Layer(nn.Module):
    def __init__(self, channels, *sizes):
        super().__init__()
        self.norm = Norm(channels)
        self.mixer = Mixer(channels, *sizes)

    def forward(self, x):
        return x + self.mixer(self.norm(x))


class PublishedModel(nn.Module):
    """``config`` is the content of a ``model.json``."""

    def __init__(self, config):
        super().__init__()
        channels = config["d_model"]
        inner = config.get("d_inner") or int(config["expand"] * channels)
        rank = config["dt_rank"]
        rank = math.ceil(channels / 16) if rank == "auto" else rank
        sizes = (inner, config["d_state"], rank, config["d_conv"], config["bits"])
        self.layers = nn.ModuleList(Layer(channels, *sizes) for _ in range(config["layers"]))
        self.forecast_head = nn.Linear(config["window"], config["horizon"])

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.forecast_head(x.transpose(1, 2)).transpose(1, 2)


def train_published(config, windows, targets, epochs, seed=0):
    """Train as published (Adam, mean squared error) on normalised windows and targets."""
    torch.manual_seed(seed)
    model = PublishedModel(config)
    x = torch.from_numpy(np.ascontiguousarray(windows, dtype=np.float32))
    y = torch.from_numpy(np.ascontiguousarray(targets, dtype=np.float32))
    with torch.no_grad():
        model(x[:32])
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    order = np.random.default_rng(seed)
    for _ in range(epochs):
        for batch in np.array_split(order.permutation(len(x)), max(1, len(x) // 32)):
            optimiser.zero_grad()
            functional.mse_loss(model(x[batch]), y[batch]).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
    return model.eval()
