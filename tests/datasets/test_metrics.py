"""Metrics against formulas written out, masked and in chunks."""

import math
from functools import reduce
from itertools import pairwise
from operator import add

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lava_spikyspace.datasets.metrics import (
    ForecastMoments,
    forecast_metrics,
    mae,
    r2,
    r2_per_variate,
    rrse,
)
from lava_spikyspace.errors import DataError

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)
WHOLE = st.integers(-50, 50).map(float)


@st.composite
def forecasts(draw):
    shape = draw(SHAPES)
    target, forecast = (draw(hnp.arrays(np.float64, shape, elements=WHOLE)) for _ in range(2))
    return target, forecast, draw(hnp.arrays(np.bool_, shape))


def share(numerator, denominator):
    return numerator / denominator if denominator else math.nan


def direct_metrics(target, forecast, mask):
    """Compute the four metrics by loops, from their definitions."""
    y, p = target[mask].tolist(), forecast[mask].tolist()
    squared = sum((a - b) ** 2 for a, b in zip(y, p, strict=True))
    around = {"all": 0.0, "column": 0.0}
    if y:
        around["all"] = sum((a - sum(y) / len(y)) ** 2 for a in y)
    per_variate = []
    for variate in range(target.shape[2]):
        own, guess = (a[:, :, variate][mask[:, :, variate]] for a in (target, forecast))
        if own.size and np.ptp(own) > 0:
            per_variate.append(1 - ((own - guess) ** 2).sum() / ((own - own.mean()) ** 2).sum())
        for step in range(target.shape[1]):
            column = target[:, step, variate][mask[:, step, variate]]
            if column.size and np.ptp(column) > 0:
                around["column"] += ((column - column.mean()) ** 2).sum()
    if y and max(y) == min(y):
        around["all"] = 0.0
    return {
        "r2": 1 - share(squared, around["all"]),
        "rrse": math.sqrt(share(squared, around["column"])),
        "mae": share(sum(abs(a - b) for a, b in zip(y, p, strict=True)), len(y)),
        "r2_per_variate": float(np.mean(per_variate)) if per_variate else math.nan,
    }


def close(actual, expected):
    return actual == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@given(forecasts())
def test_agree_with_the_definitions(case):
    target, forecast, mask = case
    summary = forecast_metrics(target, forecast, mask)
    assert list(summary) == [*(str(step + 1) for step in range(target.shape[1])), "all"]
    assert close(summary["all"], direct_metrics(target, forecast, mask))
    for step in range(target.shape[1]):
        part = (array[:, step : step + 1] for array in case)
        assert close(summary[str(step + 1)], direct_metrics(*part))


@given(forecasts())
def test_without_mask_everything_counts(case):
    target, forecast, _ = case
    everything = np.ones(target.shape, dtype=np.bool_)
    assert close(
        forecast_metrics(target, forecast)["all"], direct_metrics(target, forecast, everything)
    )


@given(forecasts())
def test_single_metrics_are_those_of_the_summary(case):
    summary = forecast_metrics(*case)["all"]
    singles = {metric.__name__: metric(*case) for metric in (r2, rrse, mae, r2_per_variate)}
    assert singles == pytest.approx(summary, rel=0, abs=0, nan_ok=True)


@given(forecasts(), st.lists(st.integers(0, 6), max_size=4))
def test_chunks_add_up(case, cuts):
    windows = len(case[0])
    edges = [0, *sorted(min(cut, windows) for cut in cuts), windows]
    chunks = [
        ForecastMoments.of(*(array[start:stop] for array in case))
        for start, stop in pairwise(edges)
    ]
    whole = ForecastMoments.of(*case).summary()
    for key, metrics in reduce(add, chunks).summary().items():
        assert close(metrics, whole[key])


def test_means_far_from_zero_keep_their_precision():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(1000, 2, 3))
    forecast = target + rng.normal(size=target.shape) * 0.1
    near = forecast_metrics(target, forecast)["all"]
    chunks = [
        ForecastMoments.of(target[part] + 1e8, forecast[part] + 1e8)
        for part in (slice(0, 333), slice(333, 1000))
    ]
    far = (chunks[0] + chunks[1]).summary()["all"]
    assert far == pytest.approx(near, rel=1e-6)


def test_perfect_forecast():
    target = np.random.default_rng(0).normal(size=(9, 2, 3))
    assert forecast_metrics(target, target)["all"] == {
        "r2": 1.0,
        "rrse": 0.0,
        "mae": 0.0,
        "r2_per_variate": 1.0,
    }


def test_targets_that_never_change_have_no_r2():
    target = np.full((1000, 3, 2), 0.1)
    halves = [ForecastMoments.of(part, part + 1.0) for part in (target[:300], target[300:])]
    metrics = (halves[0] + halves[1]).summary()["all"]
    assert math.isnan(metrics["r2"])
    assert math.isnan(metrics["rrse"])
    assert math.isnan(metrics["r2_per_variate"])
    assert metrics["mae"] == pytest.approx(1.0)


def test_a_constant_variate_is_left_out_of_the_mean():
    target = np.random.default_rng(0).normal(size=(20, 1, 2))
    forecast = target + 0.5
    alone = r2_per_variate(target[:, :, :1], forecast[:, :, :1])
    target[:, :, 1] = 0.1
    assert r2_per_variate(target, forecast) == pytest.approx(alone)


def test_masked_targets_count_nowhere():
    rng = np.random.default_rng(0)
    target, forecast = rng.normal(size=(2, 30, 2, 3))
    mask = rng.random(target.shape) < 0.7
    expected = forecast_metrics(target, forecast, mask)
    target[~mask], forecast[~mask] = 1e9, np.nan
    assert forecast_metrics(target, forecast, mask) == expected


def test_nothing_counts():
    nothing = np.zeros((4, 1, 2), dtype=np.bool_)
    metrics = forecast_metrics(np.ones((4, 1, 2)), np.zeros((4, 1, 2)), nothing)["all"]
    assert all(math.isnan(value) for value in metrics.values())


def test_integer_and_float32_arrays_are_computed_in_float64():
    target = np.full((3, 1, 1), 16777216, dtype=np.int64) + np.arange(3).reshape(3, 1, 1)
    assert mae(target, target - 1) == 1.0
    large = np.array([[[1e30]], [[3e30]]], dtype=np.float32)
    assert math.isfinite(rrse(large, large * 2))


@pytest.mark.parametrize("name", ["forecast", "mask"])
def test_shapes_must_agree(name):
    arrays = {"target": np.zeros((4, 2, 3)), "forecast": np.zeros((4, 2, 3))}
    arrays |= {name: np.zeros((4, 2, 1), dtype=np.bool_)}
    with pytest.raises(DataError, match=r"shape \(4, 2, 1\), expected \(4, 2, 3\)"):
        forecast_metrics(**arrays)


def test_moments_of_other_sizes_do_not_add():
    with pytest.raises(DataError, match=r"moments have shape \(2, 2\), expected \(2, 3\)"):
        ForecastMoments.of(*np.zeros((2, 4, 2, 3))) + ForecastMoments.of(*np.zeros((2, 4, 2, 2)))
