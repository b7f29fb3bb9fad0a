"""Compare on a small trained-like model: agreement, gates, planted divergences."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from lava_spikyspace.errors import CheckpointError, ModelFileError
from lava_spikyspace.running import run
from netx_export.comparing import compare
from netx_export.exporting import ExportOptions, export
from tests.netx_export.small_model import make_model, make_table


@pytest.fixture(scope="module")
def exported():
    table = make_table()
    trained = make_model(table)
    return table, trained, export(trained, table, ExportOptions(golden=2)).network


def test_export_agrees_with_its_checkpoint(exported) -> None:
    table, trained, network = exported
    result = compare(network, trained, table)
    assert [layer.name for layer in result.layers][:2] == [
        "blocks.0.in_proj.scan",
        "blocks.0.in_proj.gate.code",
    ]
    assert len(result.layers) == 16
    assert all(layer.agreement >= 0.999 for layer in result.layers)
    assert result.relative_l2 <= 1e-3
    assert result.r2_float == pytest.approx(result.r2_integer, abs=5e-4)


def plant(network, name: str, channel: int, change: int):
    """Move the first threshold of one channel."""
    layer = network[name]
    theta = layer.theta.copy()
    theta[..., channel, 0] += change
    return replace(
        network,
        layers=tuple(replace(x, theta=theta) if x.name == name else x for x in network.layers),
    )


def test_planted_threshold_is_found_at_its_first_place(exported) -> None:
    table, trained, network = exported
    before = run(network, table, backend="batch", record=True).records["blocks.0.conv"]
    # By as little as makes one accumulator of these windows miss it.
    for change, channel in product(range(1, 40), range(6)):
        planted = plant(network, "blocks.0.conv", channel, change)
        after = run(planted, table, backend="batch", record=True).records["blocks.0.conv"]
        if not np.array_equal(before, after):
            break
    window, element, changed = (int(i) for i in np.argwhere(before != after)[0])
    assert changed == channel
    first = compare(planted, trained, table).first_divergence
    assert (first.layer, first.window, first.element) == ("blocks.0.conv", window, element)
    assert (first.channel, first.expected, first.found) == (
        channel,
        before[window, element, channel],
        after[window, element, channel],
    )


def test_sim_shows_the_same_comparison(exported) -> None:
    table, trained, network = exported
    batch = compare(network, trained, table, windows=3)
    sim = compare(network, trained, table, windows=3, backend="sim", coding="unary")
    assert sim.layers == batch.layers
    assert sim.relative_l2 == pytest.approx(batch.relative_l2)


def test_published_zero_points_come_from_the_file() -> None:
    table = make_table()
    network = export(make_model(table, "published"), table, ExportOptions(golden=0)).network
    result = compare(network, make_model(table, "published"), table)
    assert all(layer.agreement >= 0.999 for layer in result.layers)


def test_checkpoint_of_another_model_is_refused(exported) -> None:
    table, trained, network = exported
    other = replace(trained, config=trained.config.model_copy(update={"d_state": 7}))
    with pytest.raises(CheckpointError, match="d_state 7 and 3"):
        compare(network, other, table)


def test_file_without_scales_is_refused(exported) -> None:
    table, trained, network = exported
    with pytest.raises(ModelFileError, match="found no scales"):
        compare(replace(network, provenance={}), trained, table)
