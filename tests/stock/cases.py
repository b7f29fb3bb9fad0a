"""Networks and inputs on which lava-dl and we have to agree."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from tests.netx.stock.building import (
    Layer,
    awkward_weights,
    chain_of_dense_layers,
    convolutions_in_groups,
    sdnn,
    write_stock,
)

BUILDERS: dict[str, Callable[[], list[Layer]]] = {
    "dense_chain": chain_of_dense_layers,
    "grouped_convs": convolutions_in_groups,
    "awkward_weights": awkward_weights,
    "grouped_sdnn": lambda: convolutions_in_groups(sdnn()),
}
"""Networks of our own, by name."""


@dataclass(frozen=True)
class Case:
    """One run of a network.

    Parameters
    ----------
    network : str
        File in the shared data, or a key of `BUILDERS`.
    shape : tuple of int
        Shape of a step of the input.
    steps : int
        Steps.
    feed : str
        How the input gets in; see `lava_spikyspace.netx.stock.selection.Feed`.
    lowest, highest : int
        Range of the values that are not 0.
    density : float
        Share of the values that are not 0.
    settings : mapping
        Parameters that `run_stock` and lava-dl's `Network` have in common.
    input_bits : int
        Width of input messages.
    on_lava_runtime : bool
        Whether the oracle runs it on Lava's own runtime as well.
    """

    network: str
    shape: tuple[int, ...]
    steps: int
    feed: str
    lowest: int = 1
    highest: int = 1
    density: float = 0.3
    settings: dict[str, Any] = field(default_factory=dict)
    input_bits: int = 0
    on_lava_runtime: bool = False

    def values(self) -> np.ndarray:
        """Return the input, the same in every call."""
        rng = np.random.default_rng(crc32(self.network.encode()))
        size = (self.steps, *self.shape)
        active = rng.random(size) < self.density
        return active * rng.integers(self.lowest, self.highest + 1, size)

    def file(self, folder: Path, data: Path | None) -> Path:
        """Return the file; of our own networks, made in `folder`."""
        if self.network in BUILDERS:
            path = folder / f"{self.network}.net"
            return path if path.exists() else write_stock(path, BUILDERS[self.network]())
        assert data is not None
        return data / "netx" / self.network

    def plain_file(self, folder: Path, data: Path | None) -> Path:
        """Return the file as HDF5 without compression, which lava-dl needs."""
        path = self.file(folder, data)
        if path.suffix != ".gz":
            return path
        target = folder / path.stem
        with gzip.open(path) as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        return target


RESET = {"reset_interval": 4}
LATE_RESET = {"reset_interval": 5, "reset_offset": 3}
GRADED = {"lowest": -8, "highest": 7, "input_bits": 4}
BIAS = {"lowest": -200, "highest": 1500}
SIGMA_DELTA = {"lowest": -200 * 64, "highest": 200 * 64}

CASES: dict[str, Case] = {
    "mnist, spikes": Case("mnist_tutorial.net", (784,), 12, "spikes", on_lava_runtime=True),
    "mnist, spikes, reset": Case("mnist_tutorial.net", (784,), 12, "spikes", settings=RESET),
    "mnist, graded": Case("mnist_tutorial.net", (784,), 12, "messages", **GRADED),
    "mnist, graded, reset": Case(
        "mnist_tutorial.net", (784,), 12, "messages", **GRADED, settings=LATE_RESET
    ),
    "mnist, two layers": Case(
        "mnist_tutorial.net", (784,), 9, "spikes", settings={"num_layers": 2}
    ),
    "mnist, last layers": Case(
        "mnist_tutorial.net", (128,), 9, "spikes", settings={"skip_layers": 1}
    ),
    "oxford, spikes": Case("oxford.net", (200,), 60, "spikes", density=0.02, lowest=-3, highest=3),
    "oxford, spikes, reset": Case(
        "oxford.net", (200,), 60, "spikes", density=0.02, settings=LATE_RESET
    ),
    "oxford, graded": Case("oxford.net", (200,), 60, "messages", density=0.02, **GRADED),
    "oxford, graded, reset": Case(
        "oxford.net", (200,), 60, "messages", density=0.02, **GRADED, settings=RESET
    ),
    "bootstrap, bias": Case("mnist_bootstrap.net.gz", (784,), 10, "bias", **BIAS),
    "bootstrap, bias, reset": Case(
        "mnist_bootstrap.net.gz", (784,), 10, "bias", **BIAS, settings=RESET
    ),
    "bootstrap, spikes": Case(
        "mnist_bootstrap.net.gz", (784,), 10, "spikes", settings={"skip_layers": 1}
    ),
    "bootstrap, spikes, reset": Case(
        "mnist_bootstrap.net.gz", (784,), 10, "spikes", settings={"skip_layers": 1, **RESET}
    ),
    "tiny, bias": Case("tiny.net", (16, 16, 3), 8, "bias", **BIAS, on_lava_runtime=True),
    "tiny, bias, reset": Case("tiny.net", (16, 16, 3), 10, "bias", **BIAS, settings=LATE_RESET),
    "tiny, spikes": Case("tiny.net", (16, 16, 3), 10, "spikes", settings={"skip_layers": 1}),
    "tiny, spikes, reset": Case(
        "tiny.net", (16, 16, 3), 10, "spikes", settings={"skip_layers": 1, **RESET}
    ),
    "tiny, graded values that count once": Case(
        "tiny.net", (16, 16, 3), 8, "spikes", settings={"skip_layers": 1}, **GRADED
    ),
    "square, graded": Case(
        "pilotnet_sdnn_square.net.gz",
        (33, 33, 3),
        7,
        "messages",
        **SIGMA_DELTA,
        settings={"skip_layers": 1},
    ),
    "square, values": Case(
        "pilotnet_sdnn_square.net.gz", (33, 33, 3), 7, "values", lowest=-200, highest=200
    ),
    "square, reset": Case(
        "pilotnet_sdnn_square.net.gz",
        (33, 33, 3),
        6,
        "messages",
        **SIGMA_DELTA,
        settings={"skip_layers": 1, **RESET},
    ),
    "pilotnet sdnn, from the third convolution": Case(
        "pilotnet_sdnn.net",
        (24, 7, 36),
        9,
        "messages",
        **SIGMA_DELTA,
        settings={"skip_layers": 3},
    ),
    "pilotnet lif, from the fourth convolution": Case(
        "pilotnet_lif.net", (24, 7, 48), 9, "spikes", settings={"skip_layers": 4}
    ),
    "pilotnet lif, from the fourth convolution, reset": Case(
        "pilotnet_lif.net", (24, 7, 48), 9, "spikes", settings={"skip_layers": 4, **LATE_RESET}
    ),
    "delays and recurrence, spikes": Case("dense_chain", (12,), 90, "spikes", on_lava_runtime=True),
    "delays and recurrence, spikes, reset": Case(
        "dense_chain", (12,), 90, "spikes", settings={"reset_interval": 7, "reset_offset": 2}
    ),
    "delays and recurrence, graded": Case("dense_chain", (12,), 90, "messages", **GRADED),
    "delays and recurrence, graded, reset": Case(
        "dense_chain", (12,), 90, "messages", **GRADED, settings=LATE_RESET
    ),
    "awkward weights, spikes": Case("awkward_weights", (8,), 40, "spikes"),
    "awkward weights, graded": Case("awkward_weights", (8,), 40, "messages", **GRADED),
    "groups and dilation, bias": Case("grouped_convs", (7, 9, 4), 20, "bias", **BIAS),
    "groups and dilation, bias, reset": Case(
        "grouped_convs", (7, 9, 4), 20, "bias", **BIAS, settings=RESET
    ),
    "groups and dilation, spikes": Case(
        "grouped_convs", (7, 9, 4), 20, "spikes", settings={"skip_layers": 1}
    ),
    "groups and dilation, spikes, reset": Case(
        "grouped_convs", (7, 9, 4), 20, "spikes", settings={"skip_layers": 1, **RESET}
    ),
    "groups and dilation, graded": Case(
        "grouped_sdnn", (7, 9, 4), 20, "messages", **SIGMA_DELTA, settings={"skip_layers": 1}
    ),
    "groups and dilation, values": Case(
        "grouped_sdnn", (7, 9, 4), 20, "values", lowest=-200, highest=200
    ),
}

SLOW_CASES: dict[str, Case] = {
    "pilotnet lif, bias": Case("pilotnet_lif.net", (200, 66, 3), 14, "bias", **BIAS),
    "pilotnet lif, bias, reset": Case(
        "pilotnet_lif.net", (200, 66, 3), 14, "bias", **BIAS, settings=LATE_RESET
    ),
    "pilotnet lif, spikes": Case(
        "pilotnet_lif.net", (200, 66, 3), 12, "spikes", settings={"skip_layers": 1}
    ),
    "pilotnet lif, spikes, reset": Case(
        "pilotnet_lif.net", (200, 66, 3), 12, "spikes", settings={"skip_layers": 1, **RESET}
    ),
    "pilotnet sdnn, graded": Case(
        "pilotnet_sdnn.net",
        (100, 33, 3),
        14,
        "messages",
        **SIGMA_DELTA,
        settings={"skip_layers": 1},
    ),
    "pilotnet sdnn, values": Case(
        "pilotnet_sdnn.net", (100, 33, 3), 14, "values", lowest=-200, highest=200
    ),
    "square on Lava's runtime": Case(
        "pilotnet_sdnn_square.net.gz",
        (33, 33, 3),
        6,
        "values",
        lowest=-200,
        highest=200,
        on_lava_runtime=True,
    ),
}
