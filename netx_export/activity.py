"""What the codes of a model do: firing rates, entropy, dead scans, and a price on spikes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from netx_export.quantizers import LearnedStepQuantizer, Observer, QuantizerCall
from netx_export.spikyspace import RECORD_NAMES, SPIKING_QUANTIZERS, SpikySpace


def spiking_names(model: SpikySpace) -> list[str]:
    """Return the record names of all quantisers whose codes are spikes."""
    return [
        f"blocks.{block}.{RECORD_NAMES[name]}"
        for block in range(len(model.mixers))
        for name in SPIKING_QUANTIZERS
    ]


@dataclass(frozen=True)
class CodeActivity:
    """What one quantiser's codes did.

    Parameters
    ----------
    firing_rate : float
        Mean of ``|code| / (2**bits - 1)``: spikes per neuron and time step in unary coding.
    entropy : float
        Of the distribution of codes, in bits; 0 means one code only.
    constant_channels : float
        Share of channels whose code never changes, over all windows and elements.
    """

    firing_rate: float
    entropy: float
    constant_channels: float


class CodeCounter:
    """Observer that counts the codes of a quantiser.

    Parameters
    ----------
    quantizer : LearnedStepQuantizer
        The quantiser it will be attached to.
    """

    def __init__(self, quantizer: LearnedStepQuantizer) -> None:
        self._frame = (1 << quantizer.bits) - 1
        self._low = quantizer.low
        self._counts = torch.zeros(quantizer.high - quantizer.low + 1, dtype=torch.int64)
        self._lowest: Tensor | None = None
        self._highest: Tensor | None = None
        self.calls = 0

    def __call__(self, call: QuantizerCall) -> None:
        """Count one call."""
        self.calls += 1
        shifted = (call.codes - self._low).long()
        self._counts += torch.bincount(shifted.flatten(), minlength=len(self._counts))
        channels = shifted.reshape(-1, shifted.shape[-1])
        lowest, highest = channels.amin(dim=0), channels.amax(dim=0)
        if self._lowest is not None and self._highest is not None:
            lowest = torch.minimum(lowest, self._lowest)
            highest = torch.maximum(highest, self._highest)
        self._lowest, self._highest = lowest, highest

    def activity(self) -> CodeActivity:
        """Return what was counted."""
        share = self._counts.double() / self._counts.sum()
        codes = torch.arange(len(share), dtype=torch.float64) + self._low
        entropy = -(share * torch.log2(share.clamp_min(1e-300))).sum()
        constant = 0.0
        if self._lowest is not None and self._highest is not None:
            constant = (self._lowest == self._highest).double().mean().item()
        rate = (share * codes.abs()).sum() / self._frame
        return CodeActivity(rate.item(), max(entropy.item(), 0.0), constant)


@contextmanager
def count_codes(model: SpikySpace) -> Iterator[dict[str, CodeCounter]]:
    """Count the codes of every spiking quantiser while the context lasts.

    Yields
    ------
    dict
        Record name -> counter. When the context ends, those that saw no call are gone.
    """
    quantizers = model.quantizers()
    counters = {name: CodeCounter(quantizers[name]) for name in spiking_names(model)}
    with model.observe(dict(counters)):
        yield counters
    for name in [name for name, counter in counters.items() if not counter.calls]:
        del counters[name]


SCAN_DYNAMICS = ("dt_proj", "scan.state")
"""Record names, below the block, of the codes that are the recurrence of the scan."""


class FiringPenalty:
    """Differentiable price on firing rates above a target.

    The step sizes and states of the scan (`SCAN_DYNAMICS`) cost nothing: the cheapest way to fewer
    of their spikes is a delta of 0 everywhere, which ends the recurrence.

    Parameters
    ----------
    model : SpikySpace
        The model in training.
    target : float
        Rate up to which a quantiser costs nothing.
    """

    def __init__(self, model: SpikySpace, target: float) -> None:
        self._model = model
        self._target = target
        self._rates: dict[str, list[Tensor]] = {}

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Collect the rates of one forward pass."""
        quantizers = self._model.quantizers()
        self._rates = {
            name: []
            for name in spiking_names(self._model)
            if name.split(".", 2)[2] not in SCAN_DYNAMICS
        }

        def collector(name: str) -> Observer:
            frame = (1 << quantizers[name].bits) - 1
            return lambda call: self._rates[name].append(differentiable_rate(call, frame))

        with self._model.observe({name: collector(name) for name in self._rates}):
            yield

    def cost(self) -> Tensor:
        """Return the sum over quantisers of ``max(0, rate - target)`` of the watched pass."""
        rates = [torch.stack(seen).mean() for seen in self._rates.values() if seen]
        if not rates:  # a model without codes
            return torch.zeros(())
        return torch.relu(torch.stack(rates) - self._target).sum()


def differentiable_rate(call: QuantizerCall, frame: int) -> Tensor:
    """Return the mean of ``|code| / frame`` of a call, with a straight-through gradient.

    Parameters
    ----------
    call : QuantizerCall
        What the quantiser did.
    frame : int
        Time steps that a code is spread over, ``2**bits - 1``.
    """
    codes = (call.values - call.zero_point) / call.step
    return codes.abs().mean() / frame
