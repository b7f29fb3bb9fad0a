"""Where two results of the same plan differ: forecasts, records, counts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lava_spikyspace.backends.base import EngineResult
from lava_spikyspace.plan import Plan
from lava_spikyspace.profiling.counters import Activity, count_processes


def differences(plan: Plan, expected: EngineResult, found: EngineResult) -> list[str]:
    """Return one line per difference; an empty list for equal results."""
    return [
        *_arrays("forecasts", expected.forecasts, found.forecasts),
        *_records(expected, found),
        *_activities(expected, found),
        *_counts(plan, expected, found),
    ]


def _arrays(name: str, expected: np.ndarray, found: np.ndarray) -> Iterator[str]:
    if expected.shape != found.shape:
        yield f"{name}: shape {found.shape}, expected {expected.shape}"
    elif not np.array_equal(expected, found):
        where = np.argwhere(expected != found)
        first = tuple(where[0].tolist())
        yield (
            f"{name}: {len(where)} of {expected.size} differ, "
            f"first at {first}: {found[first]}, expected {expected[first]}"
        )


def _records(expected: EngineResult, found: EngineResult) -> Iterator[str]:
    if set(expected.records) != set(found.records):
        yield f"records {sorted(set(expected.records) ^ set(found.records))} on one side only"
    for name in set(expected.records) & set(found.records):
        yield from _arrays(f"record {name}", expected.records[name], found.records[name])


def _activities(expected: EngineResult, found: EngineResult) -> Iterator[str]:
    if set(expected.activities) != set(found.activities):
        yield f"rows {sorted(set(expected.activities) ^ set(found.activities))} on one side only"
    for row in set(expected.activities) & set(found.activities):
        one, other = _plain(expected.activities[row]), _plain(found.activities[row])
        if one != other:
            yield f"activity of {row}: {other}, expected {one}"


def _plain(activity: Activity) -> dict[str, object]:
    return {
        **vars(activity),
        "events": {port: events.tolist() for port, events in activity.events.items()},
    }


def _counts(plan: Plan, expected: EngineResult, found: EngineResult) -> Iterator[str]:
    windows = len(expected.forecasts)
    ours = count_processes(plan, found.activities, windows)
    theirs = count_processes(plan, expected.activities, windows)
    for one, other in zip(theirs, ours, strict=True):
        if one != other:
            yield f"counts {other}, expected {one}"
