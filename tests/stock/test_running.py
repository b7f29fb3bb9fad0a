"""Runs of plain NetX networks: counts, runtimes, parameters, notices, failures."""

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.errors import (
    BackendUnavailableError,
    DataError,
    ModelFileError,
    SimulationTimeoutError,
    UsageError,
)
from lava_spikyspace.files import sha256_of
from lava_spikyspace.netx.stock.reader import read_stock
from lava_spikyspace.stock.running import run_stock
from tests.netx.stock.building import (
    chain_of_dense_layers,
    convolutions_in_groups,
    cuba,
    dense,
    recurrent,
    sdnn,
    weights,
    write_stock,
)
from tests.stock.recount import recount

pytest.importorskip("lava.magma.core.decorator")

RNG = np.random.default_rng(8)


@pytest.fixture(scope="module")
def dense_file(tmp_path_factory):
    return write_stock(tmp_path_factory.mktemp("dense") / "x.net", chain_of_dense_layers())


@pytest.fixture(scope="module")
def conv_file(tmp_path_factory):
    return write_stock(tmp_path_factory.mktemp("conv") / "x.net", convolutions_in_groups())


def spikes(steps, *shape):
    return (np.random.default_rng(steps).random((steps, *shape)) < 0.4).astype(int)


def counts_of(result):
    return {row.name: row for row in result.counts}


class TestCounts:
    def check(self, path, values, **settings):
        result = run_stock(path, values, record=True, **settings)
        expected = recount(read_stock(path), result, values)
        rows = counts_of(result)
        assert list(rows) == list(expected)
        found = {
            name: (row.spikes + row.graded_spikes, row.events_in, row.synops)
            for name, row in rows.items()
        }
        assert found == expected
        return rows

    def test_dense_layers(self, dense_file):
        rows = self.check(dense_file, spikes(40, 12))
        assert [row.type for row in rows.values()] == [
            *("RingBuffer", "DelayDense", "LIF", "Dense", "Dense", "LIF", "DelayDense", "LIF"),
            *("DelayDense", "LIF", "DelayDense", "DelayDense", "LIF", "Dense", "LIF"),
        ]
        assert rows["layer.1.recurrent"].synops > 0
        for row in rows.values():
            assert row.graded_spikes == 0
            assert row.neuron_updates == row.neurons * 40
            expected = row.spikes / (row.neurons * 40) if row.neurons else None
            assert row.firing_rate == expected
            assert (row.min, row.max) == ((0, 1) if row.name == "input" else (None, None))

    def test_convolutions_fed_through_biases(self, conv_file):
        rows = self.check(conv_file, RNG.integers(-100, 900, (9, 7, 9, 4)))
        assert rows["input"].type == "StateDataloader"
        assert rows["input"].firing_rate is None
        assert rows["layer.0.neuron"].events_in == 0

    def test_convolutions_fed_with_spikes(self, conv_file):
        rows = self.check(conv_file, spikes(9, 7, 9, 4), skip_layers=1)
        assert rows["layer.4.synapses"].synops > 0

    def test_sigma_delta_neurons(self, tmp_path):
        path = write_stock(tmp_path / "x.net", convolutions_in_groups(sdnn()))
        rows = self.check(path, RNG.integers(-100, 100, (7, 7, 9, 4)))
        assert rows["layer.0.neuron"].type == "Delta"
        assert rows["layer.0.neuron"].events_in == rows["input"].graded_spikes
        assert rows["layer.1.neuron"].type == "SigmaDelta"
        assert all(row.spikes == 0 and row.firing_rate is None for row in rows.values())

    def test_sums(self, tmp_path):
        layers = [dense(weights(RNG, 3, 4), sdnn(1)), dense(weights(RNG, 2, 3), sdnn(0))]
        layers[1]["neuron/sigma_output"] = True
        path = write_stock(tmp_path / "x.net", layers)
        rows = self.check(path, RNG.integers(-500, 500, (9, 4)), input_bits=16)
        assert rows["layer.1.neuron"].type == "Sigma"
        assert rows["input"].graded_spikes > 0

    def test_resets_change_the_class_of_the_neurons(self, dense_file):
        rows = self.check(dense_file, spikes(20, 12), reset_interval=3)
        assert rows["layer.0.neuron"].type == "LIFReset"


