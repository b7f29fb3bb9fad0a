"""`lava_spikyspace.running`: forecasts and counts, on the batch engine and on Lava's simulator."""

import sys

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.boundary import decode_forecasts, encode_windows
from lava_spikyspace.datasets.windows import input_windows
from lava_spikyspace.errors import (
    BackendUnavailableError,
    DataError,
    SimulationTimeoutError,
    StrictRangeError,
    UsageError,
)
from lava_spikyspace.network import Interval
from lava_spikyspace.plan import CODINGS, make_plan
from tests.random_networks import random_network, with_golden
from tests.recount import Recount
from tests.run_cases import small_network, walk_values, write_csv

COUNTED = (
    "neurons",
    "spikes",
    "graded_spikes",
    "events_in",
    "synops",
    "neuron_updates",
    "firing_rate",
)
NETWORKS = {
    "small": {},
    "wide": {"channels": 6, "blocks": 2, "wide": True},
    "instance": {"instance": True},
    "many bits": {"bits": {"c": 4, "s": 3, "delta": 1, "delta1": 3, "x": 2, "y": 3}},
    "one of each": {"channels": 1, "d_inner": 1, "d_state": 1, "window": 1, "d_conv": 1},
    "wide taps": {"d_conv": 5, "window": 4, "horizon": 1},
}


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def values(network):
    return walk_values(network, 20)


def run_batch(network, values, **options):
    return lss.run(network, values, backend="batch", strict=True, **options)


class TestForecasts:
    def test_they_are_those_of_the_golden_windows(self, network):
        """Through the boundary and back: the integers that the exporter would have recorded."""
        values = walk_values(network, 12)
        encoded = encode_windows(network, input_windows(values, network.window))
        golden = with_golden(network, encoded.messages).golden
        result = run_batch(network, values)
        expected = decode_forecasts(network, golden.forecasts, encoded)
        np.testing.assert_array_equal(result.forecasts, expected)

    def test_pieces_do_not_change_them(self, network, values, monkeypatch):
        whole = run_batch(network, values, record=True)
        monkeypatch.setattr("lava_spikyspace.streaming.PIECE_VALUES", 4 * 6 * 4)
        pieces = run_batch(network, values, record=True)
        np.testing.assert_array_equal(pieces.forecasts, whole.forecasts)
        assert pieces.counts == whole.counts
        assert pieces.records.keys() == whole.records.keys()
        for name, codes in whole.records.items():
            np.testing.assert_array_equal(pieces.records[name], codes)

    def test_actual_values_lie_behind_the_window(self, network, values):
        result = run_batch(network, values)
        assert result.actual.shape == result.forecasts.shape
        np.testing.assert_array_equal(result.actual[3, 1], values[3 + network.window + 1])
        assert np.isnan(result.actual[-1]).all()
        np.testing.assert_array_equal(np.isnan(result.actual[-2, :, 0]), [False, True])

    def test_a_window_may_be_all_there_is(self, network):
        result = run_batch(network, walk_values(network, network.window))
        assert result.windows.tolist() == [0]
        assert np.isnan(result.actual).all()


class TestWindows:
    @pytest.mark.parametrize(
        ("windows", "expected"),
        [
            (None, range(15)),
            ("2:5", range(2, 5)),
            ("-3:", range(12, 15)),
            ("2", range(13, 15)),
            (2, range(13, 15)),
            (range(4, 6), range(4, 6)),
        ],
    )
    def test_selection(self, network, values, windows, expected):
        result = run_batch(network, values, windows=windows)
        assert result.windows.tolist() == list(expected)
        assert result.start_rows.tolist() == list(expected)
        everything = run_batch(network, values)
        np.testing.assert_array_equal(result.forecasts, everything.forecasts[list(expected)])

    @pytest.mark.parametrize(
        "windows", ["9:99", "x", "3:3", 16, range(0, 4, 2), range(3, 3), range(12, 17)]
    )
    def test_what_does_not_exist_is_refused(self, network, values, windows):
        with pytest.raises(UsageError, match="windows"):
            run_batch(network, values, windows=windows)


