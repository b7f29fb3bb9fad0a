"""What a forecast has to beat: the last value repeated, and a ridge regression.

The ridge is one linear map from the ``w`` values of a window to ``H`` forecasts, shared by all
variates. Input and target are normalised per window and variate with the window's mean ``m`` and
``s = sqrt(variance of the window + 1e-5 * variance of the training rows)``, a constant 1 is
added to the input, and every row of the least squares is weighted with ``s`` over the standard
deviation ``d`` of the training rows, so that errors count in z-scores. The penalty acts on all
weights but the constant's and is chosen on the validation windows.

Weight and normalisation cancel: a weighted row is ``((x - m)/d, s/d)`` and its target
``(y - m)/d``. So all that the least squares need of a range of windows is one small matrix of
products between the ``w + H`` positions of a window and its target, and that matrix follows from
its neighbours along the diagonal, without ever cutting the windows out.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets.scaling import Scaler
from lava_spikyspace.datasets.windows import Split, count_windows, input_windows
from lava_spikyspace.errors import DataError

VARIANCE_FLOOR = 1e-5
"""Share of the training variance that keeps a flat window from dividing by zero."""

PENALTIES = tuple(10.0**exponent for exponent in range(-2, 7))
"""Penalties tried: 0.01, 0.1, ..., 1e6."""

CHUNK_CELLS = 1 << 22
"""Values that are cut into windows at one time (32 MiB in float64)."""


def persistence(inputs: NDArray[Any], horizon: int) -> NDArray[np.float64]:
    """Repeat the last value of every window.

    Parameters
    ----------
    inputs : ndarray, shape (windows, window, variates)
        The windows, any unit.
    horizon : int
        Steps to forecast.

    Returns
    -------
    ndarray of float64, shape (windows, horizon, variates)
        The forecasts, in the unit of the inputs.
    """
    return np.repeat(np.asarray(inputs[:, -1:, :], dtype=np.float64), horizon, axis=1)


@dataclass(frozen=True, eq=False)
class RidgeModel:
    """A fitted ridge regression on the normalised window.

    Attributes
    ----------
    weights : ndarray of float64, shape (window, horizon)
        Weights of the normalised values of a window.
    bias : ndarray of float64, shape (horizon,)
        Weights of the constant.
    variance_floor : ndarray of float64, shape (variates,)
        What is added to a window's variance, in units of the data squared.
    penalty : float
        The penalty that was best on the validation windows.
    """

    weights: NDArray[np.float64]
    bias: NDArray[np.float64]
    variance_floor: NDArray[np.float64]
    penalty: float

    def predict(self, inputs: NDArray[Any]) -> NDArray[np.float64]:
        """Forecast windows.

        Parameters
        ----------
        inputs : ndarray, shape (windows, window, variates)
            The windows, in units of the data.

        Returns
        -------
        ndarray of float64, shape (windows, horizon, variates)
            The forecasts, in units of the data.

        Raises
        ------
        DataError
            If window or variates differ from those of the fit.
        """
        count, *shape = inputs.shape
        expected = [self.weights.shape[0], self.variance_floor.size]
        if shape != expected:
            raise DataError(
                f"windows have shape {tuple(shape)}, expected {tuple(expected)} (window, variates)"
            )
        forecasts = np.empty((count, self.bias.size, expected[1]))
        for chunk in _chunks(range(count), cells_each=math.prod(expected)):
            part = slice(chunk.start, chunk.stop)
            window = np.asarray(inputs[part], dtype=np.float64)
            mean, spread = _mean_and_spread(window, self.variance_floor)
            centred = window - mean[:, np.newaxis, :]
            forecasts[part] = np.einsum("nwv,wh->nhv", centred, self.weights, optimize=True)
            forecasts[part] += self.bias[:, np.newaxis] * spread[:, np.newaxis, :]
            forecasts[part] += mean[:, np.newaxis, :]
        return forecasts


def fit_ridge(values: NDArray[Any], window: int, horizon: int, split: Split) -> RidgeModel:
    """Fit the ridge regression on the train part and choose its penalty on the validation part.

    Parameters
    ----------
    values : ndarray, shape (rows, variates)
        The whole table, in units of the data.
    window, horizon : int
        Rows that a window reads and predicts.
    split : Split
        Parts of the windows; train and valid must not be empty.

    Returns
    -------
    RidgeModel
        The model with the lowest squared error on the validation windows, in z-scores.

    Raises
    ------
    DataError
        If the train or the validation part is empty, or the table is too short for the split.
    """
    total = count_windows(values.shape[0], window, horizon)
    for name, part in (("train", split.train), ("validation", split.valid)):
        if not part:
            raise DataError(
                f"ridge needs {name} windows, found none among {total}",
                hint="give a longer table or a split with a larger share for that part",
            )
    training_rows = np.asarray(values[: split.train.stop - 1 + window + horizon], np.float64)
    scaler = Scaler.fit(training_rows)
    variance = training_rows.var(axis=0)
    z_scores = scaler.normalise(values)
    floor = VARIANCE_FLOOR * variance / np.square(scaler.scale)
    train = _products(z_scores, window, horizon, split.train, floor)
    valid = _products(z_scores, window, horizon, split.valid, floor)
    solutions = [(penalty, _solve(train, window, penalty)) for penalty in PENALTIES]
    penalty, solution = min(
        solutions, key=lambda candidate: _squared_error(valid, window, candidate[1])
    )
    return RidgeModel(
        weights=solution[:window],
        bias=solution[window],
        variance_floor=VARIANCE_FLOOR * variance,
        penalty=penalty,
    )


def _products(
    z_scores: NDArray[np.float64],
    window: int,
    horizon: int,
    part: range,
    floor: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Sum the products of weighted rows with themselves over windows and variates.

    Returns
    -------
    ndarray of float64, shape (window + 1 + horizon, window + 1 + horizon)
        In the order inputs, constant, targets.
    """
    length = window + horizon
    positions = _lagged_products(z_scores, length, part)
    constant = np.zeros(length)
    constant_squared = 0.0
    inputs = input_windows(z_scores, window, part)
    for chunk in _chunks(range(len(part)), cells_each=inputs[:1].size):
        _, spread = _mean_and_spread(inputs[chunk.start : chunk.stop], floor)
        constant_squared += float(np.vdot(spread, spread))
        first = part.start + chunk.start
        for position in range(length):
            rows = z_scores[first + position : first + position + len(chunk)]
            constant[position] += np.vdot(spread, rows)
    # Subtracting a window's own mean is linear in its positions, so it can be done here, once.
    centre = np.eye(length)
    centre[:, :window] -= 1.0 / window
    products = np.empty((length + 1, length + 1))
    order = np.delete(np.arange(length + 1), window)
    products[np.ix_(order, order)] = centre @ positions @ centre.T
    products[window, order] = products[order, window] = centre @ constant
    products[window, window] = constant_squared
    return products


