"""Compare on a small trained-like model: agreement, gates, planted divergences."""

from dataclasses import replace

import pytest

from lava_spikyspace.errors import CheckpointError, ModelFileError
from lava_spikyspace.netx.reader import read_network
from netx_export.comparing import compare
from netx_export.exporting import ExportOptions, export
from netx_export.writer import write_network
from tests.netx_export.small_model import make_model, make_table


@pytest.fixture(scope="module")
def exported():
    table = make_table()
    trained = make_model(table)
    return table, trained, export(trained, table, ExportOptions(golden=2)).network


@pytest.fixture(scope="module")
def published():
    table = make_table()
    trained = make_model(table, zero_point="published")
    return table, export(trained, table, ExportOptions(golden=0)).network


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


def test_sim_shows_the_same_comparison(exported) -> None:
    table, trained, network = exported
    batch = compare(network, trained, table, windows=3)
    sim = compare(network, trained, table, windows=3, backend="sim", coding="unary")
    assert sim.layers == batch.layers
    assert sim.relative_l2 == pytest.approx(batch.relative_l2)


@pytest.mark.parametrize("zero_point", ["none", "published"])
def test_a_file_holds_what_its_checkpoint_gives(zero_point, tmp_path) -> None:
    table = make_table()
    write_network(
        export(make_model(table, zero_point), table, ExportOptions(golden=0, width=40)).network,
        tmp_path / "m.net",
    )
    network = read_network(tmp_path / "m.net")
    result = compare(network, make_model(table, zero_point), table)
    assert result.parameters.different == ()
    assert all(layer.agreement >= 0.999 for layer in result.layers)


def test_every_changed_parameter_is_named(exported) -> None:
    table, trained, network = exported
    scan, head = network["blocks.1.scan"], network["head"]
    changed = {
        scan.name: replace(scan, left=scan.left + 1, right=scan.right + 1),
        head.name: replace(head, weight=-head.weight),
    }
    other = replace(
        network,
        layers=tuple(changed.get(x.name, x) for x in network.layers),
        normalisation=replace(network.normalisation, mean=network.normalisation.mean + 1),
    )
    found = compare(other, trained, table, windows=2).parameters.different
    assert {(one.layer, one.where.rpartition("/")[2]) for one in found} == {
        (None, "mean"),
        ("blocks.1.scan", "left"),
        ("blocks.1.scan", "right"),
        ("head", "weight"),
    }


def test_a_file_of_an_earlier_version_is_compared_without_its_parameters(exported) -> None:
    table, trained, network = exported
    provenance = {key: value for key, value in network.provenance.items() if key != "lowering"}
    result = compare(replace(network, provenance=provenance), trained, table, windows=2)
    assert result.parameters is None
    assert result.first_divergence is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "expected an object"),
        ({"width": 4000}, "width"),
        ({"roots": [1.0]}, "expected"),
        ({"formats": {"gate": 3}}, "expected"),
        ({"residual_max": 1e12}, "do not fit"),
        ({"residual_max": float("nan")}, "residual_max"),
    ],
)
def test_a_provenance_that_no_export_wrote_is_refused(change, message, exported) -> None:
    table, trained, network = exported
    lowering = [] if change is None else {**network.provenance["lowering"], **change}
    other = replace(network, provenance={**network.provenance, "lowering": lowering})
    with pytest.raises(ModelFileError, match=message):
        compare(other, trained, table)


@pytest.mark.parametrize("size", ["d_state", "dt_rank", "d_conv", "d_inner"])
def test_another_size_is_refused(size, exported) -> None:
    table, trained, network = exported
    other = replace(trained, config=trained.config.model_copy(update={size: 7}))
    with pytest.raises(CheckpointError, match=f"{size} 7 and"):
        compare(network, other, table)


def test_file_without_scales_is_refused(exported) -> None:
    table, trained, network = exported
    with pytest.raises(ModelFileError, match="found no scales"):
        compare(replace(network, provenance={}), trained, table)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"zero_point": None}, "zero_point"),
        ({"zero_point": float("inf")}, "zero_point"),
        ({"first": [0.0, float("nan")]}, "first"),
        ({"first": {"a": 1}}, "first"),
        ({"alpha": "1.0x"}, "alpha"),
        (None, "found no zero-point"),
    ],
)
def test_scales_that_no_export_wrote_are_refused(change, message, published) -> None:
    table, network = published
    scales = {name: dict(block) for name, block in network.provenance["scales"].items()}
    scales["blocks.0"]["x"] = 7 if change is None else {**scales["blocks.0"]["x"], **change}
    other = replace(network, provenance={**network.provenance, "scales": scales})
    with pytest.raises(ModelFileError, match=f"quantiser x in blocks.0: .*{message}"):
        compare(other, make_model(table, zero_point="published"), table)
