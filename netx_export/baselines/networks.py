"""GRU, iTransformer and iSpikformer: (batch, window, variates) -> (batch, horizon, variates)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from netx_export.autograd import Context, apply

HEADS = 4
"""Attention heads of both transformers."""

BLOCKS = 2
"""Blocks of both transformers, as in the published experiments."""

SPIKING_STEPS = 4
"""Time steps of iSpikformer, as published."""


class GruForecaster(nn.Module):
    """A GRU over all variates, and a linear head for all variates and steps.

    The head predicts the change from the last value.

    Parameters
    ----------
    variates, window, horizon : int
        Sizes of the task.
    width : int
        Hidden units.
    """

    def __init__(self, variates: int, window: int, horizon: int, width: int) -> None:
        super().__init__()
        del window  # a recurrent network reads any
        self.horizon = horizon
        self.gru = nn.GRU(variates, width, batch_first=True)
        self.head = nn.Linear(width, horizon * variates)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast normalised windows."""
        states, _ = self.gru(x)
        change = self.head(states[:, -1]).reshape(len(x), self.horizon, -1)
        forecast: Tensor = x[:, -1:] + change
        return forecast


class ITransformer(nn.Module):
    """Every variate is a token; attention mixes variates (Liu et al., ICLR 2024).

    Parameters
    ----------
    variates, window, horizon : int
        Sizes of the task.
    width : int
        Of a token; hidden layers have four times as much, as published.
    """

    def __init__(self, variates: int, window: int, horizon: int, width: int) -> None:
        super().__init__()
        del variates  # tokens share their weights
        self.embed = nn.Linear(window, width)
        layer = nn.TransformerEncoderLayer(
            width, HEADS, 4 * width, dropout=0.0, activation="gelu", batch_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, BLOCKS, nn.LayerNorm(width))
        self.head = nn.Linear(width, horizon)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast normalised windows."""
        tokens = self.encoder(self.embed(x.transpose(1, 2)))
        forecast: Tensor = self.head(tokens).transpose(1, 2)
        return forecast


class _Spike(torch.autograd.Function):
    """A step at 0, with the derivative of a sigmoid of slope 4."""

    @staticmethod
    def forward(ctx: Context, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return (x >= 0).to(x.dtype)

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(4.0 * x)
        slope: Tensor = gradients[0] * 4.0 * s * (1.0 - s)
        return slope


class _Lif(nn.Module):
    """Leaky integrate-and-fire neurons over the first axis (steps): tau 2, threshold 1, hard reset.

    Attributes
    ----------
    spikes, chances : float
        Spikes so far, and how many there could have been; reset by whoever counts.
    """

    def __init__(self) -> None:
        super().__init__()
        self.spikes, self.chances = 0.0, 0.0

    def forward(self, current: Tensor) -> Tensor:
        """Return the spikes (steps, ...) that a current gives rise to."""
        v = torch.zeros_like(current[0])
        fired = []
        for step in current:
            v = v + (step - v) / 2.0
            spike = apply(_Spike, v - 1.0)
            v = v * (1.0 - spike)
            fired.append(spike)
        spikes = torch.stack(fired)
        self.spikes += float(spikes.detach().sum())
        self.chances += spikes.numel()
        return spikes


class _SpikingLinear(nn.Module):
    """Linear, batch norm over all tokens and steps, spikes."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, outputs)
        self.norm = nn.BatchNorm1d(outputs)
        self.lif = _Lif()

    def forward(self, x: Tensor) -> Tensor:
        current = self.linear(x)
        flat = self.norm(current.flatten(0, -2))
        spikes: Tensor = self.lif(flat.reshape(current.shape))
        return spikes


class _SpikingBlock(nn.Module):
    """Spiking self-attention without softmax, and a spiking perceptron, both added up."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (_SpikingLinear(width, width) for _ in range(3))
        self.attention = _Lif()
        self.project = _SpikingLinear(width, width)
        self.hidden = _SpikingLinear(width, 4 * width)
        self.out = _SpikingLinear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        steps, batch, tokens, width = x.shape

        def heads(y: Tensor) -> Tensor:
            return y.reshape(steps, batch, tokens, HEADS, width // HEADS).transpose(2, 3)

        q, k, v = heads(self.q(x)), heads(self.k(x)), heads(self.v(x))
        mixed = (q @ k.transpose(-2, -1)) @ v * 0.125  # the scale of Spikformer
        mixed = self.attention(mixed.transpose(2, 3).reshape(steps, batch, tokens, width))
        x = x + self.project(mixed)
        added: Tensor = x + self.out(self.hidden(x))
        return added


class ISpikformer(nn.Module):
    """iTransformer with spikes (Lv et al., ICML 2024): variates as tokens, spiking self-attention.

    A convolution over the window makes the current of each step; neurons are leaky, with a
    sigmoid's derivative for that of the spike.

    Parameters
    ----------
    variates, window, horizon : int
        Sizes of the task.
    width : int
        Of a token.
    """

    def __init__(self, variates: int, window: int, horizon: int, width: int) -> None:
        super().__init__()
        del variates
        self.encode = nn.Conv1d(1, SPIKING_STEPS, 3, padding=1)
        self.encoder_norm = nn.BatchNorm1d(SPIKING_STEPS)
        self.encoder_lif = _Lif()
        self.embed = _SpikingLinear(window, width)
        self.blocks = nn.ModuleList(_SpikingBlock(width) for _ in range(BLOCKS))
        self.head = nn.Linear(width, horizon)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast normalised windows."""
        batch, window, variates = x.shape
        series = x.transpose(1, 2).reshape(-1, 1, window)
        current = self.encoder_norm(self.encode(series))
        current = current.reshape(batch, variates, SPIKING_STEPS, window).permute(2, 0, 1, 3)
        spikes = self.embed(self.encoder_lif(current))
        for block in self.blocks:
            spikes = block(spikes)
        forecast = functional.linear(spikes.mean(dim=0), self.head.weight, self.head.bias)
        return forecast.transpose(1, 2)

    def reset_counts(self) -> None:
        """Forget the spikes counted so far."""
        for module in self.modules():
            if isinstance(module, _Lif):
                module.spikes = module.chances = 0.0

    def firing_rate(self) -> float:
        """Return the unweighted mean over its neurons' groups of spikes per neuron and step."""
        groups = [m for m in self.modules() if isinstance(m, _Lif) and m.chances > 0]
        return sum(group.spikes / group.chances for group in groups) / max(len(groups), 1)


NETWORKS: dict[str, type[nn.Module]] = {
    "gru": GruForecaster,
    "itransformer": ITransformer,
    "ispikformer": ISpikformer,
}
"""By the names of the results."""


def sized(kind: str, variates: int, window: int, horizon: int, parameters: int) -> tuple[int, int]:
    """Return the width (a multiple of `HEADS`) that comes closest to a number of parameters.

    Parameters
    ----------
    kind : str
        Name in `NETWORKS`.
    variates, window, horizon : int
        Sizes of the task.
    parameters : int
        Wanted.

    Returns
    -------
    width, parameters : int
        The width and what it gives.
    """

    def count(width: int) -> int:
        network = NETWORKS[kind](variates, window, horizon, width)
        return sum(parameter.numel() for parameter in network.parameters())

    best = HEADS
    # Parameters grow with the width: the first one beyond the aim ends the search.
    for width in range(HEADS, 1024, HEADS):
        found = count(width)
        if abs(found - parameters) <= abs(count(best) - parameters):
            best = width
        if found > parameters:
            break
    return best, count(best)
