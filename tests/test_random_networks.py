"""The networks that other tests build on are valid, live and reproducible."""

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.network import EXACT_BITS, MESSAGE_BITS, RmsNormLayer
from lava_spikyspace.netx.encode import encode, networks_equal
from lava_spikyspace.netx.examine import examine_values
from lava_spikyspace.netx.rules.widths import check_proof
from lava_spikyspace.plan import make_plan
from tests.random_networks import DEFAULT_BITS, code_entropies, random_messages, random_network

LIVE_ENTROPY = 0.5
SHAPES = {
    "plain": {},
    "wide": {"wide": True},
    "tight": {"tight": True},
    "tight, large": {"tight": True, "channels": 40, "d_inner": 20, "d_state": 16, "blocks": 1},
    "broad": {"broad": True},
    "broad, large": {"broad": True, "channels": 40, "d_inner": 20, "d_state": 16, "blocks": 1},
    "one layer": {"blocks": 1, "channels": 7},
    "d_inner 1": {"d_inner": 1},
    "d_state 1": {"d_state": 1},
    "window 1": {"window": 1},
    "d_conv 1": {"d_conv": 1},
    "d_conv 5": {"d_conv": 5},
    "horizon 1": {"horizon": 1},
    "1 bit": {"bits": dict.fromkeys(DEFAULT_BITS, 1)},
    "3 bits": {"bits": dict.fromkeys(DEFAULT_BITS, 3)},
    "4 bits": {"bits": dict.fromkeys(DEFAULT_BITS, 4)},
    "mixed bits": {"bits": {"c": 3, "s": 1, "delta": 4, "x": 3, "y": 1}},
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", SHAPES)
def test_valid_live_and_within_their_ranges(shape, seed):
    network = random_network(seed, **SHAPES[shape])
    examination = examine_values(encode(network))
    assert examination.findings == ()
    assert list(check_proof(examination.draft)) == []
    messages = random_messages(100 + seed, network, 32)
    entropies = code_entropies(network, messages)
    assert min(entropies.values()) >= LIVE_ENTROPY, entropies
    plan = make_plan(network, "graded")
    BatchBackend().run(plan, messages, strict=True)
    BatchBackend().run(plan, random_messages(0, network, 8, extremes=True), strict=True)


def test_the_same_seed_gives_the_same_network():
    assert networks_equal(random_network(4), random_network(4))
    assert networks_equal(random_network(4), random_network(np.random.default_rng(4)))
    assert not networks_equal(random_network(4), random_network(5))


@pytest.mark.parametrize("seed", range(3))
def test_tight_networks_are_within_one_bit_of_the_limits(seed):
    network = random_network(seed, tight=True)
    for layer in network:
        widths = {name: interval.bits for name, interval in layer.ranges.items()}
        if "comparison" in widths:
            assert widths["comparison"] >= EXACT_BITS - 1
        if "product" in widths:
            assert widths["product"] >= EXACT_BITS - 1
            assert widths["message"] >= MESSAGE_BITS - 1
        if isinstance(layer, RmsNormLayer):
            assert widths["message"] == MESSAGE_BITS


def test_wide_networks_have_limbs_everywhere_that_layers_can():
    network = random_network(0, wide=True)
    limbs = [layer.limbs for layer in network if hasattr(layer, "limbs")]
    assert len(limbs) == 6
    assert all(limbs)
    assert not any(layer.limbs for layer in random_network(0) if hasattr(layer, "limbs"))
