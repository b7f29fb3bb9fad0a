"""Spiking neurons over whole sequences: reference loop, compiled kernel, and PMBC.

`refractory`, `soft_reset` (no refractory current) and `hard_reset` (a spike clears the membrane, as
in SpikingSSMs, AAAI 2025) are one recursion; `bernoulli` (in the manner of P-SpikeSSM, ICLR 2025)
has no memory: it spikes with probability ``clip(I / theta, 0, 1)``.

Gradients: a spike's dependence on its potential is replaced by an arctangent surrogate; within the
reset and the refractory current spikes are constants. All engines have the same gradients.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from lava_spikyspace.arithmetic.random24 import random_sequence, seed_states
from lava_spikyspace.errors import InternalError
from netx_export.autograd import Context
from netx_export.spike_ssm import kernels
from netx_export.spike_ssm.pmbc import Boundaries, compress_boundaries
from netx_export.threads import share

NeuronName = Literal["refractory", "soft_reset", "hard_reset", "bernoulli"]
Engine = Literal["compiled", "pmbc", "loop"]

SURROGATE_WIDTH = 1.0
"""Half-width of the surrogate in units of the threshold."""

MIN_THETA = 1e-3
"""Smallest threshold: keeps the reset a reset."""


def surrogate_slope(distance: Tensor, theta: Tensor) -> Tensor:
    """Return the slope that stands for the derivative of a spike.

    Parameters
    ----------
    distance : Tensor
        ``u - theta``, shape (batch, length, channels).
    theta : Tensor
        Threshold, shape (channels,); sets the scale.

    Returns
    -------
    Tensor
        ``1 / (theta * (1 + (pi * distance / theta)**2))``: the derivative of an arctangent that
        rises by 1 in all.
    """
    scale = surrogate_width(theta)
    slope: Tensor = 1.0 / (scale * (1.0 + (math.pi * distance / scale).square()))
    return slope


def surrogate_width(theta: Tensor) -> Tensor:
    """Return the width of the surrogate of each channel, without a gradient."""
    return theta.detach() * SURROGATE_WIDTH


class _Spike(torch.autograd.Function):
    """Given spikes forward, the surrogate backward."""

    @staticmethod
    def forward(ctx: Context, distance: Tensor, theta: Tensor, spikes: Tensor) -> Tensor:
        ctx.save_for_backward(distance, theta)
        return spikes.clone()

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        distance, theta = ctx.saved_tensors
        return gradients[0] * surrogate_slope(distance, theta), None, None


def spike_through(distance: Tensor, theta: Tensor, spikes: Tensor) -> Tensor:
    """Return `spikes`, with the surrogate gradient with respect to `distance`."""
    y: Tensor = _Spike.apply(distance, theta, spikes)  # type: ignore[no-untyped-call]
    return y


def sequential(
    current: Tensor,
    theta: Tensor,
    refractory: Tensor,
    *,
    tau: float,
    decay: float,
    hard: bool = False,
) -> Tensor:
    """Run neurons step by step in plain PyTorch: the reference.

    Parameters
    ----------
    current : Tensor
        Shape (batch, length, channels).
    theta, refractory : Tensor
        Threshold and refractory current of a spike, shape (channels,).
    tau, decay : float
        Leak of the membrane and of the refractory current.
    hard : bool
        Whether a spike clears the membrane.

    Returns
    -------
    Tensor
        Spikes, 0 or 1, shape (batch, length, channels).
    """
    u = current.new_zeros(current.shape[0], current.shape[2])
    spike, pressure = torch.zeros_like(u), torch.zeros_like(u)
    spikes = []
    for one in current.unbind(1):
        past = spike.detach()
        pressure = decay * pressure + refractory * past
        kept = tau * (u * (1 - past)) if hard else tau * u - theta * past
        u = kept + one - pressure
        spike = spike_through(u - theta, theta, (u >= theta).to(u.dtype))
        spikes.append(spike)
    return torch.stack(spikes, dim=1)


class _Compiled(torch.autograd.Function):
    """The same with compiled loops."""

    @staticmethod
    def forward(
        ctx: Context,
        current: Tensor,
        theta: Tensor,
        refractory: Tensor,
        tau: float,
        decay: float,
        hard: bool,
    ) -> Tensor:
        current = current.contiguous()
        spikes, membrane = torch.empty_like(current), torch.empty_like(current)
        share(
            kernels.forward,
            kernels.tasks(current.shape[0], current.shape[2]),
            current.detach().numpy(),
            theta.detach().numpy(),
            refractory.detach().numpy(),
            numbers := kernels.constants(tau, decay, current.detach().numpy().dtype),
            hard,
            spikes.numpy(),
            membrane.numpy(),
        )
        ctx.save_for_backward(membrane, theta)
        ctx.constants = (numbers, hard)
        return spikes

    @staticmethod
    def backward(ctx: Context, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        membrane, theta = ctx.saved_tensors
        gradient = gradients[0].contiguous()
        width = surrogate_width(theta)
        to_current = torch.empty_like(gradient)
        sums = gradient.new_empty(2, gradient.shape[0], gradient.shape[2])
        arrays = [x.detach().contiguous().numpy() for x in (gradient, membrane, theta, width)]
        results = [x.numpy() for x in (to_current, sums[0], sums[1])]
        tasks = kernels.tasks(gradient.shape[0], gradient.shape[2])
        share(kernels.backward, tasks, *arrays, *ctx.constants, *results)
        return to_current, sums[0].sum(0), sums[1].sum(0), None, None, None


def compiled(
    current: Tensor,
    theta: Tensor,
    refractory: Tensor,
    *,
    tau: float,
    decay: float,
    hard: bool = False,
) -> Tensor:
    """Run neurons with the compiled kernels; parameters and result as in `sequential`."""
    y: Tensor = _Compiled.apply(current, theta, refractory, tau, decay, hard)  # type: ignore[no-untyped-call]
    return y


def parallel(
    current: Tensor,
    theta: Tensor,
    refractory: Tensor,
    *,
    tau: float,
    decay: float,
    rounds: int,
) -> tuple[Tensor, Boundaries]:
    """Run neurons over the whole sequence at once; see `netx_export.spike_ssm.pmbc`.

    Returns
    -------
    spikes : Tensor
        As in `sequential`, wherever they were settled.
    boundaries : Boundaries
        What was settled and what had to be decided.
    """
    found = compress_boundaries(current, theta, refractory, tau=tau, decay=decay, rounds=rounds)
    distance = found.potential - theta
    return spike_through(distance, theta, found.spikes), found


class SpikingNeurons(nn.Module):
    """A layer of spiking neurons with a trainable threshold per channel.

    Parameters
    ----------
    channels : int
        Neurons.
    name : str
        ``refractory``, ``soft_reset``, ``hard_reset`` or ``bernoulli``.
    tau : float
        Leak of the membrane, 0..1.
    decay : float
        Decay kr of the refractory current, 0..1.
    engine : str
        ``compiled`` (default), ``pmbc`` or ``loop``.
    rounds : int
        Rounds M of ``pmbc``.
    seed : int
        Of the numbers of ``bernoulli``.

    Attributes
    ----------
    log_theta : Parameter
        Logarithm of the threshold, shape (channels,).
    raw_refractory : Parameter
        Its absolute value is the magnitude r of the refractory current, shape (channels,).
    unresolved : float
        Share of spikes that the last call with ``pmbc`` left open and decided by the upper bound.
    """

    def __init__(
        self,
        channels: int,
        name: NeuronName = "refractory",
        *,
        tau: float = 0.2,
        decay: float = 0.5,
        engine: Engine = "compiled",
        rounds: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if engine == "pmbc" and name in ("hard_reset", "bernoulli"):
            raise InternalError(f"{name} neurons are not linear in their spikes: no PMBC")
        self.name, self.tau, self.decay = name, tau, decay
        self.engine, self.rounds, self.seed = engine, rounds, seed
        self.log_theta = nn.Parameter(torch.zeros(channels))
        self.raw_refractory = nn.Parameter(torch.full((channels,), 0.1))
        if name != "refractory":
            self.raw_refractory.requires_grad_(False)
        self.unresolved = 0.0

    @property
    def theta(self) -> Tensor:
        """Thresholds, shape (channels,)."""
        return torch.exp(self.log_theta).clamp(min=MIN_THETA)

    @property
    def refractory(self) -> Tensor:
        """Refractory current of a spike, shape (channels,); 0 where the neuron has none."""
        if self.name != "refractory":
            return torch.zeros_like(self.raw_refractory)
        return self.raw_refractory.abs()

    def forward(self, current: Tensor) -> Tensor:
        """Return the spikes (0 or 1) of input currents (batch, length, channels)."""
        if self.name == "bernoulli":
            return self._sampled(current)
        theta, refractory = self.theta.to(current.dtype), self.refractory.to(current.dtype)
        hard = self.name == "hard_reset"
        if self.engine == "pmbc":
            spikes, found = parallel(
                current, theta, refractory, tau=self.tau, decay=self.decay, rounds=self.rounds
            )
            self.unresolved = found.unresolved
            return spikes
        run = compiled if self.engine == "compiled" else sequential
        return run(current, theta, refractory, tau=self.tau, decay=self.decay, hard=hard)

    def noise(self, length: int) -> Tensor:
        """Return the numbers in 0..1 that Bernoulli neurons compare with, (length, channels).

        They are the integers of `arithmetic.random24` over 2**24: every engine draws the same, in
        every window anew.
        """
        states = seed_states(self.seed, self.log_theta.shape[0])
        return torch.from_numpy(random_sequence(states, length) / float(1 << 24))

    def _sampled(self, current: Tensor) -> Tensor:
        theta = self.theta.to(current.dtype)
        if self.training:
            noise = torch.rand_like(current)
        else:
            noise = self.noise(current.shape[1]).to(current.dtype)
        chance = current / theta
        spikes = (current >= theta * noise).to(current.dtype)
        # Straight through, where the chance is one.
        inside = ((chance >= 0) & (chance <= 1)).to(current.dtype)
        return spikes + (chance - chance.detach()) * inside

    def extra_repr(self) -> str:
        """Describe the neurons in the module's printout."""
        return f"{self.name}, tau={self.tau}, decay={self.decay}, engine={self.engine}"
