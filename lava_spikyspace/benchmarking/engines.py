"""The batch engine against the PyTorch model, and how its time and memory grow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from importlib.util import find_spec
from itertools import product
from statistics import median
from typing import Any

import numpy as np

from lava_spikyspace.backends.batch import BatchBackend, usable_cores
from lava_spikyspace.benchmarking.measuring import Comparison, Growth, Peak, growth, in_turn
from lava_spikyspace.benchmarking.sizes import Size
from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import IntArray, Network
from lava_spikyspace.plan import make_plan
from lava_spikyspace.synthetic.networks import random_messages

TORCH_BATCHES = (1, 4, 8, 16, 24, 32, 64)
"""Batch sizes that the PyTorch model is tried with, each in one thread and in one per core; the
best counts. In a plain loop most operations are too small to gain from threads."""


def overlapping(network: Network, windows: int, seed: int = 1) -> IntArray:
    """Return consecutive windows of one random walk: a view of its rows."""
    long = replace(network, window=network.window + windows - 1)
    rows = random_messages(seed, long, 1)[0]
    view = np.lib.stride_tricks.sliding_window_view(rows, network.window, axis=0)
    return np.asarray(view.transpose(0, 2, 1))


def runner(network: Network, messages: IntArray) -> Callable[[], object]:
    """Return a call of the batch engine with its compiled kernels."""
    plan, engine = make_plan(network, "graded"), BatchBackend(kernels="fused")
    return lambda: engine.run(plan, messages)


def against_torch(size: Size, windows: int, repeats: int) -> Iterator[Comparison]:
    """Yield the batch engine against the forward pass of the PyTorch model at its best.

    The PyTorch model takes the batch size and number of threads that are fastest here
    (`TORCH_BATCHES`), and is measured twice: its scan as a loop over the steps, and in our own
    compiled kernel, which is part of training.

    Parameters
    ----------
    size : Size
        Of both models.
    windows : int
        Windows per call of the engine; the PyTorch model is timed on at most 64 of them, and both
        times are per window.
    repeats : int
        Counted repeats.
    """
    if find_spec("torch") is None:
        return
    network = size.network()
    fed = min(windows, max(TORCH_BATCHES))
    for scan in ("plain loop", "compiled scan"):
        forward, way = _best_forward(size, fed, compiled=scan == "compiled scan")
        for name, messages in (
            ("consecutive windows", overlapping(network, windows)),
            ("independent windows", random_messages(2, network, windows)),
        ):
            fast, slow = in_turn(runner(network, messages), forward, repeats)
            yield Comparison(
                f"{name}, PyTorch with {scan}",
                "batch engine",
                f"PyTorch forward, {scan}",
                "window",
                tuple(seconds.wall / windows for seconds in fast),
                tuple(seconds.wall / fed for seconds in slow),
                note=f"PyTorch at its best: {way}",
                processor_s=(
                    median(seconds.processor for seconds in fast) / windows,
                    median(seconds.processor for seconds in slow) / fed,
                ),
            )


def _best_forward(size: Size, windows: int, *, compiled: bool) -> tuple[Callable[[], object], str]:
    """Return the fastest forward pass of the PyTorch model over so many windows, and its settings.

    `compiled` says whether the scan runs in our compiled kernel, or as a loop over the steps in
    PyTorch alone.
    """
    import torch

    from lava_spikyspace.benchmarking.measuring import seconds_of
    from netx_export.config import ModelConfig
    from netx_export.scan import scan, selective_scan
    from netx_export.spikyspace import SpikySpace

    torch.manual_seed(0)
    config = ModelConfig(
        d_model=size.channels,
        window=size.window,
        horizon=size.horizon,
        layers=size.blocks,
        d_inner=size.d_inner,
        d_state=size.d_state,
        dt_rank=size.dt_rank,
    )
    model = SpikySpace(config).eval()
    for mixer in model.mixers:
        mixer.scan = scan if compiled else selective_scan
    inputs = torch.randn(windows, size.window, size.channels).cumsum(1) / 4

    def forward(count: int, batch: int, threads: int) -> None:
        torch.set_num_threads(threads)
        with torch.no_grad():
            for part in torch.split(inputs[:count], batch):
                model(part)

    def seconds(settings: tuple[int, int]) -> float:
        """Return the time of a window in one batch, after a batch that is not counted."""
        batch, _ = settings
        forward(batch, *settings)
        return seconds_of(lambda: forward(batch, *settings)) / batch

    batches = sorted({min(batch, windows) for batch in TORCH_BATCHES})
    batch, threads = min(product(batches, sorted({1, usable_cores()})), key=seconds)
    way = f"batches of {batch}, threads: {threads}"
    return lambda: forward(windows, batch, threads), way


def growths(size: Size, repeats: int) -> Iterator[Growth]:
    """Yield how the time of the batch engine grows with each size, in equal steps from `size`."""
    network = size.network()
    counts = [256, 512, 1024, 2048]
    yield growth(
        "windows",
        {n: runner(network, random_messages(3, network, n)) for n in counts},
        repeats,
    )
    for name, field, factors in (
        ("window length", "window", (1, 2, 4, 8)),
        ("variates", "channels", (1, 2, 4)),
        ("layers", "blocks", (1, 2, 3)),
    ):
        actions = {}
        for factor in factors:
            value = getattr(size, field) * factor
            grown = replace(size, **{field: value}).network()
            actions[value] = runner(grown, random_messages(3, grown, 256))
        yield growth(name, actions, repeats)


def peak_memory(size: Size, windows: int) -> Peak:
    """Return the peak memory of a process that evaluates so many windows of a table.

    Parameters
    ----------
    size : Size
        Of the network.
    windows : int
        Windows.
    """
    arguments = json.dumps({"size": asdict(size), "windows": windows})
    done = subprocess.run(
        [sys.executable, "-m", "lava_spikyspace.benchmarking.memory", arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InternalError(f"the process that measures memory failed: {done.stderr[-500:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return Peak(f"{windows} windows", float(found["mebibytes"]))
