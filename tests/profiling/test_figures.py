"""Figures of a run by matplotlib, from Python and from the command line."""

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.errors import UsageError
from tests.run_cases import small_network, walk_values

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def results():
    network = small_network()
    values = walk_values(network, 30)
    return {
        coding: lss.run(network, values, backend="batch", coding=coding, record=True)
        for coding in ("graded", "unary")
    }


class TestRaster:
    def test_codes(self, results):
        result = results["graded"]
        figure = result.plot_raster("blocks.0.conv", window=3)
        (image,) = figure.axes[0].images
        shown = np.asarray(image.get_array()).T
        np.testing.assert_array_equal(shown, result.records["blocks.0.conv"][3])

    def test_spikes(self, results):
        result = results["unary"]
        figure = result.plot_raster("blocks.0.conv.neuron", window=3)
        spikes = sum(len(marks.get_offsets()) for marks in figure.axes[0].collections)
        assert spikes == np.abs(result.records["blocks.0.conv"][3]).sum()

    def test_the_state_is_shown_as_codes(self, results):
        figure = results["unary"].plot_raster()
        assert "scan.state" in figure.axes[0].get_title(loc="left")
        assert figure.axes[0].images

    def test_refusals(self, results):
        with pytest.raises(UsageError, match=r"blocks\.0\.conv\.neuron"):
            results["graded"].plot_raster("nothing")
        with pytest.raises(UsageError, match="recorded ones, 0 to 24"):
            results["graded"].plot_raster(window=99)
        network = small_network()
        bare = lss.run(network, walk_values(network, 9), backend="batch", record=False)
        with pytest.raises(UsageError, match="no recorded codes") as caught:
            bare.plot_raster()
        assert "--record-spikes" in caught.value.hint


class TestRates:
    def test_of_processes(self, results):
        result = results["graded"]
        bars = result.plot_rates().axes[0].patches
        widths = [bar.get_width() for bar in bars]
        assert widths == [c.firing_rate for c in result.counts if c.firing_rate is not None]

    def test_of_channels(self, results):
        result = results["graded"]
        bars = result.plot_rates("blocks.0.conv").axes[0].patches
        rates_of = np.abs(result.records["blocks.0.conv"]).mean(axis=(0, 1))
        levels = 2 ** next(f.bits for f in result.facts if f.record == "blocks.0.conv") - 1
        np.testing.assert_allclose([bar.get_height() for bar in bars], rates_of / levels)


class TestForecast:
    def test_one_step_of_many_windows(self, results):
        result = results["graded"]
        name = result.variates[1]
        actual, forecasts = result.plot_forecast(name, step=2).axes[0].lines
        np.testing.assert_array_equal(actual.get_ydata(), result.series.values[:, 1])
        np.testing.assert_array_equal(forecasts.get_ydata(), result.forecasts[:, 1, 1])
        assert forecasts.get_xdata()[0] == result.windows[0] + result.window + 1

    def test_panels(self, results):
        figure = results["graded"].plot_forecast(list(results["graded"].variates[:3]))
        assert len(figure.axes) == 3

    def test_refusals(self, results):
        for options in ({"variates": ["x"]}, {"step": 0}, {"step": 3}, {"variates": []}):
            with pytest.raises(UsageError):
                results["graded"].plot_forecast(**options)


def test_notebooks_get_a_picture(results):
    assert results["graded"].plot_rates()._repr_png_().startswith(b"\x89PNG")