class TestCounts:
    @pytest.mark.parametrize("coding", CODINGS)
    @pytest.mark.parametrize("sizes", NETWORKS.values(), ids=NETWORKS.keys())
    def test_equal_a_recount_from_the_codes(self, sizes, coding):
        network = small_network(**sizes)
        result = run_batch(
            network, walk_values(network, 30), coding=coding, record=True, clip_input=True
        )
        expected = Recount(network, result.records, coding)
        assert result.frame_steps == expected.frame_steps
        assert [row.name for row in result.counts] == list(expected.rows)
        for row in result.counts:
            found = {column: getattr(row, column) for column in COUNTED}
            assert found == vars(expected.rows[row.name]), row.name

    def test_codings_share_rates_and_extremes(self, network, values):
        graded, unary = (run_batch(network, values, coding=coding) for coding in CODINGS)
        np.testing.assert_array_equal(graded.forecasts, unary.forecasts)
        for one, other in zip(graded.counts, unary.counts, strict=True):
            assert (one.name, one.firing_rate) == (other.name, other.firing_rate)
            assert (one.min, one.max) == (other.min, other.max)
        assert not any(row.spikes for row in graded.counts)
        assert any(row.spikes for row in unary.counts)

    def test_extremes_are_those_of_the_accumulator(self, network, values):
        result = run_batch(network, values, record=True)
        rows = {row.name: row for row in result.counts}
        for name in ("blocks.0.delta", "blocks.0.in_proj.scan", "blocks.0.out_proj"):
            layer = network[name]
            sums = result.records[layer.inputs[0]] @ layer.weight.astype(np.int64).T
            row = rows[f"{name}.neuron"]
            assert (row.min, row.max) == (sums.min(), sums.max())

    def test_time_steps_hold_the_latency_once(self, network, values):
        for coding, frame_steps in (("graded", 1), ("unary", 3)):
            one = run_batch(network, values, coding=coding, windows=1)
            many = run_batch(network, values, coding=coding, windows=5)
            per_window = network.window * frame_steps
            assert one.latency_steps == make_plan(network, coding).latency_steps
            assert one.time_steps == one.latency_steps + per_window
            assert many.time_steps - one.time_steps == 4 * per_window


@pytest.mark.parametrize("coding", CODINGS)
def test_sim_equals_batch(network, values, coding):
    pytest.importorskip("lava.magma")
    steps = []
    sim = lss.run(
        network,
        values,
        coding=coding,
        strict=True,
        record=True,
        progress=lambda *progress: steps.append(progress),
    )
    batch = run_batch(network, values, coding=coding, windows=4, record=True)
    np.testing.assert_array_equal(sim.forecasts, batch.forecasts)
    assert sim.counts == batch.counts
    assert sim.records.keys() == batch.records.keys()
    for name, codes in batch.records.items():
        np.testing.assert_array_equal(sim.records[name], codes, err_msg=name)
    assert {sim.backend, sim.runtime} == {"sim", "inprocess"}
    assert steps[-1] == (sim.time_steps, sim.time_steps)
    ours, theirs = sim.to_dict(), batch.to_dict()
    assert ours.pop("runtime") != theirs.pop("runtime")
    assert ours == theirs


def test_the_time_of_a_simulation_is_limited(network, values):
    pytest.importorskip("lava.magma")
    with pytest.raises(SimulationTimeoutError):
        lss.run(network, values, timeout_s=0.0)


