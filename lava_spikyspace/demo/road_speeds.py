"""Speeds on a small road network: the generator behind the demo model's data.

Sixteen sensors stand on a ring road (eight) and on two radial roads (four each) that meet it. The
speed of a sensor is its free speed times one minus its congestion, plus noise. Congestion has

* a daily cycle with a morning and an evening peak, whose weights differ by direction,
* a weekly cycle: weekends have neither peak but a flat midday rise,
* incidents: at random times a sensor loses most of its capacity for an hour or so; the queue
  spreads to its neighbours with a delay and a loss per road section, and dissolves exponentially.

Nothing is taken from measured data. The same seed gives the same series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STEPS_PER_DAY = 96
"""Rows of 15 minutes."""

RING, RADIAL = 8, 4
"""Sensors on the ring road and on each of the two radial roads."""

SENSORS = RING + 2 * RADIAL
"""Sensors altogether."""

FIRST_ROW = np.datetime64("2024-01-01T00:00:00", "s")
"""A Monday."""


@dataclass(frozen=True, eq=False)
class RoadSpeeds:
    """A generated series.

    Parameters
    ----------
    values : ndarray, float64, shape (row, sensor)
        Speeds in km/h, rounded to 0.1.
    names : tuple of str
        Names of the sensors.
    timestamps : ndarray, datetime64[s], shape (row,)
        Beginning of each 15 minutes.
    """

    values: npt.NDArray[np.float64]
    names: tuple[str, ...]
    timestamps: npt.NDArray[np.datetime64]


def sensor_names() -> tuple[str, ...]:
    """Return the names of the sensors: ``ring_0..``, ``north_0..``, ``south_0..``."""
    roads = [("ring", RING), ("north", RADIAL), ("south", RADIAL)]
    return tuple(f"{road}_{i}" for road, count in roads for i in range(count))


def neighbours() -> npt.NDArray[np.bool_]:
    """Return which sensors are next to each other, shape (sensor, sensor)."""
    edges = [(i, (i + 1) % RING) for i in range(RING)]
    for road, entry in ((0, 0), (1, RING // 2)):
        first = RING + road * RADIAL
        edges += [(first + i, first + i + 1) for i in range(RADIAL - 1)]
        edges.append((first + RADIAL - 1, entry))
    adjacent = np.zeros((SENSORS, SENSORS), dtype=np.bool_)
    for a, b in edges:
        adjacent[a, b] = adjacent[b, a] = True
    return adjacent


def generate_road_speeds(days: int, seed: int) -> RoadSpeeds:
    """Generate a series.

    Parameters
    ----------
    days : int
        Length in days of 96 rows.
    seed : int
        Start of the random numbers.
    """
    rng = np.random.default_rng(seed)
    rows = days * STEPS_PER_DAY
    hour = np.arange(rows) % STEPS_PER_DAY / (STEPS_PER_DAY / 24)
    weekend = (np.arange(rows) // STEPS_PER_DAY) % 7 >= 5
    congestion = _daily(rng, hour, weekend) + _incidents(rng, rows)
    free = rng.uniform(70, 110, SENSORS)
    speed = free * (1 - np.clip(congestion, 0, 0.9)) + _noise(rng, rows)
    return RoadSpeeds(
        values=np.round(np.clip(speed, 5, 130), 1).astype(np.float64),
        names=sensor_names(),
        timestamps=FIRST_ROW + np.arange(rows) * np.timedelta64(86400 // STEPS_PER_DAY, "s"),
    )


def _daily(
    rng: np.random.Generator, hour: npt.NDArray[np.float64], weekend: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return recurring congestion: two peaks on workdays, one flat rise on weekends."""
    morning = np.exp(-0.5 * ((hour - 8.0) / 1.1) ** 2)
    evening = np.exp(-0.5 * ((hour - 17.5) / 1.5) ** 2)
    midday = np.exp(-0.5 * ((hour - 14.0) / 3.0) ** 2)
    into_town, out_of_town, leisure = rng.uniform(
        [[0.1], [0.1], [0.0]], [[0.6], [0.6], [0.2]], (3, SENSORS)
    )
    workday = np.outer(morning, into_town) + np.outer(evening, out_of_town)
    day_to_day = np.repeat(rng.uniform(0.8, 1.2, -(-len(hour) // STEPS_PER_DAY)), STEPS_PER_DAY)
    recurring = np.where(weekend[:, None], np.outer(midday, leisure), workday)
    return np.asarray(recurring * day_to_day[: len(hour), None])


def _incidents(rng: np.random.Generator, rows: int) -> npt.NDArray[np.float64]:
    """Return congestion by incidents, which spreads along the roads."""
    blocked = np.zeros((rows, SENSORS))
    for start in np.nonzero(rng.random(rows) < 0.03)[0]:
        sensor, length = int(rng.integers(SENSORS)), int(rng.integers(2, 7))
        blocked[start : start + length, sensor] = rng.uniform(0.4, 0.8)
    spread = neighbours() * 0.35
    queue = np.zeros((rows, SENSORS))
    level = np.zeros(SENSORS)
    for row in range(rows):
        level = np.maximum(np.maximum(0.75 * level, (spread * level).max(axis=1)), blocked[row])
        queue[row] = level
    return queue


def _noise(rng: np.random.Generator, rows: int) -> npt.NDArray[np.float64]:
    """Return slowly varying noise of each sensor, in km/h."""
    white = rng.normal(0, 1.2, (rows, SENSORS))
    noise = np.zeros((rows, SENSORS))
    for row in range(1, rows):
        noise[row] = 0.6 * noise[row - 1] + white[row]
    return noise