def _lagged_products(
    z_scores: NDArray[np.float64], length: int, part: range
) -> NDArray[np.float64]:
    """Sum ``z[t+i] * z[t+j]`` over the windows t of `part` and all variates, i and j < length.

    One step down the diagonal drops the first product of the sum and appends one behind its end.
    """
    start, stop = part.start, part.stop
    first = z_scores[start : start + length - 1]
    behind = z_scores[stop : stop + length - 1]
    change = behind @ behind.T - first @ first.T
    products = np.empty((length, length))
    for lag in range(length):
        products[0, lag] = np.vdot(z_scores[start:stop], z_scores[start + lag : stop + lag])
    for row in range(1, length):
        products[row, row:] = products[row - 1, row - 1 : -1] + change[row - 1, row - 1 :]
        products[row, :row] = products[:row, row]
    return products


def _solve(products: NDArray[np.float64], window: int, penalty: float) -> NDArray[np.float64]:
    """Solve the normal equations; shape (window + 1, horizon), the constant's weights last."""
    inputs = slice(0, window + 1)
    penalties = np.full(window + 1, penalty)
    penalties[window] = 0.0
    normal = products[inputs, inputs] + np.diag(penalties)
    # A table whose variates are all constant over the training rows leaves the constant's
    # equation empty; the least-squares solution then gives it weight 0.
    solution, *_ = np.linalg.lstsq(normal, products[inputs, window + 1 :], rcond=None)
    return np.asarray(solution)


def _squared_error(
    products: NDArray[np.float64], window: int, solution: NDArray[np.float64]
) -> float:
    """Sum the squared errors of a solution over the windows of `products`."""
    residual = np.vstack([solution, -np.eye(solution.shape[1])])
    return float(np.vdot(residual, products @ residual))


def _mean_and_spread(
    inputs: NDArray[np.float64], variance_floor: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give m and s of windows, both of shape (windows, variates)."""
    return inputs.mean(axis=1), np.sqrt(inputs.var(axis=1) + variance_floor)


def _chunks(indices: range, *, cells_each: int) -> Iterator[range]:
    """Cut window indices into ranges of about `CHUNK_CELLS` values."""
    size = max(1, CHUNK_CELLS // max(1, cells_each))
    for start in range(0, len(indices), size):
        yield indices[start : start + size]
