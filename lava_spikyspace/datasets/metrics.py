"""Error of forecasts: R2, RRSE, MAE and R2 per variate, for whole test sets or chunk by chunk.

With y the targets and p the forecasts, both of shape (windows, horizon, variates):

* ``r2 = 1 - sum (y-p)^2 / sum (y - mean of all y)^2``, one grand mean. Variates of different
  size flatter it.
* ``rrse = sqrt(sum (y-p)^2 / sum (y - ybar[h,v])^2)``, one mean per step and variate, so its
  square is not ``1 - r2``.
* ``mae = mean |y-p|``.
* ``r2_per_variate``: R2 of every variate about its own mean, then the mean over variates.

A target that never changes has no R2 and no RRSE: `r2` and `rrse` are then ``nan``, and
`r2_per_variate` leaves such a variate out (``nan`` when none is left). With a mask, targets that
are masked out count nowhere, not in the means either.

Everything follows from five numbers per step and variate, `ForecastMoments`. Moments of chunks
add up (Chan, Golub and LeVeque's update of mean and spread, stable where sums of squares are
not). The sum of the same chunks in the same order is the same to the last bit, on however many
workers the chunks were computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.errors import DataError


@dataclass(frozen=True, eq=False)
class ForecastMoments:
    """What all metrics need to know of targets and forecasts, per step and variate.

    Attributes
    ----------
    count : ndarray of float64, shape (horizon, variates)
        Targets that count (whole numbers).
    mean : ndarray of float64, shape (horizon, variates)
        Their mean; 0 where none counts.
    spread : ndarray of float64, shape (horizon, variates)
        Sum of their squared distances from `mean`.
    squared_error, absolute_error : ndarray of float64, shape (horizon, variates)
        Sums of ``(y-p)^2`` and ``|y-p|``.
    """

    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    squared_error: NDArray[np.float64]
    absolute_error: NDArray[np.float64]

    @classmethod
    def of(
        cls, target: NDArray[Any], forecast: NDArray[Any], mask: NDArray[np.bool_] | None = None
    ) -> ForecastMoments:
        """Take the moments of a chunk of windows.

        Parameters
        ----------
        target, forecast : ndarray, shape (windows, horizon, variates)
            In the same unit.
        mask : ndarray of bool, shape (windows, horizon, variates), optional
            True where the target counts, False where it is missing.

        Returns
        -------
        ForecastMoments
            The moments of this chunk.

        Raises
        ------
        DataError
            If the shapes differ.
        """
        y = np.asarray(target, dtype=np.float64)
        error = y - _of_shape("forecasts", np.asarray(forecast, dtype=np.float64), y.shape)
        counts: bool | NDArray[np.bool_] = True
        if mask is not None:
            counts = _of_shape("mask", np.asarray(mask, dtype=np.bool_), y.shape)
        count = np.broadcast_to(counts, y.shape).sum(axis=0, dtype=np.float64)
        # Distances are taken from a value that occurs, so that rounding of the mean cannot make
        # a constant target look as if it varied.
        pilot = np.where(count > 0.0, y.max(axis=0, initial=-np.inf, where=counts), 0.0)
        distance = y - pilot
        shift = distance.sum(axis=0, where=counts) / np.maximum(count, 1.0)
        return cls(
            count=count,
            mean=pilot + shift,
            spread=np.square(distance - shift).sum(axis=0, where=counts),
            squared_error=np.square(error).sum(axis=0, where=counts),
            absolute_error=np.abs(error).sum(axis=0, where=counts),
        )

    def __add__(self, other: ForecastMoments) -> ForecastMoments:
        """Join the moments of two disjoint chunks of windows."""
        _of_shape("moments", other.count, self.count.shape)
        count = self.count + other.count
        share = other.count / np.maximum(count, 1.0)
        apart = other.mean - self.mean
        return ForecastMoments(
            count=count,
            mean=self.mean + apart * share,
            spread=self.spread + other.spread + np.square(apart) * self.count * share,
            squared_error=self.squared_error + other.squared_error,
            absolute_error=self.absolute_error + other.absolute_error,
        )

    def step(self, index: int) -> ForecastMoments:
        """Keep one step of the horizon.

        Parameters
        ----------
        index : int
            Step, counted from 0.

        Returns
        -------
        ForecastMoments
            Moments with horizon 1.
        """
        kept = slice(index, index + 1)
        return ForecastMoments(
            **{field.name: getattr(self, field.name)[kept] for field in fields(self)}
        )

    def r2(self) -> float:
        """Give R2 about one grand mean; ``nan`` for targets that never change."""
        return 1.0 - _ratio(
            self.squared_error.sum(), float(self._spread_about_common_mean(axis=None))
        )

    def rrse(self) -> float:
        """Give RRSE about one mean per step and variate; ``nan`` for constant targets."""
        return math.sqrt(_ratio(self.squared_error.sum(), self.spread.sum()))

    def mae(self) -> float:
        """Give the mean absolute error in units of the data; ``nan`` without any target."""
        return _ratio(self.absolute_error.sum(), self.count.sum())

    def r2_per_variate(self) -> float:
        """Give the mean of the R2 of those variates whose targets change; ``nan`` without any."""
        spread = self._spread_about_common_mean(axis=0)
        changing = spread > 0.0
        if not changing.any():
            return math.nan
        return float(np.mean(1.0 - self.squared_error.sum(axis=0)[changing] / spread[changing]))

    def summary(self) -> dict[str, dict[str, float]]:
        """Give all four metrics per step of the horizon and over all of it.

        Returns
        -------
        dict
            Keys ``"1"`` to ``"H"`` and ``"all"``; each entry has ``r2``, ``rrse``, ``mae`` and
            ``r2_per_variate``.
        """
        parts = {str(index + 1): self.step(index) for index in range(self.count.shape[0])}
        return {
            key: {
                "r2": part.r2(),
                "rrse": part.rrse(),
                "mae": part.mae(),
                "r2_per_variate": part.r2_per_variate(),
            }
            for key, part in (parts | {"all": self}).items()
        }

    def _spread_about_common_mean(self, *, axis: int | None) -> NDArray[np.float64]:
        """Sum squared distances from the one mean of everything along `axis`."""
        used = self.count > 0.0
        pilot = self.mean.max(axis=axis, keepdims=True, initial=-np.inf, where=used)
        distance = np.where(used, self.mean - pilot, 0.0)
        total = self.count.sum(axis=axis, keepdims=True)
        shift = (self.count * distance).sum(axis=axis, keepdims=True) / np.maximum(total, 1.0)
        return np.asarray((self.spread + self.count * np.square(distance - shift)).sum(axis=axis))


def forecast_metrics(
    target: NDArray[Any], forecast: NDArray[Any], mask: NDArray[np.bool_] | None = None
) -> dict[str, dict[str, float]]:
    """Give all metrics of forecasts, per step of the horizon and over all of it.

    Parameters
    ----------
    target, forecast : ndarray, shape (windows, horizon, variates)
        In units of the data.
    mask : ndarray of bool, shape (windows, horizon, variates), optional
        True where the target counts, False where it is missing.

    Returns
    -------
    dict
        Keys ``"1"`` to ``"H"`` and ``"all"``; each entry has ``r2``, ``rrse``, ``mae`` and
        ``r2_per_variate``.

    Raises
    ------
    DataError
        If the shapes differ.
    """
    return ForecastMoments.of(target, forecast, mask).summary()


def r2(
    target: NDArray[Any], forecast: NDArray[Any], mask: NDArray[np.bool_] | None = None
) -> float:
    """Give R2 about the one mean of all targets; parameters as in `forecast_metrics`."""
    return ForecastMoments.of(target, forecast, mask).r2()


def rrse(
    target: NDArray[Any], forecast: NDArray[Any], mask: NDArray[np.bool_] | None = None
) -> float:
    """Give the root relative squared error; parameters as in `forecast_metrics`."""
    return ForecastMoments.of(target, forecast, mask).rrse()


def mae(
    target: NDArray[Any], forecast: NDArray[Any], mask: NDArray[np.bool_] | None = None
) -> float:
    """Give the mean absolute error; parameters as in `forecast_metrics`."""
    return ForecastMoments.of(target, forecast, mask).mae()


def r2_per_variate(
    target: NDArray[Any], forecast: NDArray[Any], mask: NDArray[np.bool_] | None = None
) -> float:
    """Give the mean over variates of each one's R2; parameters as in `forecast_metrics`."""
    return ForecastMoments.of(target, forecast, mask).r2_per_variate()


def _ratio(numerator: float, denominator: float) -> float:
    return float(numerator / denominator) if denominator > 0.0 else math.nan


def _of_shape(name: str, array: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if array.shape != shape:
        raise DataError(f"{name} have shape {array.shape}, expected {shape} as the targets have")
    return array
