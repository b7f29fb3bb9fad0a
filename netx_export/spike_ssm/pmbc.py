"""Parallel max-min boundary compression: neurons over a whole sequence without a loop over time.

The potential of a soft-reset neuron with refractory current is linear in its spikes,

    u_t = base_t - sum_{k>=1} g_k s_{t-k},    g_k >= 0,

so bounds of the spikes bound the potential. Each round takes the spikes that are certain as they
are and those that are open as all-zero (upper bound of u) and all-one (lower bound); where the
lower bound reaches the threshold a spike is certain, where the upper bound stays below it silence
is. The first open step is always settled, so as many rounds as steps are exact; few rounds settle
nearly all where the leak forgets quickly. What is still open is decided by the upper bound.

Source: the idea of PMBC in SPikE-SSM (arXiv 2410.17268); the equations are in
`netx_export.spike_ssm`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Boundaries:
    """What the rounds found.

    Parameters
    ----------
    spikes : Tensor
        0 or 1, shape (batch, length, channels).
    settled : Tensor
        bool, same shape: certain, and equal to the loop over time.
    potential : Tensor
        u of all steps, given these spikes; carries the gradient of current, threshold and
        refractory current, with spikes as constants.
    """

    spikes: Tensor
    settled: Tensor
    potential: Tensor

    @property
    def unresolved(self) -> float:
        """Share of steps that were decided by the upper bound."""
        return float(1.0 - self.settled.double().mean().item())


def reset_kernel(
    theta: Tensor, refractory: Tensor, *, tau: float, decay: float, length: int
) -> Tensor:
    """Return how much a spike lowers the potential k steps later.

    Parameters
    ----------
    theta, refractory : Tensor
        Shape (channels,).
    tau, decay : float
        Leak of the membrane and of the refractory current.
    length : int
        Steps.

    Returns
    -------
    Tensor
        g, shape (length, channels); ``g[0] = 0``. With ``q_k = kr**(k-1) r`` the refractory current
        after a spike, ``g_k = theta tau**(k-1) + sum_{j=1..k} tau**(k-j) q_j``.
    """
    steps = torch.arange(length, dtype=theta.dtype)
    leak = tau ** (steps - 1).clamp(min=0)
    fade = decay ** (steps - 1).clamp(min=0)
    leak[0] = fade[0] = 0.0
    # sum_{j=1..k} tau**(k-j) kr**(j-1), as a recursion: no difference of close numbers.
    pressure = torch.zeros_like(steps)
    total = 0.0
    for k in range(1, length):
        total = tau * total + float(fade[k])
        pressure[k] = total
    kernel: Tensor = leak[:, None] * theta + pressure[:, None] * refractory
    return kernel


def causal_conv(x: Tensor, kernel: Tensor) -> Tensor:
    """Return ``y_t = sum_k kernel_k x_{t-k}`` along axis 1.

    Parameters
    ----------
    x : Tensor
        Shape (batch, length, channels).
    kernel : Tensor
        Shape (length, channels).
    """
    size = 2 * x.shape[1]
    spectrum = torch.fft.rfft(x, n=size, dim=1) * torch.fft.rfft(kernel, n=size, dim=0)
    y: Tensor = torch.fft.irfft(spectrum, n=size, dim=1)[:, : x.shape[1]]
    return y


def compress_boundaries(
    current: Tensor,
    theta: Tensor,
    refractory: Tensor,
    *,
    tau: float,
    decay: float,
    rounds: int,
) -> Boundaries:
    """Find the spikes of a whole sequence.

    Parameters
    ----------
    current : Tensor
        Input current, shape (batch, length, channels).
    theta, refractory : Tensor
        Threshold and refractory current of a spike, both >= 0, shape (channels,).
    tau, decay : float
        Leak of the membrane and of the refractory current, 0..1.
    rounds : int
        Rounds M, at least 1; as many as steps are exact.
    """
    length = current.shape[1]
    leak = (tau ** torch.arange(length, dtype=current.dtype))[:, None].expand(-1, theta.shape[0])
    kernel = reset_kernel(theta, refractory, tau=tau, decay=decay, length=length)
    base = causal_conv(current, leak)
    with torch.no_grad():
        spikes = torch.zeros_like(base)
        unknown = torch.ones_like(base)
        upper = base
        for _ in range(rounds):
            upper = base - causal_conv(spikes, kernel)
            lower = upper - causal_conv(unknown, kernel)
            fires = (unknown > 0) & (lower >= theta)
            silent = (unknown > 0) & (upper < theta)
            spikes = torch.where(fires, 1.0, spikes)
            unknown = torch.where(fires | silent, 0.0, unknown)
            if not unknown.any():
                break
        settled = unknown == 0
        upper = base - causal_conv(spikes, kernel)
        spikes = torch.where(settled, spikes, (upper >= theta).to(spikes.dtype))
    potential = base - causal_conv(spikes, kernel)
    return Boundaries(spikes, settled, potential)
