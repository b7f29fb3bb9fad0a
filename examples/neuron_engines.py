"""Refractory neurons over whole sequences: plain loop, PMBC and the compiled kernel, side by side.

    python examples/neuron_engines.py

Shows: the three engines of `netx_export.spike_ssm.neurons` forward and backward on the same
currents, for the lengths and batches given.
Prints: for each of them the time of the plain PyTorch loop, how many times faster the others are,
and the share of spikes that PMBC left open. The best of `--repeat` runs counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
from torch import Tensor

from netx_export.spike_ssm.neurons import compiled, parallel, sequential

TAU, DECAY, ROUNDS = 0.2, 0.5, 3


def main() -> None:
    """Measure and print one row for each length and batch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", type=int, nargs="+", default=[1024, 8192])
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 64])
    parser.add_argument("--channels", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=2)
    given = parser.parse_args()
    print("length  batch  channels  loop [s]   PMBC  compiled  left open")
    for length in given.lengths:
        for batch in given.batches:
            loop, pmbc, kernel, left = measure(batch, length, given.channels, given.repeat)
            print(
                f"{length:6d}  {batch:5d}  {given.channels:8d}  {loop:8.3f}  {loop / pmbc:4.1f}x"
                f"  {loop / kernel:7.1f}x  {left:9.3%}",
                flush=True,
            )


def measure(
    batch: int, length: int, channels: int, repeat: int
) -> tuple[float, float, float, float]:
    """Return the seconds of loop, PMBC and kernel, and the share that PMBC left open."""
    torch.manual_seed(0)
    current = torch.randn(batch, length, channels, requires_grad=True)
    theta = torch.ones(channels, requires_grad=True)
    refractory = torch.full((channels,), 0.1, requires_grad=True)
    given = (current, theta, refractory)
    with torch.no_grad():
        _, found = parallel(*given, tau=TAU, decay=DECAY, rounds=ROUNDS)
    engines: tuple[Callable[[], Tensor], ...] = (
        lambda: sequential(*given, tau=TAU, decay=DECAY),
        lambda: parallel(*given, tau=TAU, decay=DECAY, rounds=ROUNDS)[0],
        lambda: compiled(*given, tau=TAU, decay=DECAY),
    )
    engines[2]().sum().backward()  # compiles
    loop, pmbc, kernel = (min(_seconds(engine) for _ in range(repeat)) for engine in engines)
    return loop, pmbc, kernel, found.unresolved


def _seconds(engine: Callable[[], Tensor]) -> float:
    started = time.perf_counter()
    engine().sum().backward()  # type: ignore[no-untyped-call]
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
