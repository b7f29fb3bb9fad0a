"""Benchmarks run and their figures are well formed; how fast anything is, no test asks."""

import json
from dataclasses import replace

import pytest

from lava_spikyspace.benchmarking.bench import BenchSettings, bench, plot
from lava_spikyspace.benchmarking.engines import overlapping
from lava_spikyspace.benchmarking.measuring import Comparison, Growth, Peak
from lava_spikyspace.benchmarking.sizes import SIZES, Size, size_of
from lava_spikyspace.errors import UsageError

FEW = BenchSettings(size="tiny", repeats=1, windows=8, steps=5, memory_windows=40, timeout_s=300)


def measured(*topics):
    return list(bench(replace(FEW, only=topics)))


def test_engine_against_torch():
    pytest.importorskip("torch")
    figures = measured("engine")
    assert len(figures) == 4
    assert all(isinstance(figure, Comparison) and figure.ratio > 0 for figure in figures)
    assert all("batches of" in figure.note and figure.processor_ratio for figure in figures)


def test_runtimes_and_simulator():
    pytest.importorskip("lava.magma.core.decorator")
    figures = measured("runtime", "simulator")
    assert [figure.unit for figure in figures] == ["time step", "start"] * 2 + ["window"]
    assert all(len(figure.slow_s) == 1 for figure in figures)


def test_memory_is_that_of_a_process_of_its_own():
    (peak,) = measured("memory")
    assert isinstance(peak, Peak)
    assert peak.mebibytes > 10


def test_growth_is_the_exponent_of_a_power():
    assert Growth("x", (1, 2, 4), (3.0, 6.0, 12.0)).exponent == pytest.approx(1.0)
    assert Growth("x", (1, 2, 4), (1.0, 4.0, 16.0)).exponent == pytest.approx(2.0)


def test_ratio_is_that_of_the_medians():
    figure = Comparison("c", "a", "b", "step", (1.0, 2.0, 9.0), (8.0, 10.0, 1.0))
    assert figure.ratio == 4.0
    assert json.loads(json.dumps(figure.to_dict()))["ratio"] == 4.0
    assert figure.processor_ratio is None
    assert replace(figure, processor_s=(0.5, 4.0)).processor_ratio == 8.0


def test_overlapping_windows_are_a_view_of_one_table():
    network = SIZES["tiny"].network()
    messages = overlapping(network, 6)
    assert messages.shape == (6, network.window, network.channels)
    assert (messages[1:, :-1] == messages[:-1, 1:]).all()


def test_sizes():
    assert size_of("7,8,3,1,4,5,2") == Size(7, 8, 3, 1, 4, 5, 2)
    for wrong in ("huge", "1,2", "1,2,3,4,5,6,0"):
        with pytest.raises(UsageError, match="expected one of"):
            size_of(wrong)
    with pytest.raises(UsageError, match="unknown topics"):
        list(bench(BenchSettings(only=("speed",))))


def test_plot(tmp_path):
    pytest.importorskip("matplotlib")
    figures = [
        Comparison("c", "a", "b", "step", (1.0,), (8.0,)),
        Growth("windows", (1, 2, 4), (3.0, 6.0, 12.0)),
    ]
    plot(figures, tmp_path / "bench.svg")
    assert (tmp_path / "bench.svg").read_text().startswith("<?xml")
