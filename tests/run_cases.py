"""A small live network with a table that it can run on, as objects and as files."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lava_spikyspace.network import Network
from tests.random_networks import random_network


def small_network(**changes) -> Network:
    """Return a network of one block, enough for everything that is not about size."""
    sizes = {"channels": 4, "window": 6, "horizon": 2, "blocks": 1, "d_inner": 3, "d_state": 2}
    return random_network(7, **{**sizes, **changes})


def walk_values(network: Network, rows: int, seed: int = 1) -> np.ndarray:
    """Return random walks within the input range of a network, shape (rows, variates)."""
    steps = np.random.default_rng(seed).normal(size=(rows, network.channels))
    walks = np.clip(0.3 * np.cumsum(steps, axis=0), -8, 8)
    norm = network.normalisation
    return walks if norm.scale is None or norm.mean is None else walks * norm.scale + norm.mean


def write_csv(path: Path, names: tuple[str, ...], values: np.ndarray) -> Path:
    """Write a table whose values can be read back exactly."""
    lines = [",".join(names), *(",".join(map(repr, row)) for row in values.tolist())]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def with_provenance(network: Network, **entries) -> Network:
    return replace(network, provenance={**network.provenance, **entries})
