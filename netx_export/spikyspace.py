"""The SpikySpace model (arXiv 2601.02411) for training and as the reference of an export.

    x (batch, window, variates) -> layers of [x + Mixer(RMSNorm(x))] -> Linear over the window

Parameter names are those of published checkpoints. What the published code does not have (learned
or frozen zero-points) stands under names of its own below the quantiser it belongs to.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lava_spikyspace.errors import InternalError
from netx_export.activations import pt_silu, pt_softplus
from netx_export.config import ModelConfig
from netx_export.quantizers import (
    MAX_QUANTILE_SAMPLES,
    MIN_STEP,
    START_PERCENTILE,
    LearnedStepQuantizer,
    Observer,
    QuantizerCall,
)
from netx_export.scan import Scan, round_exponents, scan, selective_scan
from netx_export.weights import fake_int8

RMS_EPS = 1e-5
"""Added to the mean square under the root of RMSNorm, as published."""

SPREAD_RATES = (0.05, 2.0)
"""Smallest and largest -A of a spread start; ``2**(-rate)`` is kept per unit of delta."""

SPREAD_STEP_BIAS = (-2.0, 1.0)
"""Range of dt_proj's bias in a spread start; PTSoftplus makes step sizes of 0.25 to 1.9 of it."""

MAX_START_RATIO = 8.0
"""Largest ratio between the start of a channel's step and that of the median channel."""

MIN_CHANNEL_STEP = 2.0**-10
"""Smallest step of a channel relative to that of its quantiser: keeps it positive in training."""

RECORD_NAMES = {
    "clip_c": "in_proj.scan",
    "clip_s": "conv",
    "clip_delta": "delta",
    "clip_pts": "dt_proj.code",
    "clip_delta1": "dt_proj",
    "clip_x": "scan.state",
    "clip_y": "scan",
    "clip_y1": "in_proj.gate.code",
}
"""Quantiser of a mixer -> layer of the file (below ``blocks.{i}.``) whose codes it makes."""

SPIKING_QUANTIZERS = ("clip_c", "clip_s", "clip_delta", "clip_delta1", "clip_x", "clip_y")
"""Quantisers whose codes are sent or kept as spikes; the 5-bit codes stay inside a process."""


class RMSNorm(nn.Module):
    """Root-mean-square normalisation over the variates with a gain per variate.

    Parameters
    ----------
    channels : int
        Variates.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    @staticmethod
    def normalise(x: Tensor) -> Tensor:
        """Divide by the root mean square over the last axis, without the gain."""
        return x * torch.rsqrt(x.pow(2).mean(dim=-1, keepdim=True) + RMS_EPS)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise ``x`` of shape (..., channels) and apply the gain."""
        return self.normalise(x) * self.weight


