"""Timing two things in turn, and growth over sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

import numpy as np


@dataclass(frozen=True)
class Comparison:
    """Two ways to do the same, measured in turn.

    Parameters
    ----------
    name : str
        What is compared.
    fast, slow : str
        Names of both.
    unit : str
        What the seconds are of.
    fast_s, slow_s : tuple of float
        Seconds of every repeat.
    note : str
        What one should know.
    processor_s : tuple of float, optional
        Median seconds of processor time of both, all threads together: where other work runs, they
        tell more than the seconds on the wall.
    """

    name: str
    fast: str
    slow: str
    unit: str
    fast_s: tuple[float, ...]
    slow_s: tuple[float, ...]
    note: str = ""
    processor_s: tuple[float, float] | None = None

    @property
    def ratio(self) -> float:
        """How many times faster: the ratio of the medians."""
        return median(self.slow_s) / median(self.fast_s)

    @property
    def processor_ratio(self) -> float | None:
        """How many times less processor time; None where it was not measured."""
        return self.processor_s and self.processor_s[1] / self.processor_s[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "kind": "ratio",
            "name": self.name,
            "fast": self.fast,
            "slow": self.slow,
            "unit": self.unit,
            "fast_s": list(self.fast_s),
            "slow_s": list(self.slow_s),
            "ratio": self.ratio,
            "processor_s": self.processor_s and list(self.processor_s),
            "processor_ratio": self.processor_ratio,
            "note": self.note,
        }


@dataclass(frozen=True)
class Growth:
    """How the time grows with one size.

    Parameters
    ----------
    name : str
        What grows.
    sizes : tuple of int
        Sizes, ascending.
    seconds : tuple of float
        Median seconds at each.
    """

    name: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]

    @property
    def exponent(self) -> float:
        """Exponent k of a fitted ``seconds = a * size**k``."""
        return float(np.polyfit(np.log(self.sizes), np.log(self.seconds), 1)[0])

    def to_dict(self) -> dict[str, Any]:
        """Return the growth as plain values."""
        return {
            "kind": "growth",
            "name": self.name,
            "sizes": list(self.sizes),
            "seconds": list(self.seconds),
            "exponent": self.exponent,
        }


@dataclass(frozen=True)
class Peak:
    """Most memory that a process took.

    Parameters
    ----------
    name : str
        What it did.
    mebibytes : float
        Peak resident memory of the whole process, libraries included.
    """

    name: str
    mebibytes: float

    def to_dict(self) -> dict[str, Any]:
        """Return the peak as plain values."""
        return {"kind": "memory", "name": self.name, "mebibytes": self.mebibytes}


Figure = Comparison | Growth | Peak


def seconds_of(action: Callable[[], object]) -> float:
    """Return how long one call takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


class Seconds(NamedTuple):
    """How long one call took.

    Parameters
    ----------
    wall : float
        Until it was done.
    processor : float
        That the threads of the process computed.
    """

    wall: float
    processor: float


def in_turn(
    fast: Callable[[], object], slow: Callable[[], object], repeats: int
) -> tuple[tuple[Seconds, ...], tuple[Seconds, ...]]:
    """Time two actions A B A B ..., after a call of each that is not counted."""

    def measured(action: Callable[[], object]) -> Seconds:
        processor = time.process_time()
        wall = seconds_of(action)
        return Seconds(wall, time.process_time() - processor)

    fast(), slow()
    pairs = [(measured(fast), measured(slow)) for _ in range(repeats)]
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)


def growth(name: str, actions: Mapping[int, Callable[[], object]], repeats: int) -> Growth:
    """Time one action per size; sizes are visited in turn, so that drift hits all alike."""
    for action in actions.values():
        action()
    times: dict[int, list[float]] = {size: [] for size in actions}
    for _ in range(repeats):
        for size, action in actions.items():
            times[size].append(seconds_of(action))
    sizes: Sequence[int] = sorted(times)
    return Growth(name, tuple(sizes), tuple(median(times[size]) for size in sizes))
