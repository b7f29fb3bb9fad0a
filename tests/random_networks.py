"""Random integer networks whose codes are live, with recorded windows, for parity tests."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lava_spikyspace import synthetic
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.network import Golden, IntArray, Network
from lava_spikyspace.netx.digests import record_digests
from lava_spikyspace.plan import make_plan
from lava_spikyspace.synthetic import code_entropies, random_messages
from lava_spikyspace.synthetic.networks import DEFAULT_BITS

__all__ = ["DEFAULT_BITS", "code_entropies", "random_messages", "random_network", "with_golden"]


def random_network(seed: int | np.random.Generator, *, golden: int = 2, **sizes) -> Network:
    """Return a network as `synthetic.random_network` makes it, with some windows recorded."""
    rng = np.random.default_rng(seed)
    network = synthetic.random_network(rng, **sizes)
    return with_golden(network, random_messages(rng, network, golden)) if golden else network


def with_golden(network: Network, messages: IntArray) -> Network:
    """Return the network with the given windows recorded."""
    result = BatchBackend().run(make_plan(network, "graded"), messages, record=True)
    digests = record_digests(result.records)
    return replace(
        network, golden=Golden(inputs=messages, forecasts=result.forecasts, digests=digests)
    )
