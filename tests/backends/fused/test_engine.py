"""The fused engine: equal to the NumPy engine in all it computes, counts and refuses."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.fused.engine import run_fused
from lava_spikyspace.backends.fused.network_form import network_form
from lava_spikyspace.backends.fused.segment import UnprovenInputError
from lava_spikyspace.backends.fused.widths import CODE_LIMIT, SINGLE_LIMIT, product_parts
from lava_spikyspace.errors import StrictRangeError
from lava_spikyspace.intervals import prove_ranges, with_ranges
from lava_spikyspace.network import Interval, RmsNormLayer, ScanLayer, SoftplusLayer
from lava_spikyspace.plan import CODINGS, make_plan
from tests.backends.parity import differences
from tests.random_networks import (
    DEFAULT_BITS,
    random_messages,
    random_network,
    with_first_states,
)

SHAPES = {
    "plain": {},
    "three blocks": {"blocks": 3},
    "one inner channel": {"d_inner": 1},
    "one state": {"d_state": 1},
    "many states": {"d_inner": 9, "d_state": 37, "blocks": 1},
    "one element": {"window": 1},
    "one tap": {"d_conv": 1},
    "five taps": {"d_conv": 5},
    "more taps than elements": {"d_conv": 5, "window": 3},
    "one step ahead": {"horizon": 1},
    "one variate": {"channels": 1},
    "one of everything": {
        "channels": 1, "window": 1, "horizon": 1, "blocks": 1,
        "d_inner": 1, "d_state": 1, "dt_rank": 1, "d_conv": 1,
    },
    "1 bit": {"bits": dict.fromkeys(DEFAULT_BITS, 1)},
    "3 bits": {"bits": dict.fromkeys(DEFAULT_BITS, 3)},
    "4 bits": {"bits": dict.fromkeys(DEFAULT_BITS, 4)},
    "mixed bits": {"bits": {"c": 1, "s": 3, "delta": 2, "delta1": 1, "x": 4, "y": 2, "y1": 3}},
    "limbs": {"wide": True},
    "at the limits": {"tight": True},
    "at the limits, large": {
        "tight": True, "channels": 40, "d_inner": 20, "d_state": 16, "blocks": 1
    },
    "products in two parts": {"wide": True, "d_inner": 80, "channels": 12, "blocks": 1},
    "wide messages": {"broad": True},
    "wide messages, large": {
        "broad": True, "channels": 40, "d_inner": 20, "d_state": 16, "blocks": 1
    },
    "wide messages, mixed bits": {
        "broad": True, "bits": {"c": 1, "s": 3, "delta": 2, "delta1": 1, "x": 4, "y": 1, "y1": 3}
    },
}  # fmt: skip
SEEDS = (0, 1, 2)


def network_of(shape, seed=0):
    return random_network(seed, **{"window": 7, "golden": 0, **SHAPES[shape]})


def table_of(network, rows, seed=0):
    """Return a table of messages, shape (row, variate)."""
    return random_messages(seed, replace(network, window=rows), 1)[0]


def views_of(table, window, step=1):
    """Return its windows as a view."""
    every = np.lib.stride_tricks.sliding_window_view(table, window, axis=0)
    return every.transpose(0, 2, 1)[::step]


def compare(network, messages, coding="graded", **options):
    """Run both engines strictly, with everything recorded; return the differences.

    The kernels run once more without: there are shorter ways to what is left.
    """
    plan = make_plan(network, coding)
    form = network_form(network)
    assert form is not None
    expected = BatchBackend(kernels="numpy").run(
        plan, np.ascontiguousarray(messages), strict=True, record=True
    )
    found = run_fused(plan, form, messages, strict=True, record=True, **options)
    plain = run_fused(plan, form, messages, **options)
    unrecorded = replace(expected, records={})
    return differences(plan, expected, found) + differences(plan, unrecorded, plain)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_equal_on_random_networks(shape, seed):
    network = network_of(shape, seed)
    coding = CODINGS[seed % 2]
    assert compare(network, random_messages(seed + 10, network, 9), coding) == []
    overlapping = views_of(table_of(network, 40, seed), network.window)
    assert compare(network, overlapping, coding, chunk=11) == []


@pytest.mark.parametrize("offsets", [(-1,), (1.3, 0), (-2, 0.7, -1), (0, -1, 0), (1,) * 6 + (2, 0)])
@pytest.mark.parametrize("shape", ["three blocks", "3 bits", "five taps", "wide messages"])
def test_first_states_with_offsets(shape, offsets):
    network = with_first_states(network_of(shape, 3), offsets)
    states = [f"{layer.name}.state" for layer in network if isinstance(layer, ScanLayer)]
    assert compare(network, random_messages(6, network, 9), "unary") == []
    table = table_of(network, 40, 3)
    for step in (1, 3):
        assert compare(network, views_of(table, network.window, step), chunk=11) == []
    # They matter: without them, states are others.
    plan, messages = make_plan(network, "graded"), random_messages(6, network, 9)
    plain = make_plan(network_of(shape, 3), "graded")
    found, without = (
        BatchBackend(kernels="fused").run(one, messages, record=True).records
        for one in (plan, plain)
    )
    assert any(not np.array_equal(found[name], without[name]) for name in states)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("shape", ["plain", "limbs", "at the limits", "wide messages"])
def test_equal_at_the_ends_of_the_input_range(shape, coding):
    network = network_of(shape, 4)
    assert compare(network, random_messages(5, network, 12, extremes=True), coding) == []


@pytest.mark.parametrize("chunk", [1, 2, 5, 100])
@pytest.mark.parametrize("jobs", [1, 2, 3])
def test_neither_chunks_nor_threads_matter(chunk, jobs):
    network = network_of("three blocks")
    overlapping = views_of(table_of(network, 30), network.window)
    assert compare(network, overlapping, chunk=chunk, jobs=jobs) == []


@pytest.mark.parametrize("step", [1, 2, 6, 7, 9])
def test_windows_that_overlap_by_any_number_of_rows(step):
    network = network_of("five taps")
    assert compare(network, views_of(table_of(network, 60), network.window, step), chunk=4) == []


def test_windows_backwards_shuffled_and_twice():
    network = network_of("plain")
    overlapping = views_of(table_of(network, 30), network.window)
    rng = np.random.default_rng(0)
    for chosen in (
        overlapping[::-1],
        overlapping[rng.permutation(len(overlapping))],
        overlapping[[3, 3, 3, 4, 4]],
        np.broadcast_to(overlapping[2], (5, *overlapping.shape[1:])),
    ):
        assert compare(network, chosen, chunk=3) == []


def test_variates_of_a_wider_table():
    network = network_of("plain")
    table = np.repeat(table_of(network, 30), 2, axis=1)
    assert compare(network, views_of(table[:, ::2], network.window)) == []
    assert compare(network, views_of(table[:, : network.channels], network.window)) == []


def test_constant_tables_share_all_rows():
    network = network_of("three blocks")
    table = np.tile(table_of(network, 1), (40, 1))
    assert compare(network, views_of(table, network.window), chunk=6) == []


def test_one_window():
    network = network_of("plain")
    assert compare(network, random_messages(1, network, 1)) == []


def test_progress_is_told_after_each_chunk():
    network = network_of("plain")
    seen = []
    run_fused(
        make_plan(network, "graded"),
        network_form(network),
        random_messages(1, network, 10),
        chunk=4,
        progress=lambda *done: seen.append(done),
    )
    assert seen == [(4, 10), (8, 10), (10, 10)]


def test_chunks_are_no_larger_than_their_counters_hold(monkeypatch):
    network = network_of("plain")
    limit = 3 * network.window * CODE_LIMIT
    monkeypatch.setattr("lava_spikyspace.backends.fused.segment.INT32_LIMIT", limit)
    seen = []
    run_fused(
        make_plan(network, "graded"),
        network_form(network),
        views_of(table_of(network, network.window + 7), network.window),
        chunk=5,
        progress=lambda done, total: seen.append(done),
    )
    assert seen == [3, 6, 8]


RANGES = [(layer.name, name) for layer in network_of("plain") for name in layer.ranges]


@pytest.mark.parametrize(("layer", "name"), RANGES)
def test_strict_mode_sees_every_value(layer, name):
    network = network_of("plain")
    messages = random_messages(1, network, 10)

    def claim(proven):
        """Return the network with another range for this value."""
        layers = [
            replace(item, ranges={**item.ranges, name: proven}) if item.name == layer else item
            for item in network
        ]
        return replace(network, layers=tuple(layers))

    never = claim(Interval(10**17, 10**17))
    plan = make_plan(never, "graded")
    form = network_form(network)
    with pytest.raises(StrictRangeError, match=f"{layer}: {name} spans") as found:
        run_fused(plan, form, messages, strict=True)
    with pytest.raises(StrictRangeError) as expected:
        BatchBackend(kernels="numpy").run(plan, messages, strict=True)
    assert str(found.value) == str(expected.value)
    run_fused(plan, form, messages)


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_in_a_thread_reaches_the_caller(jobs, monkeypatch):
    network = network_of("plain")

    def fail(*arguments):
        raise RuntimeError("as planned")

    monkeypatch.setattr("lava_spikyspace.backends.fused.scan_kernels.scan_windows", fail)
    with pytest.raises(RuntimeError, match="as planned"):
        run_fused(
            make_plan(network, "graded"),
            network_form(network),
            random_messages(1, network, 6),
            jobs=jobs,
        )


def with_scan(network, **changes):
    return replace(
        network,
        layers=tuple(
            replace(layer, **{name: change(layer) for name, change in changes.items()})
            if isinstance(layer, ScanLayer)
            else layer
            for layer in network
        ),
    )


STATE_PARAMETERS = ("level", "theta_state", "gain", "skip", "theta")


@pytest.mark.parametrize("bits", ["2", "4"])
@pytest.mark.parametrize(
    "changes",
    [
        {name: lambda s, name=name: getattr(s, name) << 22 for name in STATE_PARAMETERS},
        {"left": lambda s: s.left * 33},
    ],
    ids=["unit", "decay"],
)
def test_states_of_more_than_32_bits(changes, bits):
    network = with_scan(network_of("plain" if bits == "2" else "4 bits"), **changes)
    network = with_ranges(network, prove_ranges(network))
    assert {block.scan.theta_state.dtype for block in network_form(network).blocks} == {
        np.dtype(np.int64)
    }
    assert compare(network, random_messages(1, network, 9)) == []
    assert compare(network, views_of(table_of(network, 40), network.window), chunk=11) == []


def test_messages_of_the_stream_are_held_in_the_narrowest_type():
    for shape, dtype in (("at the limits", np.float32), ("wide messages", np.float64)):
        assert set(network_form(network_of(shape)).stream_types) == {dtype}


def test_output_products_are_computed_in_the_fastest_exact_way():
    for shape, dtype, parts in (
        ("limbs", np.float32, 1),
        ("products in two parts", np.float32, 2),
        ("wide messages", np.float64, 1),
    ):
        for block in network_form(network_of(shape)).blocks:
            assert (block.out_weight.dtype, len(block.out_parts)) == (dtype, parts)


def test_steps_that_do_not_ascend_are_encoded_from_the_codes_inside():
    network = network_of("plain")
    layers = [
        replace(layer, table=layer.table[::-1].copy())
        if isinstance(layer, SoftplusLayer)
        else layer
        for layer in network
    ]
    falling = replace(network, layers=tuple(layers))
    falling = with_ranges(falling, prove_ranges(falling))
    assert all(block.step_limits is not None for block in network_form(network).blocks)
    assert any(block.step_limits is None for block in network_form(falling).blocks)
    assert compare(falling, random_messages(1, falling, 9)) == []


@pytest.mark.parametrize("inputs", [1, 2, 5, 64])
def test_parts_of_a_product_hold_every_partial_sum(inputs):
    weight = np.full((3, inputs), -127, dtype=np.int8)
    for largest in (SINGLE_LIMIT // 127 // inputs * np.array([1, 2, 3])).tolist():
        dtype, parts = product_parts(weight, Interval(-largest, 0))
        taken = np.concatenate([np.arange(inputs)[part] for part in parts])
        assert taken.tolist() == list(range(inputs))
        sums = [127 * largest * (part.stop - part.start) for part in parts]
        assert (max(sums) < SINGLE_LIMIT) == (dtype is np.float32)
        assert len(parts) == 1 or 127 * largest * inputs >= SINGLE_LIMIT


@pytest.mark.parametrize("jobs", [1, 2])
def test_inputs_that_no_width_is_proven_for_run_on_numpy(jobs, caplog, monkeypatch):
    monkeypatch.delenv("LSS_STRICT", raising=False)
    network = network_of("plain")
    plan, messages = make_plan(network, "graded"), random_messages(1, network, 9)
    messages[-1, -1, -1] = network.input.ranges["message"].hi + 1
    with pytest.raises(UnprovenInputError, match="input: messages"):
        run_fused(plan, network_form(network), messages, jobs=jobs)
    caplog.set_level("DEBUG")
    found, expected = (
        BatchBackend(kernels=kernels, jobs=jobs).run(plan, messages, record=True)
        for kernels in ("fused", "numpy")
    )
    assert differences(plan, expected, found) == []
    assert "inputs are unproven" in caplog.text


WITHOUT_FORM = {
    "accumulator has 6[0-9] bits": {"level": lambda s: s.level << 40},
    "not evenly spaced": {"level": lambda s: s.level**2},
    "shifts out": {"right": lambda s: s.right + 63},
    "255 codes|thresholds": {"theta_state": lambda s: np.arange(256)},
}


@pytest.mark.parametrize("reason", WITHOUT_FORM)
def test_networks_that_no_kernel_computes_exactly_run_on_numpy(reason, caplog):
    network = with_scan(network_of("plain"), **WITHOUT_FORM[reason])
    assert network_form(network) is None
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert re.search(f"blocks.0.scan: .*{reason}", record.getMessage())


def test_layers_that_are_no_blocks_have_no_form():
    network = network_of("plain")
    assert network_form(replace(network, layers=(network.input, network.head))) is None


def test_thresholds_that_no_value_reaches():
    network = with_scan(
        network_of("plain"),
        theta_state=lambda s: np.array([-(1 << 60), 0, 1 << 60]),
        theta=lambda s: s.theta * 0 + np.array([-(1 << 62), 5, 1 << 62]),
    )
    assert compare(network, random_messages(1, network, 5)) == []


@pytest.mark.parametrize("shift", [1, 3])
def test_squares_without_their_low_bits(shift):
    network = random_network(5, wide=True, golden=0)
    layers = tuple(
        replace(layer, square_shift=shift, root_bits=layer.root_bits + shift)
        if isinstance(layer, RmsNormLayer)
        else layer
        for layer in network
    )
    network = replace(network, layers=layers)
    network = with_ranges(network, prove_ranges(network))
    assert network_form(network) is not None
    plan, messages = make_plan(network, "graded"), random_messages(6, network, 40)
    expected = BatchBackend(kernels="numpy").run(plan, messages, record=True, strict=True)
    found = BatchBackend(kernels="fused").run(plan, messages, record=True, strict=True)
    assert differences(plan, expected, found) == []
