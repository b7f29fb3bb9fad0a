"""Zero-points of the first states of a window: frozen, lowered, proven, stored and run."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lava_spikyspace.backends.batch import BatchBackend, run_layers
from lava_spikyspace.backends.fused.network_form import network_form
from lava_spikyspace.boundary import encode_windows
from lava_spikyspace.hardware.microcode.engine import run_programs
from lava_spikyspace.intervals import prove_ranges
from lava_spikyspace.network import Normalisation
from lava_spikyspace.netx.encode import networks_equal
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.plan import make_plan
from netx_export.calibration import calibrate, freeze
from netx_export.comparing import compare
from netx_export.exporting import ExportOptions, export
from netx_export.formats import measure_agreement
from netx_export.lowering import lower
from netx_export.writer import write_network
from tests.backends.parity import differences
from tests.netx_export.small_model import make_model, make_table
from tests.netx_export.test_lowering import WIDE
from tests.random_frozen import Sizes, random_frozen_model, random_windows


def with_first(model, *first):
    """Return a model whose first states have zero-points, in steps from the later one."""
    blocks = []
    for block in model.blocks:
        state = block.quantisers["x"]
        points = tuple(state.zero_point + steps * state.alpha for steps in first)
        blocks.append(replace(block, first_zero_points=points))
    return replace(model, blocks=tuple(blocks))


def lowered(seed, *first):
    sizes = Sizes()
    model = with_first(random_frozen_model(seed, sizes), *first)
    windows = random_windows(seed + 50, sizes, 40)
    trace = model.run(windows)
    network = lower(model, WIDE, trace.residual_max, Normalisation(kind="fixed"))
    return network, encode_windows(network, windows).messages, trace


@pytest.mark.parametrize("first", [(0.7,), (-1.4, 0.6), (2.0, 1.0, -1.0, 0.5)])
@pytest.mark.parametrize("seed", [1, 2])
def test_integers_follow_the_frozen_model(seed, first) -> None:
    network, messages, trace = lowered(seed, *first)
    agreement = measure_agreement(network, messages, trace)
    assert agreement.worst >= 0.995, agreement.codes
    plain = lowered(seed)[2]
    name = "blocks.0.scan.state"
    assert (trace.records[name][:, 0] != plain.records[name][:, 0]).any()


def test_engines_agree_and_nothing_leaves_its_range(tmp_path) -> None:
    network, messages, _ = lowered(1, -1.4, 0.6)
    assert network_form(network) is not None
    plan = make_plan(network, "graded")
    batch = BatchBackend(kernels="numpy").run(plan, messages[:3], strict=True, record=True)
    fused = BatchBackend(kernels="fused").run(plan, messages[:3], strict=True, record=True)
    assert differences(plan, batch, fused) == []
    fixed = Normalisation(kind="fixed", mean=np.zeros(7), scale=np.ones(7))
    network = replace(network, normalisation=fixed)
    write_network(network, tmp_path / "m.net")
    assert lint_file(tmp_path / "m.net") == []
    assert networks_equal(read_network(tmp_path / "m.net"), network)
    low, high = network.input.ranges["message"].ends
    wild = np.random.default_rng(0).choice([low, 0, high], size=(30, *messages.shape[1:]))
    proven = prove_ranges(network)
    for name, output in run_layers(network, wild).items():
        for value, seen in output.observed.items():
            assert proven[name][value].contains(seen), (name, value)
    pytest.importorskip("lava.magma.core.decorator")
    from lava_spikyspace.backends.sim import SimBackend

    sim = SimBackend().run(plan, messages[:3], strict=True, record=True)
    np.testing.assert_array_equal(sim.forecasts, batch.forecasts)
    for name, codes in batch.records.items():
        np.testing.assert_array_equal(sim.records[name], codes, err_msg=name)


@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_neuron_programs_give_the_codes_of_the_engine(coding) -> None:
    network, messages, _ = lowered(1, -1.4, 0.6)
    plan = make_plan(network, coding)
    batch = BatchBackend().run(plan, messages[:4], record=True)
    programs = run_programs(plan, messages[:4])
    assert set(programs.records) == set(batch.records)
    for name, codes in batch.records.items():
        np.testing.assert_array_equal(programs.records[name], codes, err_msg=name)


def test_calibration_frees_the_first_states_where_that_is_closer() -> None:
    """The frozen model forecasts what the published one does, to which one zero-point is far."""
    table = make_table()
    trained = make_model(table, "published")
    windows = np.stack([trained.scaler.normalise(table.values[i : i + 6]) for i in range(64)])
    for mixer in trained.model.mixers:
        with torch.no_grad():
            mixer.A_log.sub_(3.0)  # slow decays: a state grows for some elements
    batch = torch.from_numpy(windows.astype(np.float32))
    with torch.no_grad():
        wanted = trained.model(batch)
    calibrate(trained.model, [windows])
    first = [len(block.first_zero_points) for block in freeze(trained.model).blocks]
    assert max(first) > 0
    with torch.no_grad():
        np.testing.assert_allclose(trained.model(batch), wanted, atol=1e-5)
    fresh = make_model(table, "published")
    for mixer in fresh.model.mixers:
        with torch.no_grad():
            mixer.A_log.sub_(3.0)
    network = export(fresh, table, ExportOptions(golden=1)).network
    again = make_model(table, "published")
    for mixer in again.model.mixers:
        with torch.no_grad():
            mixer.A_log.sub_(3.0)
    result = compare(network, again, table)
    assert result.parameters.different == ()
    assert all(layer.agreement >= 0.999 for layer in result.layers)
