"""The SPikE-SSM-style model: S4D, spiking neurons and a mixer in each block."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from netx_export.spike_ssm.config import SpikeSsmConfig
from netx_export.spike_ssm.neurons import SpikingNeurons
from netx_export.spike_ssm.s4d import DiagonalS4d
from netx_export.weights import fake_int8


def pt_sigmoid(x: Tensor) -> Tensor:
    """Power-of-two sigmoid: ``2**(x - 1)`` below 0, ``1 - 2**(-x - 1)`` from 0 on.

    Both pieces meet at 0 with value 1/2 and slope ln(2)/2.
    """
    tail = torch.exp2(-x.abs() - 1.0)
    return torch.where(x < 0, tail, 1.0 - tail)


class Projection(nn.Module):
    """Linear map whose weights are rounded to int8 per row, as the file holds them.

    Parameters
    ----------
    inputs, outputs : int
        Channels.
    quantised : bool
        Whether to round.
    """

    def __init__(self, inputs: int, outputs: int, *, quantised: bool) -> None:
        super().__init__()
        self.quantised = quantised
        self.linear = nn.Linear(inputs, outputs)

    def weight(self) -> Tensor:
        """Return the weights that the forward pass uses, (outputs, inputs)."""
        return fake_int8(self.linear.weight) if self.quantised else self.linear.weight

    def forward(self, x: Tensor) -> Tensor:
        """Map the last axis."""
        return functional.linear(x, self.weight(), self.linear.bias)


class ChannelNorm(nn.Module):
    """Batch normalisation over windows and time: a fixed affine map per channel when deployed.

    Parameters
    ----------
    channels : int
        Channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (batch, length, channels)."""
        y: Tensor = self.norm(x.reshape(-1, x.shape[-1])).reshape(x.shape)
        return y

    def affine(self) -> tuple[Tensor, Tensor]:
        """Return gain and offset of each channel in evaluation, float64."""
        norm = self.norm
        if norm.running_mean is None or norm.running_var is None:
            raise RuntimeError("batch normalisation without running statistics")
        gain = norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)
        return gain, norm.bias.double() - gain * norm.running_mean.double()


class Block(nn.Module):
    """``x + mixer(spikes(S4D(norm(x))))``.

    Parameters
    ----------
    config : SpikeSsmConfig
        Sizes and variants.
    index : int
        Number of the block; seeds its Bernoulli neurons.
    """

    def __init__(self, config: SpikeSsmConfig, index: int) -> None:
        super().__init__()
        channels, quantised = config.d_model, config.quantised
        self.norm = ChannelNorm(channels)
        self.s4d = DiagonalS4d(channels, config.d_state, rounded=quantised)
        self.neurons = SpikingNeurons(
            channels,
            config.neuron,
            tau=config.tau,
            decay=config.refractory_decay,
            engine=config.engine,
            rounds=config.rounds,
            seed=config.seed * 1009 + index,
        )
        self.value = Projection(channels, channels, quantised=quantised)
        self.gate: Projection | None = None
        if config.mixer == "glu":
            self.gate = Projection(channels, channels, quantised=quantised)
        self.dropout = nn.Dropout(0.0)
        self.firing_rate = torch.zeros(())

    def forward(self, x: Tensor) -> Tensor:
        """Return the residual stream after the block, (batch, length, channels)."""
        spikes = self.neurons(self.s4d(self.norm(x)))
        self.firing_rate = spikes.mean()
        mixed = self.value(spikes)
        if self.gate is not None:
            mixed = mixed * pt_sigmoid(self.gate(spikes))
        y: Tensor = x + self.dropout(mixed)
        return y


class SpikeSsm(nn.Module):
    """The whole model.

    Parameters
    ----------
    config : SpikeSsmConfig
        Sizes and variants.
    """

    def __init__(self, config: SpikeSsmConfig) -> None:
        super().__init__()
        self.config = config
        quantised = config.quantised
        self.embed = Projection(config.inputs, config.d_model, quantised=quantised)
        self.blocks = nn.ModuleList(Block(config, index) for index in range(config.layers))
        if config.task == "classification":
            self.head = Projection(config.d_model, config.outputs, quantised=quantised)
        else:
            self.readout = Projection(config.d_model, config.inputs, quantised=quantised)
            self.head = Projection(config.window, config.outputs, quantised=quantised)
            self._start_as_persistence()

    def _start_as_persistence(self) -> None:
        with torch.no_grad():
            self.readout.linear.weight.mul_(0.1)
            self.readout.linear.bias.zero_()
            self.head.linear.weight.zero_()
            self.head.linear.weight[:, -1] = 1.0
            self.head.linear.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Evaluate sequences.

        Parameters
        ----------
        x : Tensor
            Shape (batch, window, inputs).

        Returns
        -------
        Tensor
            Logits (batch, classes); or forecasts (batch, horizon, inputs): the stream is mapped
            back to the inputs, added to them, and every input forecast from its own window.
        """
        stream = self.embed(x)
        for block in self.blocks:
            stream = block(stream)
        if self.config.task == "classification":
            logits: Tensor = self.head(stream.mean(dim=1))
            return logits
        corrected = x + self.readout(stream)
        forecast: Tensor = self.head(corrected.transpose(1, 2))
        return forecast.transpose(1, 2)

    def firing_rates(self) -> Tensor:
        """Return the mean firing rate of each block in the last call, with gradients."""
        return torch.stack([block.firing_rate for block in self.blocks])
