"""Run directories to report on: hostile names, both codings, a model file."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pytest

import lava_spikyspace as lss
from netx_export.writer import write_network
from tests.profiling.report.browser import browser as start_browser
from tests.run_cases import small_network, walk_values

HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    '" onmouseover="window.hacked = 3',
    "$\\frac{1}{2}$ | `code` <b>&amp;</b> é",
)
"""Names of variates that are harmless only where they are escaped."""


class Runs(NamedTuple):
    """Two runs of one model, and the folder of everything."""

    folder: Path
    graded: Path
    unary: Path
    model: Path
    table: Path


@pytest.fixture(scope="session")
def runs(tmp_path_factory) -> Runs:
    """Return two run directories with recorded codes; the variates have hostile names."""
    folder = tmp_path_factory.mktemp("report")
    agreement = {"codes": {"blocks.0.conv": 0.9997, "blocks.0.scan": 1.0}, "relative_l2": 3e-4}
    network = replace(
        small_network(window=8, horizon=3),
        variates=HOSTILE,
        provenance={"agreement": {**agreement, "windows": 64}, "split": [0.6, 0.2, 0.2]},
    )
    write_network(network, folder / "m.net")
    table = folder / "d.csv"
    values = walk_values(network, 60)
    times = pd.date_range("2026-01-05", periods=len(values), freq="15min")
    frame = pd.DataFrame(values, columns=list(HOSTILE))
    frame.insert(0, "time", times)
    frame.to_csv(table, index=False)
    for coding in ("graded", "unary"):
        lss.run(
            folder / "m.net", table, backend="batch", coding=coding, windows="-20:", record=True
        ).save(folder / coding)
    return Runs(folder, folder / "graded", folder / "unary", folder / "m.net", table)


@pytest.fixture(scope="session")
def pages(runs) -> tuple[Path, Path]:
    """Return the page of one run and that of both."""
    pytest.importorskip("jinja2")
    pytest.importorskip("plotly")
    one, two = runs.folder / "one.html", runs.folder / "two.html"
    lss.report(runs.graded, out=one)
    lss.report(runs.graded, runs.unary, out=two)
    return one, two


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Return a headless Chromium; skips where there is none."""
    with start_browser(tmp_path_factory.mktemp("chromium")) as running:
        yield running
