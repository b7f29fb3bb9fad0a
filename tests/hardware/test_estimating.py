import numpy as np
import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.accounting.comparing import PaperEstimate
from lava_spikyspace.hardware.chip_estimate import ChipEstimate
from lava_spikyspace.hardware.estimating import estimate
from lava_spikyspace.inputs import load
from lava_spikyspace.plan import CODINGS
from lava_spikyspace.running import run
from netx_export.writer import write_network
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def network():
    return random_network(2, golden=2)


def test_the_kind_of_the_profile_decides(network):
    assert isinstance(estimate(network, "loihi2"), ChipEstimate)
    assert isinstance(estimate(network, "cmos45"), PaperEstimate)


def test_both_codings_stand_side_by_side(network):
    found = estimate(network, "loihi2")
    assert tuple(found.codings) == CODINGS
    graded, unary = found.codings["graded"], found.codings["unary"]
    assert unary.steps_per_forecast == 3 * graded.steps_per_forecast
    assert unary.counts.update_inactive > graded.counts.update_inactive


def test_a_run_directory_brings_its_model(network, tmp_path):
    path = tmp_path / "model.net"
    write_network(network, path)
    table = np.random.default_rng(1).normal(50, 5, size=(20, network.channels))
    run(load(path), table, backend="batch", windows=3, clip_input=True).save(tmp_path / "run")
    found = estimate(activity=tmp_path / "run")
    assert found.model.path == str(path)
    assert found.codings["graded"].work.windows == 3


def test_one_source_of_counts(network, tmp_path):
    with pytest.raises(UsageError, match="expected one source of counts"):
        estimate(network, activity=tmp_path, rate=0.2)
    with pytest.raises(UsageError, match="no golden windows"):
        estimate(random_network(2, golden=0))
    assert estimate(random_network(2, golden=0), rate=0.2).codings["graded"].work.windows == 1
