"""`lava_spikyspace.profiling.profile`: held against a recount from nothing but spikes.npz."""

from dataclasses import replace

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.network import Interval
from lava_spikyspace.plan import CODINGS
from lava_spikyspace.profiling.ordering import ordered
from lava_spikyspace.profiling.versus import versus
from netx_export.writer import write_network
from tests.older_runs import before_squares
from tests.recount import Recount
from tests.run_cases import small_network, walk_values

ENGINES = {
    "batch": {"backend": "batch"},
    "inprocess": {"backend": "sim", "runtime": "inprocess"},
    "multiprocessing": {"backend": "sim", "runtime": "multiprocessing"},
}
NETWORK = {"bits": {"c": 2, "s": 3, "delta": 1, "delta1": 2, "x": 2, "y": 2}}
COUNTED = ("neurons", "spikes", "graded_spikes", "events_in", "synops", "neuron_updates")


@pytest.fixture(scope="module")
def network():
    return small_network(**NETWORK)


@pytest.fixture(scope="module", params=[(e, c) for e in ENGINES for c in CODINGS], ids="-".join)
def kept(request, network, tmp_path_factory):
    """A run directory of each engine and coding, the profile of it, and its codes."""
    engine, coding = request.param
    if engine != "batch":
        pytest.importorskip("lava.magma")
    folder = tmp_path_factory.mktemp("profile") / "run"
    values = walk_values(network, 9)
    lss.run(network, values, coding=coding, windows=2, record=True, **ENGINES[engine]).save(folder)
    with np.load(folder / "spikes.npz", allow_pickle=False) as archive:
        records = {name: archive[name].astype(np.int64) for name in archive.files}
    return lss.profile(folder), records, coding


class TestAgainstTheRecords:
    def test_counts_equal_a_recount(self, network, kept):
        profile, records, coding = kept
        expected = Recount(network, records, coding)
        assert [row.name for row in profile.rows] == list(expected.rows)
        for row in profile.rows:
            recount = expected.rows[row.name]
            found = {name: getattr(row.counts, name) for name in COUNTED}
            assert found == {name: getattr(recount, name) for name in COUNTED}, row.name
            assert row.counts.firing_rate == recount.firing_rate

    def test_layers_and_totals_are_sums(self, network, kept):
        profile, records, coding = kept
        rows = Recount(network, records, coding).rows
        for name in COUNTED:
            whole = sum(getattr(row, name) for row in rows.values())
            assert profile.totals[name] == whole
            assert sum(getattr(layer, name) for layer in profile.layers) == whole
        conv = next(layer for layer in profile.layers if layer.name == "blocks.0.conv")
        parts = [row for name, row in rows.items() if name.startswith("blocks.0.conv.")]
        assert len(parts) == 2
        assert conv.synops == sum(row.synops for row in parts)
        assert conv.shares["synops"] == conv.synops / profile.totals["synops"]
        assert sum(row.shares["events_in"] for row in profile.rows) == pytest.approx(1)

    def test_events_by_channel_element_and_window(self, kept):
        profile, records, coding = kept
        for row in profile.rows:
            spread, facts = row.distribution, row.facts
            if facts.record is None:
                assert spread is None
                continue
            codes = records[facts.record]
            binary = coding == "unary" and facts.bits is not None and row.counts.spikes > 0
            events = np.abs(codes) if binary else (codes != 0).astype(int)
            assert spread.events_by_element.tolist() == events.sum(axis=(0, 2)).tolist()
            assert spread.events_by_window.tolist() == events.sum(axis=(1, 2)).tolist()
            channels = [codes[:, :, c] for c in range(codes.shape[2])]
            if facts.record != "head":  # its channels are steps and variates
                assert row.silent == sum(not c.any() for c in channels) == spread.silent
                assert row.always_on == sum(c.all() for c in channels) == spread.always_on
                assert row.channels == len(channels)
            if row.counts.firing_rate is not None:
                mean = spread.rate_by_channel.mean()
                assert mean == pytest.approx(row.counts.firing_rate, rel=1e-12)
                top = 2**facts.bits - 1
                first = np.abs(channels[0]).sum() / (channels[0].size * top)
                assert spread.rate_by_channel[0] == pytest.approx(first, rel=1e-12)

    def test_histograms_count_every_payload_once(self, kept):
        profile, records, _ = kept
        for row in profile.rows:
            if row.distribution is None:
                continue
            codes = records[row.facts.record].ravel().tolist()
            histogram = row.distribution.histogram
            assert sum(entry.count for entry in histogram) == len(codes)
            for entry in histogram:
                assert entry.count == sum(entry.low <= code <= entry.high for code in codes)
            edges = [edge for entry in histogram for edge in (entry.low, entry.high)]
            assert edges == sorted(edges)
        gate = profile.row("blocks.0.in_proj.gate.neuron")
        inner = records["blocks.0.in_proj.gate.code"].ravel()
        assert gate.inner.histogram[0].count == (inner == 0).sum()

    def test_the_input_comes_first(self, kept):
        profile, records, _ = kept
        assert profile.rows[0].name == "input"
        sent = np.count_nonzero(records["input"])
        assert profile.rows[0].counts.graded_spikes >= sent > 0

    def test_nothing_goes_under_another_name(self, kept):
        profile, _, coding = kept
        assert profile.engine in profile.sources["spikes"]
        assert profile.engine in profile.sources["synops"]
        assert profile.coding == coding
        if profile.backend == "batch":
            assert profile.totals["seconds"] is None
            assert profile.sources["seconds"] == "not measured"
            assert "not-timed" in [finding.code for finding in profile.diagnostics]

    def test_wall_times_are_those_of_the_inprocess_runtime(self, kept):
        profile, _, _ = kept
        timed = {row.facts.process for row in profile.rows if row.seconds is not None}
        everything = {row.facts.process for row in profile.rows}
        assert timed == (everything if profile.runtime == "inprocess" else set())
        if timed:
            assert 0 < profile.totals["seconds"] <= profile.timings_s["run"]
            assert "sim/inprocess" in profile.sources["seconds"]


