"""Compare a model file with its checkpoint, then find out where a damaged file parts from it.

    python examples/find_divergence.py model.net model.pt --data speeds.csv
    python examples/find_divergence.py     # trains a small model first

Shows: the frozen float model and the integers side by side, code by code, and how the first
divergence points at a fault. The fault is planted: the thresholds of one channel of the convolution
in block 0 are moved, as a wrong export or a flipped bit would move them. Needs torch (the extra
``export``).

Prints: agreement and forecast error of the file as it is; then of the damaged copy, with the first
code in which they part: layer, window, element and channel, which are those of the fault.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

import lava_spikyspace as lss
from lava_spikyspace.datasets import Table, read_table
from lava_spikyspace.demo import demo_data_path
from lava_spikyspace.network import Network
from netx_export.checkpoint import TrainedModel, load_checkpoint
from netx_export.comparing import Comparison, compare
from netx_export.config import ModelConfig, TrainConfig
from netx_export.exporting import export
from netx_export.training import fit

LAYER = "blocks.0.conv"


def main() -> None:
    """Compare twice."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, nargs="?", help="model.net")
    parser.add_argument("checkpoint", type=Path, nargs="?", help="model.pt")
    parser.add_argument("--data", type=Path, help="a table for both")
    options = parser.parse_args()
    if options.model is not None and options.checkpoint is None:
        parser.error("model.net needs its model.pt")
    table = read_table(options.data) if options.data else six_roads()
    if options.model is None:
        network, trained = small_model(table)
    else:
        network, trained = lss.load(options.model), load_checkpoint(options.checkpoint)

    show("The file as it is", compare(network, trained, table, windows=32))
    codes = lss.run(network, table, backend="batch", windows=32, record=True).records[LAYER]
    channel = int(np.count_nonzero(codes, axis=(0, 1)).argmax())  # the one that fires most
    found = compare(with_fault(network, channel), trained, table, windows=32)
    show(f"Thresholds of {LAYER}, channel {channel}, moved", found)


def with_fault(network: Network, channel: int) -> Network:
    """Return the network with the thresholds of one channel of `LAYER` moved up, far enough to see.

    They have shape (tap, channel, level): the first elements of a window have rows of their own.
    """
    layer = network[LAYER]
    theta = layer.theta.copy()
    theta[:, channel] += max(1, int(theta[-1, channel, -1] - theta[-1, channel, 0]))
    layers = tuple(
        replace(layer, theta=theta) if one.name == LAYER else one for one in network.layers
    )
    return replace(network, layers=layers)


def show(title: str, found: Comparison) -> None:
    """Print what a comparison found."""
    print(f"{title}:")
    differing = [layer for layer in found.layers if layer.equal < layer.codes]
    for layer in differing:
        print(f"  {layer.name}: {layer.codes - layer.equal} of {layer.codes} codes differ")
    print(f"  forecasts differ by {found.relative_l2:.2e} (relative L2)")
    first = found.first_divergence
    if first is None:
        print("  no code differs")
    else:
        print(
            f"  first divergence: {first.layer}, window {first.window}, element {first.element}, "
            f"channel {first.channel}: expected {first.expected}, found {first.found}"
        )


def six_roads() -> Table:
    """Return some variates of the bundled table."""
    table = read_table(demo_data_path())
    return table.match(table.names[:6])


def small_model(table: Table) -> tuple[Network, TrainedModel]:
    """Train a small model for a moment and export it."""
    sizes = ModelConfig(
        d_model=table.variates, window=12, horizon=3, layers=2, d_inner=12, d_state=4
    )
    briefly = TrainConfig(epochs=1, epoch_windows=512, valid_windows=128)
    trained = fit(table, sizes, briefly, split=(0.7, 0.2, 0.1))
    return export(trained, table).network, trained


if __name__ == "__main__":
    main()
