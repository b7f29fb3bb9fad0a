"""Every Var and every message has the same bits as with Lava's own runtime."""

import numpy as np
import pytest

pytest.importorskip("lava")

from lava_spikyspace.runtime.inprocess import InProcessRuntime, building
from tests.runtime.inprocess.scenarios import NEEDED_MODULES, SCENARIOS

# Casting to a smaller dtype is what the scenario `dtypes` is about.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")

ORDERS = {
    "best order": lambda order: order,
    "reversed order": lambda order: order[::-1],
    "shuffled order": lambda order: list(np.random.default_rng(5).permutation(order)),
}


def assert_same_bits(found, expected):
    assert found.keys() == expected.keys()
    for label, value in expected.items():
        assert found[label].dtype == value.dtype, label
        np.testing.assert_array_equal(found[label], value, err_msg=label)
        # Also the sign of a zero.
        assert found[label].tobytes() == value.tobytes(), label


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_same_bits_as_lavas_runtime(name, order, stock_results, monkeypatch):
    pytest.importorskip(NEEDED_MODULES.get(name, "lava"))
    natural = building.running_order
    monkeypatch.setattr(building, "running_order", lambda exe: ORDERS[order](natural(exe)))
    scenario = SCENARIOS[name]()
    with InProcessRuntime(scenario.process, scenario.run_cfg):
        found = scenario.run()
    assert_same_bits(found, stock_results[name])


@pytest.mark.parametrize("name", SCENARIOS)
def test_something_happens_in_each_scenario(name, stock_results):
    """An all-zero Var would be the same in any runtime."""
    pytest.importorskip(NEEDED_MODULES.get(name, "lava"))
    silent = [label for label, value in stock_results[name].items() if not np.any(value)]
    assert not silent


def test_get_returns_the_models_own_dtype(stock_results):
    scenario = SCENARIOS["lif_dense_chain"]()
    with InProcessRuntime(scenario.process, scenario.run_cfg) as runtime:
        scenario.run()
        for label, var in scenario.reads.items():
            value = runtime.get(var)
            assert value.dtype == getattr(runtime.model(var.process), var.name).dtype
            assert value.dtype.kind in "iu"
            np.testing.assert_array_equal(value, stock_results["lif_dense_chain"][label])