@pytest.fixture(scope="module")
def result(network):
    return lss.run(network, walk_values(network, 12), backend="batch", record=True)


class TestRanges:
    def test_headroom_is_relative_to_the_proven_width(self, network, result):
        profile = result.profile()
        for name, layer, value in (
            ("blocks.0.delta.neuron", "blocks.0.delta", "accumulator"),
            ("blocks.0.scan.state", "blocks.0.scan", "state"),
            ("blocks.0.scan.output", "blocks.0.scan", "accumulator"),
            ("blocks.0.product", "blocks.0.product", "message"),
            ("input", "input", "message"),
        ):
            row = profile.row(name)
            proven = network[layer].ranges[value]
            assert (row.facts.range_of, row.facts.proven) == (value, proven)
            seen = Interval(row.counts.min, row.counts.max)
            assert proven.contains(seen)
            assert row.headroom_bits == proven.bits - seen.bits >= 0
            assert row.range_used == seen.magnitude / proven.magnitude

    def test_synapses_have_none(self, result):
        row = result.profile().row("blocks.0.delta.synapses")
        assert (row.headroom_bits, row.range_used, row.channels) == (None, None, None)


class TestSeconds:
    def test_of_a_process_stand_in_the_row_that_sends(self, result, tmp_path):
        times = {fact.process: 0.25 for fact in result.facts}
        replace(result, process_seconds=times).save(tmp_path / "run")
        profile = lss.profile(tmp_path / "run")
        assert profile.row("blocks.0.scan.state").seconds is None
        assert profile.row("blocks.0.scan.output").seconds == 0.25
        assert profile.row("blocks.0.norm").seconds == 0.25
        assert profile.totals["seconds"] == sum(times.values())
        assert profile.row("input").shares["seconds"] == 1 / len(times)
        assert "not-timed" not in [finding.code for finding in profile.diagnostics]
        assert lss.RunResult.load(tmp_path / "run").process_seconds == times


class TestFindings:
    def codes_of(self, result):
        return {(d.code, d.where) for d in result.profile().diagnostics}

    def change(self, result, name, **changes):
        counts = [replace(row, **changes) if row.name == name else row for row in result.counts]
        return replace(result, counts=tuple(counts))

    def test_silent_and_saturated_codes(self, result):
        name = "blocks.0.conv.neuron"
        assert not {c for c, _ in self.codes_of(result)} & {"silent-process", "saturated-code"}
        assert ("silent-process", name) in self.codes_of(self.change(result, name, firing_rate=0.0))
        high = self.change(result, name, firing_rate=0.99)
        assert ("saturated-code", name) in self.codes_of(high)

    def test_silent_channels(self, result):
        name = "blocks.0.conv.neuron"
        events = {**result.channel_events, name: np.array([0, 0, 3])}
        changed = replace(result, channel_events=events, records={})
        row = changed.profile().row(name)
        assert (row.silent, row.channels) == (2, 3)
        assert ("silent-channels", name) in self.codes_of(changed)
        assert ("not-recorded", "memory") in self.codes_of(changed)

    def test_always_on_needs_more_than_counts_in_unary_coding(self, network):
        values = walk_values(network, 9)
        for coding, known in (("graded", True), ("unary", False)):
            result = lss.run(network, values, backend="batch", coding=coding, record=False)
            row = result.profile().row("blocks.0.in_proj.scan.neuron")
            assert row.facts.bits > 1
            assert (row.always_on is not None) == known


