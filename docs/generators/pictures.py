"""Pictures and a report of the bundled model, from runs that are made while the site is built."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal

import lava_spikyspace as lss
from lava_spikyspace.pictures import save_picture
from lava_spikyspace.results import RunResult

PICTURES = (
    "pictures/raster-graded.svg",
    "pictures/raster-unary.svg",
    "pictures/rates.svg",
    "pictures/forecast.svg",
    "pictures/report.html",
)
"""What `draw` gives, by path below ``docs/``."""

_WINDOWS = "-40:"
_TWO_DAYS = "-198:-6"
_PROCESS = "blocks.1.in_proj.scan.neuron"


@cache
def draw() -> dict[str, bytes]:
    """Return the content of every picture by its path."""
    with tempfile.TemporaryDirectory() as folder:
        return {place: path.read_bytes() for place, path in _drawn(Path(folder))}


def _drawn(folder: Path) -> Iterator[tuple[str, Path]]:
    """Draw into a folder; yield where a picture belongs, and the file."""
    runs = {coding: _run(coding) for coding in ("graded", "unary")}
    window = int(runs["graded"].windows[-1])
    figures = {
        "raster-graded": runs["graded"].plot_raster(_PROCESS, window),
        "raster-unary": runs["unary"].plot_raster(_PROCESS, window),
        "rates": runs["graded"].plot_rates(),
        "forecast": lss.run(backend="batch", windows=_TWO_DAYS).plot_forecast("ring_1", step=6),
    }
    for name, figure in figures.items():
        save_picture(figure, folder / f"{name}.svg", salt=name)
        yield f"pictures/{name}.svg", folder / f"{name}.svg"
    for coding, run in runs.items():
        run.save(folder / coding)
    lss.report(folder / "graded", folder / "unary", out=folder / "report.html")
    yield "pictures/report.html", folder / "report.html"


def _run(coding: Literal["graded", "unary"]) -> RunResult:
    return lss.run(backend="batch", coding=coding, windows=_WINDOWS, record=True)
