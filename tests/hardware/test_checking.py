"""Whole models against whole chips."""

import json
import re

import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.checking import check
from lava_spikyspace.network import Normalisation
from lava_spikyspace.plan import CODINGS
from tests.random_frozen import Sizes, random_frozen_model, random_windows
from tests.random_networks import random_network

METR_LA = {"channels": 207, "d_inner": 41, "d_state": 32, "dt_rank": 13, "blocks": 3}
ELECTRICITY = {"channels": 321, "d_inner": 64, "d_state": 32, "dt_rank": 21, "blocks": 3}
TEN_TIMES = {"channels": 3210, "d_inner": 640, "d_state": 32, "dt_rank": 201, "blocks": 1}


@pytest.fixture(scope="module")
def metr_la():
    return random_network(1, window=12, golden=0, wide=True, **METR_LA)


@pytest.fixture(scope="module")
def electricity():
    return random_network(1, window=4, golden=0, wide=True, **ELECTRICITY)


@pytest.fixture(scope="module")
def ten_times():
    return random_network(1, window=3, golden=0, wide=True, **TEN_TIMES)


def codes(result):
    return {finding.code for finding in result.findings}


def links(result):
    return {f.where for f in result.findings if f.code == "graded-payload"}


def links_of_a_block(index, before):
    """Links that carry values in any coding, of a block whose input comes from `before`."""
    name = f"blocks.{index}"
    return {
        f"{before} -> {name}.norm.squares (residual)",
        f"{name}.norm.squares -> {name}.norm (squares)",
        f"{name}.norm -> {name}.in_proj.scan.neuron (rms)",
        f"{name}.norm -> {name}.in_proj.gate.neuron (rms)",
        f"{name}.B.neuron -> {name}.scan.state (B)",
        f"{name}.C.neuron -> {name}.scan.state (C)",
        f"{name}.scan.state -> {name}.scan.output (state)",
        f"{name}.in_proj.gate.neuron -> {name}.product (gate)",
        f"{before} -> {name}.out_proj.neuron (residual)",
    }


@pytest.mark.parametrize(
    ("model", "blocks"), [("metr_la", 3), ("electricity", 3), ("ten_times", 1)]
)
def test_loihi1_is_refused_with_every_graded_link_named(model, blocks, request):
    result = check(request.getfixturevalue(model), "loihi1", coding="unary")
    assert not result.fits
    expected = set()
    before = "input"
    for index in range(blocks):
        expected |= links_of_a_block(index, before)
        before = f"blocks.{index}.out_proj.neuron"
    expected.add(f"{before} -> head (residual)")
    # Messages inside a process go in limbs where a sum of them is wider than 24 bits.
    found = {re.sub(r", limb\[\d\]", "", link) for link in links(result)}
    limbs = {link for link in found if "limb" in link}
    assert found - limbs == expected
    for index in range(blocks):
        for target in ("in_proj.scan", "in_proj.gate", "out_proj"):
            role = "product" if target == "out_proj" else "residual"
            assert any(f"blocks.{index}.{target}.neuron ({role}, limb0)" in link for link in limbs)


def test_graded_coding_adds_the_codes_and_the_hint_takes_them_away(metr_la):
    graded = check(metr_la, "loihi1", coding="graded")
    by_hint = {f.where for f in graded.findings if "--coding unary" in (f.hint or "")}
    assert by_hint == {
        f"blocks.{i}.{link}"
        for i in range(3)
        for link in (
            f"in_proj.scan.neuron -> blocks.{i}.conv.neuron (codes)",
            f"conv.neuron -> blocks.{i}.delta.neuron (codes)",
            f"conv.neuron -> blocks.{i}.B.neuron (codes)",
            f"conv.neuron -> blocks.{i}.C.neuron (codes)",
            f"delta.neuron -> blocks.{i}.dt_proj.neuron (codes)",
            f"conv.neuron -> blocks.{i}.scan.state (codes)",
            f"dt_proj.neuron -> blocks.{i}.scan.state (delta)",
            f"conv.neuron -> blocks.{i}.scan.output (codes)",
            f"scan.output -> blocks.{i}.product (scan)",
        )
    }
    assert links(graded) - by_hint == links(check(metr_la, "loihi1", coding="unary"))


