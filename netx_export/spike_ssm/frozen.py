"""The frozen SPikE-SSM-style model in float64: the reference that the integers are judged by.

Weights are the dequantised int8 codes, S4D coefficients those of the file's grid, leaks those of
the file; everything else is float64. It runs step by step, in NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from lava_spikyspace.arithmetic.random24 import RANDOM_BITS, random_sequence, seed_states
from lava_spikyspace.network import IntArray
from lava_spikyspace.spike_ssm.s4d_formats import DECAY_BITS
from netx_export.spike_ssm.config import SpikeSsmConfig
from netx_export.spike_ssm.model import Block, Projection, SpikeSsm
from netx_export.weights import int8_rows

FloatArray: TypeAlias = npt.NDArray[np.float64]
ComplexArray: TypeAlias = npt.NDArray[np.complex128]

LEAK_BITS = 16
"""Fraction bits of leak and fade."""


@dataclass(frozen=True, eq=False)
class FrozenProjection:
    """Int8 weights with their scales.

    Parameters
    ----------
    codes : ndarray, int8, shape (output, input)
        Integer weights.
    scale, bias : ndarray, float64, shape (output,)
        ``weight = codes * scale``.
    """

    codes: npt.NDArray[np.int8]
    scale: FloatArray
    bias: FloatArray

    @classmethod
    def of(cls, projection: Projection) -> FrozenProjection:
        """Quantise the weights of a trained projection."""
        codes, scale = int8_rows(projection.linear.weight.detach())
        bias = projection.linear.bias.detach().double().numpy()
        return cls(codes.numpy().astype(np.int8), scale.double().numpy(), bias)

    def __call__(self, x: FloatArray) -> FloatArray:
        """Map the last axis."""
        return np.asarray(x @ (self.codes * self.scale[:, None]).T + self.bias)


@dataclass(frozen=True, eq=False)
class FrozenNeurons:
    """Parameters of the spiking neurons of a block.

    Parameters
    ----------
    name : str
        Variant.
    theta, refractory : ndarray, float64, shape (channel,)
        Threshold, and refractory current of a spike.
    leak, fade : int
        With `LEAK_BITS` fraction bits.
    seed : ndarray, int64, shape (channel,)
        Generators of Bernoulli neurons before the first step.
    """

    name: str
    theta: FloatArray
    refractory: FloatArray
    leak: int
    fade: int
    seed: IntArray

    def run(self, current: FloatArray) -> tuple[FloatArray, IntArray]:
        """Return potentials and spikes of currents, all (window, element, channel)."""
        if self.name == "bernoulli":
            noise = random_sequence(self.seed, current.shape[1]) / float(1 << RANDOM_BITS)
            return current, (current >= self.theta * noise).astype(np.int64)
        leak, fade = self.leak / (1 << LEAK_BITS), self.fade / (1 << LEAK_BITS)
        u = np.zeros((current.shape[0], current.shape[2]))
        pressure, spikes = np.zeros_like(u), np.zeros_like(u)
        potentials, fired = np.empty_like(current), np.empty(current.shape, dtype=np.int64)
        for t in range(current.shape[1]):
            pressure = fade * pressure + self.refractory * spikes
            if self.name == "hard_reset":
                u = leak * u * (1 - spikes) + current[:, t]
            else:
                u = leak * u + current[:, t] - self.theta * spikes - pressure
            spikes = (u >= self.theta).astype(np.float64)
            potentials[:, t] = u
            fired[:, t] = spikes
        return potentials, fired


@dataclass(frozen=True, eq=False)
class FrozenSsmBlock:
    """One block.

    Parameters
    ----------
    gain, offset : ndarray, float64, shape (channel,)
        Normalisation.
    decay : ndarray, complex128, shape (channel, state)
        On the grid of the file.
    readout : ndarray, complex128, shape (channel, state)
        c.
    skip : ndarray, float64, shape (channel,)
        d.
    neurons : FrozenNeurons
        Spiking neurons.
    value : FrozenProjection
        Of the mixer.
    gate : FrozenProjection or None
        Of a gated mixer.
    """

    gain: FloatArray
    offset: FloatArray
    decay: ComplexArray
    readout: ComplexArray
    skip: FloatArray
    neurons: FrozenNeurons
    value: FrozenProjection
    gate: FrozenProjection | None

    def filter(self, x: FloatArray) -> FloatArray:
        """Run the state space over (window, element, channel)."""
        h = np.zeros((x.shape[0], *self.decay.shape), dtype=np.complex128)
        y = np.empty_like(x)
        for t in range(x.shape[1]):
            h = self.decay * h + x[:, t, :, None]
            y[:, t] = 2.0 * (self.readout * h).sum(axis=-1).real + self.skip * x[:, t]
        return y


def float_pt_sigmoid(x: FloatArray) -> FloatArray:
    """Power-of-two sigmoid in float64."""
    tail = np.exp2(-np.abs(x) - 1.0)
    return np.where(x < 0, tail, 1.0 - tail)


@dataclass(eq=False)
class SsmTrace:
    """What the frozen model computed on some windows.

    Parameters
    ----------
    forecasts : ndarray, float64
        Logits (window, 1, class) or normalised forecasts (window, step, variate).
    records : dict of str to ndarray, int64
        Spikes by record name.
    peaks : dict of str to ndarray, float64, shape (channel,)
        Largest magnitude of normalised inputs, currents, values and gate arguments by layer name
        and channel; of the residual stream over all of it.
    """

    forecasts: FloatArray
    records: dict[str, IntArray] = field(default_factory=dict)
    peaks: dict[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FrozenSpikeSsm:
    """The whole model.

    Parameters
    ----------
    config : SpikeSsmConfig
        Sizes and variants.
    embed : FrozenProjection
        Input to residual stream.
    blocks : tuple of FrozenSsmBlock
        In order.
    readout : FrozenProjection or None
        Residual stream back to the inputs, of forecasters.
    head : FrozenProjection
        Logits, or steps of the horizon.
    """

    config: SpikeSsmConfig
    embed: FrozenProjection
    blocks: tuple[FrozenSsmBlock, ...]
    readout: FrozenProjection | None
    head: FrozenProjection

    def run(self, x: FloatArray) -> SsmTrace:
        """Run normalised windows (window, element, input)."""
        trace = SsmTrace(forecasts=np.zeros(0))
        stream = self.embed(x)
        largest = max(float(np.abs(x).max()), float(np.abs(stream).max()))
        for index, block in enumerate(self.blocks):
            name = f"blocks.{index}"
            normal = block.gain * stream + block.offset
            current = block.filter(normal)
            _, spikes = block.neurons.run(current)
            mixed = block.value(spikes.astype(np.float64))
            for layer, seen in (("norm", normal), ("s4d", current), ("value", mixed)):
                trace.peaks[f"{name}.{layer}"] = np.abs(seen).max(axis=(0, 1))
            if block.gate is not None:
                argument = block.gate(spikes.astype(np.float64))
                trace.peaks[f"{name}.gate"] = np.abs(argument).max(axis=(0, 1))
                mixed = mixed * float_pt_sigmoid(argument)
            trace.records[f"{name}.neurons"] = spikes
            stream = stream + mixed
            largest = max(largest, float(np.abs(stream).max()))
        if self.readout is None:
            trace.forecasts = self.head(stream.mean(axis=1))[:, None]
        else:
            corrected = x + self.readout(stream)
            largest = max(largest, float(np.abs(corrected).max()))
            trace.forecasts = np.swapaxes(self.head(np.swapaxes(corrected, 1, 2)), 1, 2)
        trace.peaks["stream"] = np.array([largest])
        return trace

    def run_chunks(self, x: FloatArray, chunk: int = 64) -> SsmTrace:
        """Run windows a few at a time; the traces are joined."""
        parts = [self.run(x[first : first + chunk]) for first in range(0, len(x), chunk)]
        names, layers = parts[0].records, parts[0].peaks
        return SsmTrace(
            forecasts=np.concatenate([part.forecasts for part in parts]),
            records={
                name: np.concatenate([part.records[name] for part in parts]) for name in names
            },
            peaks={
                name: np.stack([part.peaks[name] for part in parts]).max(axis=0) for name in layers
            },
        )


def freeze(model: SpikeSsm) -> FrozenSpikeSsm:
    """Freeze a trained model.

    Parameters
    ----------
    model : SpikeSsm
        Trained; evaluation statistics of its normalisation are used.
    """
    readout = getattr(model, "readout", None)
    return FrozenSpikeSsm(
        config=model.config,
        embed=FrozenProjection.of(model.embed),
        blocks=tuple(
            _freeze_block(block, model.config) for block in model.blocks if isinstance(block, Block)
        ),
        readout=None if readout is None else FrozenProjection.of(readout),
        head=FrozenProjection.of(model.head),
    )


def _freeze_block(block: Block, config: SpikeSsmConfig) -> FrozenSsmBlock:
    with torch.no_grad():
        gain, offset = block.norm.affine()
        used = block.s4d.coefficients()
        neurons = block.neurons
        unit = float(1 << DECAY_BITS)
        decay = np.rint(used.decay.to(torch.complex128).numpy() * unit) / unit
        return FrozenSsmBlock(
            gain=gain.numpy(),
            offset=offset.numpy(),
            decay=decay,
            readout=used.readout.to(torch.complex128).numpy(),
            skip=used.skip.double().numpy(),
            neurons=FrozenNeurons(
                name=neurons.name,
                theta=neurons.theta.double().numpy(),
                refractory=neurons.refractory.double().numpy(),
                leak=round(config.tau * (1 << LEAK_BITS)),
                fade=round(config.refractory_decay * (1 << LEAK_BITS)),
                seed=seed_states(neurons.seed, len(neurons.log_theta)),
            ),
            value=FrozenProjection.of(block.value),
            gate=None if block.gate is None else FrozenProjection.of(block.gate),
        )