@pytest.mark.parametrize(
    ("file", "settings", "shape"),
    [
        # Dense layers on both runtimes: tests/cli/test_stock.py has them without resets.
        pytest.param(
            "dense_file", {"reset_interval": 6, "reset_offset": 1}, (12,), marks=pytest.mark.slow
        ),
        ("conv_file", {}, (7, 9, 4)),
        ("conv_file", {"skip_layers": 1}, (7, 9, 4)),
    ],
    ids=["dense", "bias", "convolutions"],
)
def test_both_runtimes_give_the_same(file, settings, shape, request):
    path = request.getfixturevalue(file)
    values = spikes(12, *shape) * (700 if file == "conv_file" and not settings else 1)
    steps = []
    ours, lavas = (
        run_stock(
            path,
            values,
            runtime=runtime,
            record=True,
            progress=lambda *done: steps.append(done),
            **settings,
        )
        for runtime in ("inprocess", "multiprocessing")
    )
    assert (ours.runtime, lavas.runtime) == ("inprocess", "multiprocessing")
    assert ours.counts == lavas.counts
    assert list(ours.records) == list(lavas.records)
    for name, expected in ours.records.items():
        np.testing.assert_array_equal(lavas.records[name], expected, err_msg=name)
    np.testing.assert_array_equal(lavas.outputs, ours.outputs)
    assert ours.records["layer.0" if not settings else "layer.1"].any()
    assert steps.count((12, 12)) == 2


class TestResult:
    def test_outputs_and_what_they_come_from(self, dense_file, tmp_path):
        np.save(tmp_path / "data.npy", spikes(15, 12))
        result = lss.run_stock(dense_file, tmp_path / "data.npy", num_layers=3, skip_layers=0)
        assert result.outputs.shape == (15, 14)
        assert result.outputs.dtype == np.int64
        assert result.records == {}
        assert (result.time_steps, result.latency_steps, result.feed) == (15, 3, "spikes")
        assert result.model.sha256 == sha256_of(dense_file)
        assert result.data.sha256 == sha256_of(tmp_path / "data.npy")
        assert set(result.timings_s) == {"read", "build", "run"}

    def test_one_step(self, conv_file):
        assert run_stock(conv_file, spikes(1, 7, 9, 4) * 500).outputs.shape == (1, 8)

    def test_a_network_in_memory(self, dense_file):
        values = spikes(15, 12)
        result = run_stock(read_stock(dense_file), values)
        np.testing.assert_array_equal(result.outputs, run_stock(dense_file, values).outputs)
        assert (result.model, result.data) == (None, None)

    def test_runs_do_not_touch_the_network(self, dense_file):
        network = read_stock(dense_file)
        first, second = (run_stock(network, spikes(15, 12)) for _ in range(2))
        assert first.counts == second.counts


class TestNotices:
    def codes(self, path, values, **settings):
        return [found.code for found in run_stock(path, values, **settings).diagnostics]

    def test_nothing_to_say(self, dense_file):
        assert self.codes(dense_file, spikes(2, 12), num_layers=3) == []

    def test_input_bits_that_a_layer_overrules(self, dense_file, conv_file):
        assert self.codes(dense_file, spikes(2, 16), skip_layers=1, num_layers=3, input_bits=4) == [
            "input-bits-ignored"
        ]
        assert self.codes(conv_file, spikes(2, 7, 9, 4), input_bits=4) == ["input-bits-ignored"]

    def test_resets_that_sigma_delta_neurons_do_not_have(self, tmp_path):
        path = write_stock(tmp_path / "x.net", [dense(weights(RNG, 3, 4), sdnn())])
        assert self.codes(path, spikes(2, 4), reset_interval=3) == ["reset-ignored"]

    def test_doubts_about_the_file(self, tmp_path):
        square = weights(RNG, 4, 4, largest=60)
        path = write_stock(tmp_path / "x.net", [recurrent(square, square, cuba(), delay=1)])
        assert self.codes(path, spikes(2, 4)) == ["delayed-recurrence"]

    def test_doubts_about_the_input(self, dense_file):
        assert self.codes(dense_file, 3 * spikes(2, 12), num_layers=1) == ["binary-input"]


class TestRefusals:
    def test_backends(self, dense_file):
        with pytest.raises(UsageError, match="'batch'"):
            run_stock(dense_file, spikes(2, 12), backend="batch")
        with pytest.raises(BackendUnavailableError):
            run_stock(dense_file, spikes(2, 12), backend="loihi2")

    def test_parameters(self, dense_file):
        for wrong in ({"runtime": "threads"}, {"skip_layers": 9}, {"reset_interval": 0}):
            with pytest.raises(UsageError):
                run_stock(dense_file, spikes(2, 12), **wrong)
        with pytest.raises(UsageError, match="no input"):
            run_stock(dense_file, None)

    def test_files(self, dense_file, tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            run_stock(dense_file, tmp_path / "missing.npy")
        path = write_stock(tmp_path / "x.net", [dense(weights(RNG, 3, 4), {"neuron/type": "ALIF"})])
        with pytest.raises(ModelFileError, match="found 'ALIF', expected one of CUBA, LOIHI, SDNN"):
            run_stock(path, spikes(2, 4))

    def test_time(self, dense_file):
        with pytest.raises(SimulationTimeoutError):
            run_stock(dense_file, spikes(200, 12), timeout_s=0.0)
