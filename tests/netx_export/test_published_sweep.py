"""Random checkpoints in the published layout, exported with default flags."""

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.sim import SimBackend
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.plan import make_plan
from netx_export.exporting import export, load_trained
from netx_export.writer import write_network
from tests.netx_export.published_cases import published_files

LIVE = 0.01
"""A quantiser is live where more of its codes than this differ from the usual one."""


def exported(folder, seed):
    """Export a random checkpoint, check the demands, and give the result and the file."""
    checkpoint, config, table = published_files(folder, seed)
    result = export(load_trained(checkpoint, config), table)
    path = folder / "m.net"
    write_network(result.network, path)
    assert list(lint_file(path)) == []
    assert min(result.agreement.codes.values()) >= 0.999
    assert result.agreement.relative_l2 <= 1e-3
    return result, path


@pytest.mark.parametrize("seed", [2, 10, 24, 26])
def test_a_random_checkpoint_keeps_its_codes(tmp_path, seed):
    result, path = exported(tmp_path, seed)
    # Codes that never change agree by themselves.
    live = sum(report.varying > LIVE for report in result.quantisers.values())
    assert live >= len(result.quantisers) / 2
    network = read_network(path)
    plan, inputs = make_plan(network, "graded"), network.golden.inputs[:2]
    expected = BatchBackend().run(plan, inputs, strict=True, record=True)
    found = SimBackend().run(plan, inputs, strict=True, record=True)
    np.testing.assert_array_equal(found.forecasts, expected.forecasts)
    assert found.records.keys() == expected.records.keys()
    for name, codes in expected.records.items():
        np.testing.assert_array_equal(found.records[name], codes, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_many_random_checkpoints(tmp_path, seed):
    exported(tmp_path, seed)
