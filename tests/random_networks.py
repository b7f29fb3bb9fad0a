"""Random integer networks whose codes are live, with recorded windows, for parity tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from lava_spikyspace import synthetic
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.intervals import prove_ranges, with_ranges
from lava_spikyspace.network import Golden, IntArray, Network, ScanLayer
from lava_spikyspace.netx.digests import record_digests
from lava_spikyspace.plan import make_plan
from lava_spikyspace.synthetic import code_entropies, random_messages
from lava_spikyspace.synthetic.networks import DEFAULT_BITS

__all__ = [
    "DEFAULT_BITS",
    "code_entropies",
    "random_messages",
    "random_network",
    "with_first_states",
    "with_golden",
]


def random_network(
    seed: int | np.random.Generator, *, golden: int = 2, first: Sequence[float] = (), **sizes
) -> Network:
    """Return a network as `synthetic.random_network` makes it, with some windows recorded.

    `first` are the offsets of the first states of a window, as `with_first_states` takes them.
    """
    rng = np.random.default_rng(seed)
    network = synthetic.random_network(rng, **sizes)
    if first:
        network = with_first_states(network, first)
    return with_golden(network, random_messages(rng, network, golden)) if golden else network


def with_first_states(network: Network, offsets: Sequence[float]) -> Network:
    """Return a network whose first states have levels and thresholds of their own.

    Parameters
    ----------
    network : Network
        Without recorded windows.
    offsets : sequence of float
        By element, in steps between two levels.
    """

    def shifted(layer: ScanLayer) -> ScanLayer:
        step = int(np.diff(layer.level[:2])[0]) if len(layer.level) > 1 else 1
        return replace(layer, state_offset=(np.array(offsets) * step).astype(np.int64))

    layers = [shifted(layer) if isinstance(layer, ScanLayer) else layer for layer in network]
    network = replace(network, layers=tuple(layers))
    return with_ranges(network, prove_ranges(network))


def with_golden(network: Network, messages: IntArray) -> Network:
    """Return the network with the given windows recorded."""
    result = BatchBackend().run(make_plan(network, "graded"), messages, record=True)
    digests = record_digests(result.records)
    return replace(
        network, golden=Golden(inputs=messages, forecasts=result.forecasts, digests=digests)
    )
