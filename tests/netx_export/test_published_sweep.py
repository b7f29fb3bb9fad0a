"""Random checkpoints in the published layout, exported with default flags."""

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.sim import SimBackend
from lava_spikyspace.hardware.microcode.engine import run_programs
from lava_spikyspace.network import MESSAGE_BITS, Interval, ScanLayer
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.plan import make_plan
from netx_export.exporting import export, load_trained
from netx_export.writer import write_network
from tests.netx_export.published_cases import published_files

LIVE = 0.01
"""A quantiser is live where more of its codes than this differ from the usual one."""


CODES = ("c", "s", "delta", "pts", "delta1", "x", "y", "y1")


def exported(folder, seed, **settings):
    """Export a random checkpoint, check the demands, and give the result and the file."""
    checkpoint, config, table = published_files(folder, seed, **settings)
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


@pytest.mark.parametrize(("seed", "bits"), [(2, 8), pytest.param(6, 7, marks=pytest.mark.slow)])
def test_wide_codes_are_kept_and_every_engine_has_them(tmp_path, seed, bits):
    result, path = exported(tmp_path, seed, bits=dict.fromkeys(CODES, bits))
    assert sum(report.varying > LIVE for report in result.quantisers.values()) >= 6
    network = read_network(path)
    scans = [layer for layer in network.layers if isinstance(layer, ScanLayer)]
    assert max(Interval.of(scan.gain).bits for scan in scans) > MESSAGE_BITS
    plan, inputs = make_plan(network, "graded"), network.golden.inputs[:2]
    expected = BatchBackend(kernels="numpy").run(plan, inputs, strict=True, record=True)
    compiled = BatchBackend(kernels="fused").run(plan, inputs, strict=True, record=True)
    lava = SimBackend().run(plan, inputs, strict=True, record=True)
    programs = run_programs(plan, inputs)
    for found in (compiled, lava, programs):
        np.testing.assert_array_equal(found.forecasts, expected.forecasts)
        assert found.records.keys() == expected.records.keys()
        for name, codes in expected.records.items():
            np.testing.assert_array_equal(found.records[name], codes, err_msg=name)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(14))
def test_eight_bits_in_every_quantiser(tmp_path, seed):
    exported(tmp_path, seed, bits=dict.fromkeys(CODES, 8))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_many_random_checkpoints(tmp_path, seed):
    exported(tmp_path, seed)