def test_loihi1_names_what_it_cannot_compute_or_hold(metr_la):
    result = check(metr_la, "loihi1", coding="unary")
    assert {"neuron-program", "state-bytes", "signed-spike", "state-width"} <= codes(result)
    named = {f.code for f in result.findings if "--profile loihi2" in (f.hint or "")}
    assert named >= {"neuron-program", "state-bytes", "signed-spike", "graded-payload"}
    # The profile that the hints name has none of these.
    there = check(metr_la, "loihi2", coding="unary")
    assert {"neuron-program", "state-bytes", "signed-spike", "graded-payload"}.isdisjoint(
        codes(there)
    )


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("model", ["metr_la", "electricity"])
def test_on_loihi2_only_widths_are_in_the_way(model, coding, request):
    result = check(request.getfixturevalue(model), "loihi2", coding=coding)
    assert codes(result) <= {"accumulator-width", "state-width", "product-width", "payload-width"}
    assert result.placement.chips == 1
    assert all("--width 24" in finding.hint for finding in result.findings)


@pytest.mark.parametrize(
    "sizes", [METR_LA | {"window": 12}, ELECTRICITY | {"window": 4, "blocks": 1}]
)
def test_exporting_with_the_width_of_the_hints_leaves_nothing_to_find(sizes):
    formats = pytest.importorskip("netx_export.formats")
    lowering = pytest.importorskip("netx_export.lowering")
    shape = Sizes(**{"variates" if key == "channels" else key: n for key, n in sizes.items()})
    model = random_frozen_model(1, shape)
    windows = random_windows(2, shape, 1)
    trace = model.run(windows)
    plain = Normalisation(kind="fixed")
    wide = lowering.lower(model, formats.Formats(), trace.residual_max, plain)
    hints = {finding.hint for finding in check(wide, "loihi2").findings}
    (width,) = (int(found) for hint in hints for found in re.findall(r"--width (\d+)$", hint))
    budget = formats.Budget(value_bits=width)
    search = formats.FormatSearch(model, windows, trace.residual_max, trace.roots, {}, budget)
    narrow = lowering.lower(model, search.run(), trace.residual_max, plain, budget, trace.roots)
    for coding in CODINGS:
        for board in ("loihi2", "kapoho_point"):
            assert check(narrow, board, coding=coding).findings == ()


def test_ten_times_the_size_takes_a_larger_board(ten_times):
    one_chip = check(ten_times, "loihi2")
    (finding,) = [f for f in one_chip.findings if f.code == "cores"]
    assert finding.actual > finding.limit == 120
    name = finding.hint.split()[1]
    assert name == "kapoho_point"
    board = check(ten_times, name)
    assert "cores" not in codes(board)
    assert board.placement.chips == -(-finding.actual // 120)
    assert len(board.placement.cores) == finding.actual


def test_ten_times_the_size_has_too_many_inputs_for_loihi1(ten_times):
    result = check(ten_times, "loihi1", coding="unary")
    assert {"graded-payload", "cores", "core-axons-in"} <= codes(result)


def test_four_bit_codes_take_long_delays_and_the_hint_shortens_them():
    bits = {"c": 4, "s": 4, "delta": 4, "x": 4, "y": 4, "delta1": 4, "pts": 5, "y1": 5}
    network = random_network(2, bits=bits, golden=0)
    unary = check(network, "loihi2", coding="unary")
    (delays) = [finding for finding in unary.findings if finding.code == "delay"]
    assert {f"blocks.{i}.out_proj.neuron" in f.where for f in delays for i in (0, 1)}
    assert all("--coding graded" in finding.hint for finding in delays)
    assert "delay" not in codes(check(network, "loihi2", coding="graded"))


def test_the_result_is_plain_values(metr_la):
    result = check(metr_la, "loihi2")
    plain = json.loads(json.dumps(result.to_dict()))
    assert plain["profile"]["name"] == "loihi2"
    assert plain["fits"] is False
    assert plain["errors"] == result.errors == len(plain["findings"]) - plain["warnings"]
    cores = plain["cores"]
    assert (cores["used"], cores["usable"]) == (len(plain["placement"]), 120)
    assert cores["used"] <= cores["unshared"]
    assert plain["chips"] == {"used": 1, "present": 1}
    assert {row["layer"] for row in plain["layers"]} == {
        layer.name for layer in metr_la if layer.name != "input"
    }


def test_a_profile_of_operations_is_no_chip(metr_la):
    with pytest.raises(UsageError, match="describes no chip"):
        check(metr_la, "cmos45")
    with pytest.raises(UsageError, match="coding is 'both'"):
        check(metr_la, coding="both")
