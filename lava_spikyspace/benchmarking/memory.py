"""A process of its own that evaluates a table and tells its peak memory: see `peak_memory`."""

from __future__ import annotations

import json
import resource
import sys

import numpy as np

from lava_spikyspace.benchmarking.sizes import Size


def main(arguments: str) -> None:
    """Evaluate windows of a random walk and print the peak as JSON."""
    from lava_spikyspace.evaluation import evaluate

    asked = json.loads(arguments)
    network = Size(**asked["size"]).network()
    rows = asked["windows"] + network.window + network.horizon
    norm = network.normalisation
    steps = np.random.default_rng(0).normal(size=(rows, network.channels))
    walks = np.cumsum(steps, axis=0)
    walks = walks / np.abs(walks).max(axis=0)
    if norm.mean is not None and norm.scale is not None:
        walks = walks * norm.scale + norm.mean
    share = asked["windows"] / (rows - network.window - network.horizon + 1)
    evaluate(network, walks, split=(1 - share, 0.0, share), part="test", clip_input=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"mebibytes": peak}))


if __name__ == "__main__":
    main(sys.argv[1])