class Mixer(nn.Module):
    """Quantised selective state-space mixer of one block.

    Parameters
    ----------
    config : ModelConfig
        Sizes, bits and rules.

    Attributes
    ----------
    decay_table : Tensor or None
        Exponents per (delta code, channel, state) that replace ``round(delta * A)``: the decay of
        a frozen model. None (the default) computes them.
    scan_ablated : bool
        Leave the recurrence out, so that the scan is its skip path ``D * u`` alone.
    scan : Scan
        How the recurrence is computed; by default fused where that is possible.
    channel_steps : Parameter or None
        Step of each channel of the scan's output relative to that of `clip_y`, shape (d_inner,);
        None where all channels have the same.
    """

    channel_steps: nn.Parameter | None

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        channels, inner = config.d_model, config.inner_channels
        self.d_inner, self.d_state, self.dt_rank = inner, config.d_state, config.step_rank
        self.learn_decay = config.zero_point != "published"
        self.int8_weights = config.int8_weights
        exact = config.activations == "exact"
        self.softplus = functional.softplus if exact else pt_softplus
        self.silu = functional.silu if exact else pt_silu
        self.in_proj = nn.Linear(channels, 2 * inner, bias=False)
        self.conv1d = nn.Conv1d(inner, inner, config.d_conv, groups=inner)
        self.x_proj = nn.Linear(inner, self.dt_rank + 2 * self.d_state, bias=False)
        self.dt_proj = nn.Linear(self.dt_rank, inner)
        if config.spread_scan:
            rates = torch.linspace(*SPREAD_RATES, self.d_state)
            nn.init.uniform_(self.dt_proj.bias, *SPREAD_STEP_BIAS)
        else:
            rates = torch.linspace(1, self.d_state, self.d_state)
        self.A_log = nn.Parameter(torch.log(rates).repeat(inner, 1))
        self.D = nn.Parameter(torch.full((inner,), config.skip))
        self.out_proj = nn.Linear(inner, channels, bias=False)
        for name in RECORD_NAMES:
            short = name.removeprefix("clip_")
            quantizer = LearnedStepQuantizer(
                getattr(config.bits, short),
                signed=short == "y",
                zero_point=config.zero_point_rule(short),
                start=config.start_rule,
            )
            if not config.quantised:
                quantizer.bypass()
            self.add_module(name, quantizer)
        has_steps = config.channel_steps and config.quantised
        steps = nn.Parameter(torch.ones(inner)) if has_steps else None
        self.register_parameter("channel_steps", steps)
        self.decay_table: Tensor | None = None
        self.scan_ablated = False
        self.scan: Scan = scan

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str, *args: object) -> None:
        # A quantiser saves its step under its own name; PyTorch hands it only what is below.
        for name in RECORD_NAMES:
            if prefix + name in state_dict:
                state_dict[f"{prefix}{name}.step"] = state_dict.pop(prefix + name)
        super()._load_from_state_dict(state_dict, prefix, *args)  # type: ignore[no-untyped-call]

    def quantizer(self, name: str) -> LearnedStepQuantizer:
        """Return the quantiser of a name in `RECORD_NAMES`."""
        module = self.get_submodule(name)
        if not isinstance(module, LearnedStepQuantizer):
            raise InternalError(f"{name} is no quantiser")
        return module

    def weight(self, layer: nn.Linear | nn.Conv1d) -> Tensor:
        """Return the weight of a layer as the forward pass uses it."""
        return fake_int8(layer.weight) if self.int8_weights else layer.weight

    def forward(self, projected: Tensor) -> Tensor:
        """Mix over time.

        Parameters
        ----------
        projected : Tensor
            Output of in_proj, shape (batch, length, 2 * d_inner): scan half, gate half.

        Returns
        -------
        Tensor
            Shape (batch, length, variates), to be added to the residual stream.
        """
        a, gate = projected.chunk(2, dim=-1)
        u = self.quantizer("clip_s")(self._convolve(self.quantizer("clip_c")(a)))
        ranks, B, C = torch.split(
            functional.linear(u, self.weight(self.x_proj)),
            [self.dt_rank, self.d_state, self.d_state],
            dim=-1,
        )
        ranks = self.quantizer("clip_delta")(ranks)
        delta = functional.linear(ranks, self.weight(self.dt_proj), self.dt_proj.bias)
        delta = self.softplus(self.quantizer("clip_pts")(delta))
        y = self.D * u if self.scan_ablated else self._scan(u, delta, B, C)
        gate = self.silu(self.quantizer("clip_y1")(gate))
        return functional.linear(self._quantised_output(y) * gate, self._out_weight())

    def _quantised_output(self, y: Tensor) -> Tensor:
        """Quantise the scan's output; without the steps of the channels, which out_proj has."""
        quantizer = self.quantizer("clip_y")
        if self.channel_steps is not None:
            if not quantizer.started:
                self._start_channel_steps(y, self.channel_steps)
            y = y / self.channel_steps
        quantised: Tensor = quantizer(y)
        return quantised

    def _out_weight(self) -> Tensor:
        weight = self.out_proj.weight
        if self.channel_steps is not None:
            weight = weight * self.channel_steps
        return fake_int8(weight) if self.int8_weights else weight

    def _start_channel_steps(self, y: Tensor, steps: nn.Parameter) -> None:
        """Let every channel use the whole range of codes, up to a factor of `MAX_START_RATIO`."""
        with torch.no_grad():
            rows = y.reshape(-1, self.d_inner).abs()
            rows = rows[:: -(-rows.numel() // MAX_QUANTILE_SAMPLES)]
            sizes = torch.quantile(rows, START_PERCENTILE, dim=0)
            typical = sizes.median().clamp_min(MIN_STEP)
            steps.copy_((sizes / typical).clamp(1 / MAX_START_RATIO, MAX_START_RATIO))

    def _convolve(self, x: Tensor) -> Tensor:
        taps = self.conv1d.kernel_size[0]
        past = functional.pad(x.transpose(1, 2), (taps - 1, 0))
        y = functional.conv1d(past, self.weight(self.conv1d), self.conv1d.bias, groups=self.d_inner)
        return y.transpose(1, 2)

    def _scan(self, u: Tensor, softplus: Tensor, B: Tensor, C: Tensor) -> Tensor:
        delta = self.quantizer("clip_delta1")(softplus)
        A = -torch.exp(self.A_log)
        exponents = None
        if self.decay_table is not None:
            codes = self.quantizer("clip_delta1").codes(softplus).long()
            exponents = self.decay_table[codes, torch.arange(self.d_inner)]
        state = self.quantizer("clip_x")
        if state.bypassed:
            exponents = delta.unsqueeze(-1) * A
        elif not state.started and state.start == "percentile":
            self._start_state(state, (u, delta, A, B, C, self.D))
        return self.scan(
            u, delta, A, B, C, self.D, state, learn_decay=self.learn_decay, exponents=exponents
        )

    @staticmethod
    def _start_state(state: LearnedStepQuantizer, arguments: tuple[Tensor, ...]) -> None:
        # The first step alone (h = drive) says little of the states of a whole window.
        seen: list[Tensor] = []

        def look(h: Tensor) -> Tensor:
            seen.append(h)
            return h

        with torch.no_grad():
            u, delta, A, B, C, D = arguments
            selective_scan(u, delta, A, B, C, D, look)
        state.start_from(torch.stack(seen))

    def decay_exponents(self) -> Tensor:
        """Return the exponents ``round(delta * A)`` of every code of delta.

        Computed in float32 in the order of the forward pass, whatever the dtype of the model: ties
        are common, and the file must hold what the trained model does.

        Returns
        -------
        Tensor
            int64, shape (codes, d_inner, d_state); at most 0 wherever delta is not negative.

        Raises
        ------
        InternalError
            The step has no value, or the zero-point is not frozen.
        """
        quantizer = self.quantizer("clip_delta1")
        zero_point = quantizer.fixed_zero_point
        if zero_point is None or not quantizer.started:
            raise InternalError("decay exponents need a started step and a frozen zero-point")
        with torch.no_grad():
            codes = torch.arange(quantizer.high + 1, dtype=torch.float32)
            values = codes * quantizer.step.float() + torch.tensor(zero_point)
            A = -torch.exp(self.A_log.float())
            return round_exponents(values.reshape(-1, 1, 1), A, learn=False).long()


class Block(nn.Module):
    """``x + Mixer(RMSNorm(x))``.

    Parameters
    ----------
    config : ModelConfig
        Sizes, bits and rules.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.norm = RMSNorm(config.d_model)
        self.mixer = Mixer(config)
        self.input_dropout = nn.Dropout(0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Add the mixer's output to the residual stream (batch, length, variates)."""
        in_proj = self.mixer.in_proj
        if self.mixer.int8_weights:
            # The gain belongs to the int8 weights: the file has no place for it elsewhere.
            weight = fake_int8(in_proj.weight * self.norm.weight)
            projected = functional.linear(self.input_dropout(self.norm.normalise(x)), weight)
        else:
            projected = in_proj(self.input_dropout(self.norm(x)))
        mixed: Tensor = self.mixer(projected)
        return x + mixed


class SpikySpace(nn.Module):
    """The whole forecaster.

    Parameters
    ----------
    config : ModelConfig
        Sizes, bits and rules.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.layers = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.forecast_head = nn.Linear(config.window, config.horizon)

    def forward(self, x: Tensor) -> Tensor:
        """Forecast.

        Parameters
        ----------
        x : Tensor
            Normalised windows, shape (batch, window, variates).

        Returns
        -------
        Tensor
            Normalised forecasts, shape (batch, horizon, variates).
        """
        for block in self.layers:
            x = block(x)
        weight = self.forecast_head.weight
        if self.config.int8_weights:
            weight = fake_int8(weight)
        return functional.linear(x.transpose(1, 2), weight, self.forecast_head.bias).transpose(1, 2)

    @property
    def mixers(self) -> list[Mixer]:
        """Mixers of the blocks, in order."""
        return [module for module in self.modules() if isinstance(module, Mixer)]

    def quantizers(self) -> dict[str, LearnedStepQuantizer]:
        """Return all quantisers by the name of the layer whose codes they make.

        Returns
        -------
        dict
            ``blocks.{i}.`` + a value of `RECORD_NAMES` -> quantiser.
        """
        return {
            f"blocks.{i}.{layer}": mixer.quantizer(name)
            for i, mixer in enumerate(self.mixers)
            for name, layer in RECORD_NAMES.items()
        }

    @contextmanager
    def observe(self, observers: dict[str, Observer]) -> Iterator[None]:
        """Attach observers to quantisers while the context lasts.

        Parameters
        ----------
        observers : dict
            Name as in `quantizers` -> function that receives every `QuantizerCall`.
        """
        quantizers = self.quantizers()
        before = {name: quantizers[name].observer for name in observers}
        try:
            for name, observer in observers.items():
                quantizers[name].observer = observer
            yield
        finally:
            for name, previous in before.items():
                quantizers[name].observer = previous

    @contextmanager
    def record(self) -> Iterator[dict[str, list[QuantizerCall]]]:
        """Record every call of every quantiser.

        Yields
        ------
        dict
            Name as in `quantizers` -> its calls, in order; one per forward pass, for
            ``scan.state`` one per step of the window. Holds all tensors: meant for a few windows.
        """
        calls: dict[str, list[QuantizerCall]] = {name: [] for name in self.quantizers()}
        with self.observe({name: seen.append for name, seen in calls.items()}):
            yield calls

    @contextmanager
    def ablated_scan(self) -> Iterator[None]:
        """Leave the recurrence of every scan out while the context lasts.

        What the metric loses by it is what the scan contributes.
        """
        try:
            for mixer in self.mixers:
                mixer.scan_ablated = True
            yield
        finally:
            for mixer in self.mixers:
                mixer.scan_ablated = False

    def set_input_dropout(self, share: float) -> None:
        """Set the share of each block's normalised input that training drops."""
        for module in self.modules():
            if isinstance(module, Block):
                module.input_dropout.p = share

    def clamp_steps(self) -> None:
        """Keep all quantiser steps positive; to be called after every update."""
        for quantizer in self.quantizers().values():
            quantizer.clamp_step()
        with torch.no_grad():
            for mixer in self.mixers:
                if mixer.channel_steps is not None:
                    mixer.channel_steps.clamp_(min=MIN_CHANNEL_STEP)

    def decay_exponents(self) -> list[Tensor]:
        """Return `Mixer.decay_exponents` of every block."""
        return [mixer.decay_exponents() for mixer in self.mixers]

    def start_head(self, weight: Tensor, bias: Tensor, out_proj_gain: float = 0.1) -> None:
        """Start the head as a linear forecast and the blocks as small corrections of it.

        Parameters
        ----------
        weight : Tensor
            Shape (horizon, window).
        bias : Tensor
            Shape (horizon,).
        out_proj_gain : float
            Factor on the start weights of out_proj.
        """
        with torch.no_grad():
            self.forecast_head.weight.copy_(weight)
            self.forecast_head.bias.copy_(bias)
            for mixer in self.mixers:
                mixer.out_proj.weight.mul_(out_proj_gain)


def parameter_count(model: nn.Module) -> int:
    """Return the number of trainable values."""
    return sum(math.prod(parameter.shape) for parameter in model.parameters())
