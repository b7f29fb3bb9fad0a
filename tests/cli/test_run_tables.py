"""`cli.run_tables` and `cli.fitting`: what fits a terminal."""

from dataclasses import replace

import pytest

import lava_spikyspace as lss
from lava_spikyspace.cli.fitting import fitting_columns
from lava_spikyspace.cli.options import OutputOptions
from lava_spikyspace.cli.run_tables import show_forecasts, show_processes
from lava_spikyspace.cli.session import Session
from tests.run_cases import small_network, walk_values


@pytest.fixture(scope="module")
def result():
    network = small_network()
    return lss.run(network, walk_values(network, 12), backend="batch")


@pytest.fixture
def shown(monkeypatch, capsys):
    """What a function prints on a terminal of some width."""

    def show(width, function, *arguments):
        monkeypatch.setenv("COLUMNS", str(width))
        function(Session("run", OutputOptions()), *arguments)
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize(
    ("available", "kept"),
    [(100, (0, 1, 2)), (40, (0, 1, 2)), (38, (0, 1, 2)), (37, (0, 1)), (10, (0,)), (1, (0,))],
)
def test_columns_give_way_in_the_order_given(available, kept):
    assert fitting_columns([10, 10, 10], available, expendable=[2, 1]) == kept


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_tables_fit(result, shown, width):
    names = tuple(f"a sensor of some length {i}" for i in range(4))
    long = replace(result, variates=names)
    text = shown(width, show_forecasts, long)
    assert names[0].split()[-1] in text
    assert max(map(len, text.splitlines())) <= width
    text = shown(max(width, 70), show_processes, result.counts)
    assert max(map(len, text.splitlines())) <= max(width, 70)
    assert "blocks.0.in_proj.scan.neuron" in text


def test_a_wide_terminal_shows_everything(result, shown):
    heading = shown(200, show_processes, result.counts).splitlines()[2].split()
    assert heading == [
        "process", "type", "neurons", "spikes", "graded", "events", "in", "synops", "updates",
        "firing", "rate", "min", "max",
    ]  # fmt: skip


def test_a_window_within_the_table_is_shown_beside_the_last(result, shown):
    text = shown(120, show_forecasts, result)
    assert text.index("Forecasts of window 4") < text.index("Forecasts of window 6")
    assert text.count("actual") == 4


def test_one_window_is_enough_if_it_has_its_actual_values(result, shown):
    inside = replace(
        result,
        forecasts=result.forecasts[:3],
        windows=result.windows[:3],
    )
    text = shown(120, show_forecasts, inside)
    assert text.count("Forecasts of window") == 1
    assert "Forecasts of window 2" in text


def test_some_actual_values_are_better_than_none(result, shown):
    late = replace(
        result,
        forecasts=result.forecasts[-2:],
        windows=result.windows[-2:],
    )
    text = shown(120, show_forecasts, late)
    lines = text[: text.index("window 6")].splitlines()
    steps = [line.split() for line in lines if line.lstrip().startswith("+")]
    assert [step[2] == "-" for step in steps] == [False, True]


def test_a_run_that_kept_no_series_has_no_actual_values(result, shown):
    text = shown(120, show_forecasts, replace(result, series=None))
    assert "actual" not in text
    assert "window 6" in text