class TestData:
    def test_order_of_the_variates_does_not_matter(self, network, values, tmp_path):
        turned = write_csv(tmp_path / "d.csv", network.variates[::-1], values[:, ::-1])
        result = run_batch(network, turned)
        straight = run_batch(network, values)
        np.testing.assert_array_equal(result.forecasts, straight.forecasts)
        assert [entry.code for entry in result.diagnostics] == ["variates-matched"]
        assert result.variates == network.variates

    def test_names_of_the_table_serve_a_model_without(self, values, tmp_path):
        from dataclasses import replace

        nameless = replace(small_network(), variates=None)
        named = write_csv(tmp_path / "d.csv", ("a", "b", "c", "d"), values)
        assert run_batch(nameless, named).variates == ("a", "b", "c", "d")
        assert run_batch(nameless, values).variates == ("0", "1", "2", "3")

    def test_values_outside_the_input_range(self, network, values):
        high = values.copy()
        high[10, 2] = 1e6
        with pytest.raises(DataError, match=r"row 10, column 2 \(sensor 2\)"):
            run_batch(network, high)
        result = run_batch(network, high, clip_input=True)
        # The value is part of the windows that start at rows 5 to 10.
        assert result.clipped_inputs == 6
        assert "input-clipped" in [entry.code for entry in result.diagnostics]

    def test_saturations_are_reported_by_process(self):
        network = random_network(3)
        limits = network.input.ranges["message"].ends
        rng = np.random.default_rng(0)
        unit = 2.0**network.input.frac_bits
        norm = network.normalisation
        values = rng.choice(limits, size=(60, network.channels)) / unit * norm.scale + norm.mean
        result = run_batch(network, values, record=True, clip_input=True)
        residual = network["blocks.1.out_proj"]
        counts = {row.name: row.saturations for row in result.counts}
        ends = Interval.signed(residual.residual_bits).ends
        at_the_ends = np.isin(result.records[residual.name], ends).sum()
        assert 0 < counts["blocks.1.out_proj.neuron"] <= at_the_ends
        warned = {entry.where for entry in result.diagnostics if entry.code == "saturated"}
        assert warned == {name for name, count in counts.items() if count}
        assert result.to_dict()["saturations"] == {n: c for n, c in counts.items() if c}


@pytest.mark.usefixtures("not_strict")
def test_strict_refuses_a_range_that_does_not_hold(network, values):
    from dataclasses import replace

    layers = [
        replace(layer, ranges={**layer.ranges, "accumulator": Interval(0, 1)})
        if layer.name == "blocks.0.delta"
        else layer
        for layer in network
    ]
    broken = replace(network, layers=tuple(layers))
    assert lss.run(broken, values, backend="batch").counts
    with pytest.raises(StrictRangeError, match=r"blocks\.0\.delta: accumulator"):
        run_batch(broken, values)


def test_unknown_names_are_refused(network, values):
    for option, known in (("backend", "sim"), ("runtime", "inprocess"), ("coding", "unary")):
        with pytest.raises(UsageError, match=known):
            lss.run(network, values, **{"backend": "batch", option: "abacus"})


def test_a_backend_that_is_not_here(network, values):
    with pytest.raises(BackendUnavailableError, match="loihi2 is not available"):
        lss.run(network, values, backend="loihi2")


def test_the_package_exports_without_importing(run_python):
    heavy = ["numpy", "pandas", "numba", "h5py", "lava", "torch", "pydantic"]
    code = f"import sys, lava_spikyspace; print([m for m in {heavy} if m in sys.modules])"
    assert run_python("-c", code).stdout == "[]\n"
    code = f"""import sys, lava_spikyspace as lss
lss.run, lss.load, lss.verify, lss.evaluate, lss.RunResult
print([m for m in {["pandas", "numba", "lava", "torch", "matplotlib"]} if m in sys.modules])"""
    done = run_python("-c", code)
    assert (done.stdout, done.code) == ("[]\n", 0)


def test_public_names():
    assert set(lss.__all__) <= set(dir(lss))
    for name in lss.__all__:
        assert getattr(lss, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'walk'"):
        sys.modules["lava_spikyspace"].walk  # noqa: B018
