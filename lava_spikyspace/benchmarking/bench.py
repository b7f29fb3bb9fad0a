"""All benchmarks in order, and the machine that they ran on."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lava_spikyspace.availability import backend_availability
from lava_spikyspace.backends.batch import usable_cores
from lava_spikyspace.backends.selection import make_backend
from lava_spikyspace.benchmarking.measuring import Comparison, Figure, Growth
from lava_spikyspace.benchmarking.sizes import size_of
from lava_spikyspace.errors import UsageError
from lava_spikyspace.pictures import check_picture, save_picture

Topic = Literal["engine", "runtime", "simulator", "growth", "memory"]

TOPICS: tuple[Topic, ...] = ("engine", "runtime", "simulator", "growth", "memory")
"""``engine``: batch engine against PyTorch; ``runtime``: in-process against multiprocessing;
``simulator``: batch engine against the multiprocessing simulator; ``growth``, ``memory``: of the
batch engine."""

ON_LAVA = {"runtime", "simulator"}
"""Topics that need Lava; beside others they are left out where it is missing."""


@dataclass(frozen=True)
class BenchSettings:
    """What to measure.

    Parameters
    ----------
    size : str
        See `sizes.size_of`.
    only : sequence of str
        Topics.
    repeats : int
        Counted repeats of everything that is quick.
    windows : int
        Windows per call of the batch engine.
    steps : int
        Time steps per repeat of a runtime.
    memory_windows : int
        Windows of the memory measurement.
    timeout_s : float
        Seconds that a multiprocessing simulation gets.
    """

    size: str = "metr-la"
    only: Sequence[str] = TOPICS
    repeats: int = 5
    windows: int = 256
    steps: int = 200
    memory_windows: int = 50_000
    timeout_s: float = 3600.0


def bench(settings: BenchSettings) -> Iterator[Figure]:
    """Measure, and yield each figure when it is there.

    What cannot run here is left out: PyTorch's part without torch, the simulator's without Lava.

    Parameters
    ----------
    settings : BenchSettings
        What to measure.

    Raises
    ------
    UsageError
        A topic or a size is unknown.
    BackendUnavailableError
        Nothing but topics that need Lava was asked for, and it is not here.
    """
    unknown = [topic for topic in settings.only if topic not in TOPICS]
    if unknown:
        raise UsageError(f"unknown topics {', '.join(unknown)}; there are {', '.join(TOPICS)}")
    size = size_of(settings.size)
    from lava_spikyspace.benchmarking import engines, runtimes

    has_lava = any(entry.name == "sim" and entry.available for entry in backend_availability())
    if not has_lava and set(settings.only) <= ON_LAVA:
        make_backend("sim")  # says what is missing
    if "engine" in settings.only:
        yield from engines.against_torch(size, settings.windows, settings.repeats)
    if "runtime" in settings.only and has_lava:
        yield from runtimes.per_step(size, settings.steps, settings.repeats, settings.timeout_s)
    if "simulator" in settings.only and has_lava:
        yield runtimes.against_batch(size, 4, settings.repeats, settings.timeout_s)
    if "growth" in settings.only:
        yield from engines.growths(size, settings.repeats)
    if "memory" in settings.only:
        yield engines.peak_memory(size, settings.memory_windows)


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": usable_cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if "model name" in line]
    return names[0] if names else platform.processor()


def plot(figures: Sequence[Figure], path: Path, *, force: bool = False) -> None:
    """Draw ratios as bars and growths as curves.

    Parameters
    ----------
    figures : sequence of Comparison, Growth or Peak
        What was measured.
    path : Path
        PNG, SVG or PDF file to write.
    force : bool
        Replace the file.
    """
    check_picture(path)
    from matplotlib.figure import Figure as Canvas

    ratios = [figure for figure in figures if isinstance(figure, Comparison)]
    growths = [figure for figure in figures if isinstance(figure, Growth)]
    canvas = Canvas(figsize=(9, 1.5 + 0.5 * len(ratios) + 3 * bool(growths)), layout="constrained")
    panels = [bool(ratios), bool(growths)]
    axes = iter(canvas.subplots(max(1, sum(panels)), 1, squeeze=False).ravel())
    if ratios:
        area = next(axes)
        bars = area.barh([figure.name for figure in ratios], [figure.ratio for figure in ratios])
        area.bar_label(bars, fmt="%.1f x", padding=3)
        area.set_xscale("log")
        area.set_xlabel("times faster")
        area.invert_yaxis()
    if growths:
        area = next(axes)
        for figure in growths:
            area.loglog(
                [size / figure.sizes[0] for size in figure.sizes],
                [seconds / figure.seconds[0] for seconds in figure.seconds],
                marker="o",
                label=f"{figure.name}: exponent {figure.exponent:.2f}",
            )
        area.set_xlabel("size, relative to the smallest")
        area.set_ylabel("time, relative")
        area.legend()
    save_picture(canvas, path, salt="bench", force=force)