class TestOrder:
    def test_largest_first_and_unknown_last(self, result):
        rows = result.profile().rows
        by_synops = [row.counts.synops for row in ordered(rows, "synops")]
        assert by_synops == sorted(by_synops, reverse=True)
        by_rate = [row.counts.firing_rate for row in ordered(rows, "rate")]
        known = [rate for rate in by_rate if rate is not None]
        assert by_rate[: len(known)] == sorted(known, reverse=True)
        assert [row.name for row in ordered(rows, "name", 2)] == sorted(r.name for r in rows)[:2]
        assert ordered(rows) == rows

    def test_refusals(self, result):
        with pytest.raises(UsageError, match="synops"):
            ordered(result.profile().rows, "colour")
        with pytest.raises(UsageError, match="top is 0"):
            ordered(result.profile().rows, top=0)
        with pytest.raises(UsageError, match="head"):
            result.profile().row("tail")


class TestVersus:
    def test_each_side_is_divided_by_its_own_windows(self, network):
        values = walk_values(network, 12)
        a = lss.run(network, values, backend="batch", windows=4).profile()
        b = lss.run(network, values, backend="batch", coding="unary", windows=2).profile()
        found = lss.versus(a, b)
        assert found.settings == {"coding": ("graded", "unary"), "windows": (4, 2)}
        for row in found.rows:
            pair = row.pairs["synops"]
            assert pair.a == a.row(row.name).counts.synops / 4
            assert pair.b == b.row(row.name).counts.synops / 2
            assert row.pairs["seconds"].a is None
        assert found.totals["synops"].ratio == found.totals["synops"].b / found.totals["synops"].a

    def test_rows_of_one_side_only(self, network, result):
        other = small_network(blocks=2)
        b = lss.run(other, walk_values(other, 9), backend="batch").profile()
        found = lss.versus(b, result.profile())
        rows = {row.name: row for row in found.rows}
        assert (rows["blocks.1.scan.state"].in_a, rows["blocks.1.scan.state"].in_b) == (True, False)
        assert rows["blocks.1.scan.state"].pairs["synops"].b is None
        assert rows["head"].in_b


class TestBounds:
    def test_records_are_kept_as_far_as_they_fit(self, network, monkeypatch):
        values = walk_values(network, 30)
        whole = lss.run(network, values, backend="batch", record=True)
        per_window = sum(codes[0].size for codes in whole.records.values())
        monkeypatch.setattr("lava_spikyspace.streaming.RECORDED_AT_ONCE", 4 * per_window)
        monkeypatch.setattr("lava_spikyspace.streaming.MAX_RECORDED_VALUES", 10 * per_window)
        part = lss.run(network, values, backend="batch", record=True)
        kept = part.recorded_windows
        assert 0 < kept < len(whole.windows)
        assert part.counts == whole.counts
        np.testing.assert_array_equal(part.forecasts, whole.forecasts)
        for name, codes in part.records.items():
            np.testing.assert_array_equal(codes, whole.records[name][:kept])
        assert "recorded-in-part" in [finding.code for finding in part.diagnostics]
        profile = part.profile()
        assert profile.recorded_windows == kept
        assert "recorded-in-part" in [finding.code for finding in profile.diagnostics]

    def test_an_evaluation_can_be_profiled(self, network, tmp_path):
        lss.evaluate(network, walk_values(network, 60), out=tmp_path / "run", record=True)
        profile = lss.profile(tmp_path / "run")
        assert profile.recorded_windows == profile.windows
        assert profile.row("head").distribution is not None
        loaded = lss.RunResult.load(tmp_path / "run")
        assert loaded.scores["metrics"]["all"]["r2"] is not None
        assert np.isfinite(loaded.actual).all()
        with pytest.raises(UsageError, match="run directory"):
            lss.evaluate(network, walk_values(network, 60), record=True)


def test_seed_of_the_training(network, tmp_path):
    provenance = {**network.provenance, "checkpoint": {"training": {"seed": 11}}}
    write_network(replace(network, provenance=provenance), tmp_path / "m.net")
    result = lss.run(tmp_path / "m.net", walk_values(network, 9), backend="batch")
    assert result.to_dict()["seed"] == 11
    assert lss.run(network, walk_values(network, 9), backend="batch").seed is None


def test_no_run_directory(tmp_path):
    with pytest.raises(InputError, match=r"run\.json"):
        lss.profile(tmp_path)


class TestRunsOfEarlierVersions:
    """Runs without a row for the neurons inside a root mean square."""

    @pytest.fixture
    def older(self, result):
        facts = tuple(fact for fact in result.facts if not fact.name.endswith(".squares"))
        return replace(result, counts=before_squares(result.counts), facts=facts)

    def test_a_comparison_names_the_rows_of_one_side(self, result, older):
        compared = versus(older.profile(), result.profile())
        none, some = compared.settings["rows"]
        assert none == "none alone"
        assert some.startswith(f"{len(result.counts) - len(older.counts)} alone: blocks.0.norm.")
        names = [row.name for row in compared.rows]
        assert names == [row.name for row in result.counts]
