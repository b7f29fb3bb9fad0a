"""The Python API as a notebook uses it: cells in one namespace, within an event loop; pictures."""

import asyncio

import numpy as np
import pandas as pd
import pytest

import lava_spikyspace as lss
from lava_spikyspace.running import MAX_UNASKED_VALUES
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values, write_csv

CELLS = """
import lava_spikyspace as lss
net = lss.load("m.net")

data = "d.csv"
result = lss.run(net, data, backend=BACKEND)

processes = result.processes

raster = result.plot_raster()

rates = result.plot_rates()

forecast = result.plot_forecast()

result.save("kept")
again = lss.RunResult.load("kept")
profile = lss.profile(again)

page = again.report("run.html")

other = lss.run(net, data, backend=BACKEND, coding="unary", windows=result.windows.size)
both = lss.versus(result.profile(), other.profile())

scores = lss.evaluate(net, data)
"""
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Go to a folder with a model and its table."""
    monkeypatch.chdir(tmp_path)
    network = small_network(golden=2)
    write_network(network, tmp_path / "m.net")
    write_csv(tmp_path / "d.csv", network.variates, walk_values(network, 60))
    return tmp_path


async def _run_cells(namespace):
    """Run the cells as a kernel does: one after the other, within a running event loop."""
    for cell in CELLS.strip().split("\n\n"):
        exec(compile(cell, "<cell>", "exec"), namespace)
        await asyncio.sleep(0)


@pytest.mark.parametrize("backend", ["sim", "batch"])
def test_a_notebook(folder, backend):
    pytest.importorskip("matplotlib")
    pytest.importorskip("plotly")
    if backend == "sim":
        pytest.importorskip("greenlet")
    cells = {"BACKEND": backend}
    asyncio.run(_run_cells(cells))
    processes = cells["processes"]
    assert isinstance(processes, pd.DataFrame)
    assert "blocks.0.scan.state" in set(processes["name"])
    assert "<table" in processes._repr_html_()
    for name in ("raster", "rates", "forecast"):
        shown = cells[name]._repr_png_()
        assert shown.startswith(PNG)
        assert len(shown) > 3000
    assert cells["page"].path.stat().st_size > 100_000
    pd.testing.assert_frame_equal(cells["again"].processes, processes)
    assert cells["profile"].totals == cells["result"].profile().totals
    np.testing.assert_array_equal(cells["other"].forecasts, cells["result"].forecasts)
    assert cells["both"].settings["coding"] == ("graded", "unary")
    assert set(cells["scores"].scores) == {"model", "persistence", "ridge"}


def test_codes_of_few_windows_are_kept_unasked(folder, monkeypatch):
    network = lss.load("m.net")
    assert lss.run(network, "d.csv", backend="batch").records
    assert lss.run(network, "d.csv", backend="batch", record=False).records == {}
    monkeypatch.setattr("lava_spikyspace.running.MAX_UNASKED_VALUES", 100)
    assert lss.run(network, "d.csv", backend="batch").records == {}
    assert lss.run(network, "d.csv", backend="batch", record=True).records
    assert MAX_UNASKED_VALUES > 1 << 20


def test_every_public_name_says_what_it_does():
    for name in lss.__all__:
        public = getattr(lss, name)
        assert public.__doc__, name
        if isinstance(public, type):
            members = [m for key, m in vars(public).items() if not key.startswith("_")]
            described = [m for m in members if callable(m) or isinstance(m, property | classmethod)]
            assert all(getattr(m, "__doc__", None) for m in described), name
        else:
            assert "Parameters\n" in public.__doc__, name
            assert "Returns\n" in public.__doc__, name
