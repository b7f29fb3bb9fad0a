"""The simulator: equal to the batch engine in everything it computes and counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lava_spikyspace.backends.batch import BatchBackend, run_layers
from lava_spikyspace.backends.sim import SimBackend
from lava_spikyspace.errors import (
    SimulationError,
    SimulationTimeoutError,
    StrictRangeError,
    UsageError,
)
from lava_spikyspace.intervals import with_ranges
from lava_spikyspace.network import GateLayer, Interval, NormEncoderLayer, ResidualLayer
from lava_spikyspace.plan import CODINGS, make_plan
from tests.backends.parity import differences
from tests.random_networks import code_entropies, random_messages, random_network

pytest.importorskip("lava.magma.core.decorator")

SHAPES = {
    "several blocks": {"blocks": 3},
    "one block": {"blocks": 1},
    "one inner channel": {"d_inner": 1},
    "one state": {"d_state": 1},
    "one element": {"window": 1},
    "one tap": {"d_conv": 1},
    "more taps than elements": {"d_conv": 5, "window": 3},
    "five taps": {"d_conv": 5},
    "one step ahead": {"horizon": 1},
    "one variate": {"channels": 1},
    "one of everything": {
        "channels": 1,
        "window": 1,
        "horizon": 1,
        "blocks": 1,
        "d_inner": 1,
        "d_state": 1,
        "dt_rank": 1,
        "d_conv": 1,
    },
    "1 bit": {"bits": {"c": 1, "s": 1, "delta": 1, "delta1": 1, "x": 1, "y": 1, "y1": 1, "pts": 1}},
    "3 bits": {"bits": {"c": 3, "s": 3, "delta": 3, "delta1": 3, "x": 3, "y": 3}},
    "4 bits": {"bits": {"c": 4, "s": 4, "delta": 4, "delta1": 4, "x": 4, "y": 4}, "blocks": 1},
    "mixed bits": {"bits": {"c": 1, "s": 3, "delta": 2, "delta1": 1, "x": 4, "y": 2, "y1": 3}},
    "limbs": {"wide": True},
    "everything in limbs": {"broad": True, "blocks": 1},
}
SEEDS = (0, 1, 2)


def network_of(shape: str, seed: int):
    sizes = {"blocks": 2, "window": 5, "golden": 0, **SHAPES[shape]}
    return random_network(seed, **sizes)


def compare(network, messages, coding, *, network_of_sim=None) -> list[str]:
    """Run both engines strictly, with everything recorded; return the differences."""
    plan = make_plan(network, coding)
    expected = BatchBackend().run(plan, messages, strict=True, record=True)
    on_lava = make_plan(network_of_sim or network, coding)
    found = SimBackend().run(on_lava, messages, strict=True, record=True)
    return differences(plan, expected, found)


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_equal_to_batch_on_random_networks(shape, seed, coding):
    network = network_of(shape, seed)
    messages = random_messages(seed + 10, network, 3)
    assert compare(network, messages, coding) == []


@pytest.mark.parametrize("coding", CODINGS)
def test_one_window(coding):
    network = network_of("several blocks", 3)
    assert compare(network, random_messages(4, network, 1), coding) == []


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("shape", ["limbs", "everything in limbs"])
def test_extremes_of_the_input_range(shape, coding):
    network = network_of(shape, 4)
    assert compare(network, random_messages(5, network, 3, extremes=True), coding) == []


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_networks_are_live(shape, seed):
    network = network_of(shape, seed)
    entropies = code_entropies(network, random_messages(seed + 10, network, 24))
    assert min(entropies.values()) >= 0.5


def with_limbs(network, stream: tuple[int, ...], product: tuple[int, ...]):
    """Return the network with other limbs: any split gives the same sums."""

    def split(layer):
        if isinstance(layer, NormEncoderLayer):
            return replace(layer, limbs=stream)
        if isinstance(layer, ResidualLayer):
            return replace(layer, limbs=product)
        return layer

    return replace(network, layers=tuple(split(layer) for layer in network))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize(
    ("stream", "product"), [((), (3,)), ((9,), ()), ((6, 5), (4, 4)), ((3, 4, 5), (2, 3, 4))]
)
def test_limbs_do_not_change_the_codes(stream, product, coding):
    network = network_of("one block", 6)
    messages = random_messages(7, network, 2)
    split = with_limbs(network, stream, product)
    assert compare(split, messages, coding) == []
    plain, parts = (
        SimBackend().run(make_plan(one, coding), messages, record=True) for one in (network, split)
    )
    for name, codes in plain.records.items():
        np.testing.assert_array_equal(parts.records[name], codes, err_msg=name)


class TestStrictMode:
    """Every proven range of every layer is held against the values, from both sides."""

    @pytest.fixture(scope="class")
    def messages(self):
        return random_messages(8, network_of("one block", 5), 2)

    @pytest.fixture(scope="class")
    def network(self, messages):
        """A network whose ranges are exactly what the batch engine observes."""
        network = network_of("one block", 5)
        outputs = run_layers(network, messages)
        return with_ranges(network, {name: dict(o.observed) for name, o in outputs.items()})

    def test_values_lie_within_what_batch_observes(self, network, messages):
        SimBackend().run(make_plan(network, "graded"), messages, strict=True)

    @pytest.mark.parametrize("layer", [layer.name for layer in network_of("one block", 5)])
    def test_a_range_that_is_one_too_narrow_is_noticed(self, network, messages, layer):
        for name, (lo, hi) in {n: r.ends for n, r in network[layer].ranges.items()}.items():
            for narrow in (Interval(lo + 1, hi + 1), Interval(lo - 1, hi - 1)):
                ranges = {one.name: dict(one.ranges) for one in network}
                ranges[layer][name] = narrow
                plan = make_plan(with_ranges(network, ranges), "graded")
                with pytest.raises(StrictRangeError, match=f"{layer}: {name} spans") as caught:
                    SimBackend().run(plan, messages, strict=True)
                assert caught.value.process == layer

    @pytest.mark.usefixtures("not_strict")
    def test_nothing_is_checked_unless_asked(self, network, messages):
        ranges = {
            one.name: dict.fromkeys(one.ranges, Interval(1 << 40, 1 << 40)) for one in network
        }
        plan = make_plan(with_ranges(network, ranges), "graded")
        found = SimBackend().run(plan, messages)
        expected = BatchBackend().run(plan, messages)
        assert np.array_equal(found.forecasts, expected.forecasts)


def with_short_table(network):
    """Return a network whose gate has no value for its highest codes: its model raises."""
    layers = tuple(
        replace(layer, table=layer.table[:2]) if isinstance(layer, GateLayer) else layer
        for layer in network
    )
    return replace(network, layers=layers)


def blame(error: SimulationError) -> tuple[str | None, bool]:
    """Return the process that an error names, and whether it shows where its model raised."""
    return error.process, "decide" in (error.traceback or "")


class TestFailures:
    @pytest.fixture(scope="class")
    def network(self):
        return random_network(1, blocks=1, window=3, golden=0)

    @pytest.fixture(scope="class")
    def messages(self, network):
        return random_messages(2, network, 2)

    @pytest.mark.parametrize("runtime", ["inprocess", "multiprocessing"])
    def test_a_model_that_raises_is_named_with_its_traceback(self, network, messages, runtime):
        plan = make_plan(with_short_table(network), "graded")
        with pytest.raises(SimulationError, match="IndexError") as caught:
            SimBackend(runtime=runtime, timeout_s=120).run(plan, messages)
        assert blame(caught.value) == ("blocks.0.in_proj.gate.neuron", True)
        assert caught.value.exit_code == 5

    def test_strict_errors_come_through_the_multiprocessing_runtime(self, network, messages):
        ranges = {layer.name: dict(layer.ranges) for layer in network}
        ranges["head"]["message"] = Interval(0, 0)
        plan = make_plan(with_ranges(network, ranges), "graded")
        with pytest.raises(StrictRangeError, match="head: message spans"):
            SimBackend(runtime="multiprocessing", timeout_s=120).run(plan, messages, strict=True)

    @pytest.mark.parametrize(("runtime", "limit"), [("inprocess", 0.0), ("multiprocessing", 0.05)])
    def test_the_time_is_limited(self, network, messages, runtime, limit):
        plan = make_plan(network, "unary")
        with pytest.raises(SimulationTimeoutError) as caught:
            SimBackend(runtime=runtime, timeout_s=limit).run(plan, messages)
        assert caught.value.exit_code == 6

    def test_an_interrupt_ends_the_run(self, network, messages):
        def interrupt(done, steps):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            SimBackend().run(make_plan(network, "graded"), messages, progress=interrupt)

    def test_no_windows(self, network, messages):
        with pytest.raises(UsageError, match="at least one window"):
            SimBackend().run(make_plan(network, "graded"), messages[:0])

    def test_unknown_runtime(self, network, messages):
        with pytest.raises(UsageError, match="runtime is 'threads', expected one of inprocess"):
            SimBackend(runtime="threads").run(make_plan(network, "graded"), messages)


@pytest.mark.parametrize("coding", CODINGS)
def test_multiprocessing_runtime_is_equal_too(coding):
    network = random_network(3, blocks=1, window=3, d_conv=2, wide=True, golden=0)
    messages = random_messages(4, network, 2)
    plan = make_plan(network, coding)
    steps = []
    found = SimBackend(runtime="multiprocessing", timeout_s=300).run(
        plan, messages, strict=True, record=True, progress=lambda *done: steps.append(done)
    )
    expected = BatchBackend().run(plan, messages, strict=True, record=True)
    assert differences(plan, expected, found) == []
    assert steps[-1] == (plan.time_steps(2), plan.time_steps(2))
    assert found.process_seconds is None  # which this runtime cannot measure


def test_progress_and_timings():
    network = network_of("one block", 0)
    plan = make_plan(network, "unary")
    steps = []
    result = SimBackend().run(
        plan, random_messages(1, network, 2), progress=lambda *done: steps.append(done)
    )
    assert steps == sorted(set(steps))
    assert steps[-1] == (plan.time_steps(2), plan.time_steps(2))
    assert set(result.timings_s) == {"build", "run"}
    assert result.records == {}
    assert set(result.process_seconds) == {process.name for process in plan.processes}
    assert sum(result.process_seconds.values()) <= result.timings_s["run"]
