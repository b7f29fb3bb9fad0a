"""Normalisation of the input and its inverse for the forecast, in float64, outside the network.

`Scaler` has one mean and scale per variate, `InstanceScaler` takes those of each window. Both give
a `WindowScale`, which normalises and undoes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lava_spikyspace.errors import DataError


@dataclass(frozen=True, eq=False)
class WindowScale:
    """Normalisation of some windows.

    Attributes
    ----------
    mean, scale : ndarray of float64, shape (windows or 1, 1, variates)
        What is subtracted and what is divided by, in units of the data.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __getitem__(self, part: Any) -> WindowScale:  # noqa: ANN401 - whatever indexes an array
        """Return the normalisation of some of the windows."""
        if len(self.mean) == 1:
            return self
        return WindowScale(self.mean[part], self.scale[part])

    def normalise(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return ``(values - mean) / scale`` of shape (windows, steps, variates)."""
        return np.asarray((np.asarray(values, dtype=np.float64) - self.mean) / self.scale)

    def denormalise(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return ``values * scale + mean`` of shape (windows, steps, variates)."""
        return np.asarray(np.asarray(values, dtype=np.float64) * self.scale + self.mean)


@dataclass(frozen=True, eq=False)
class Scaler:
    """Mean and scale of every variate.

    Attributes
    ----------
    mean : ndarray of float64, shape (variates,)
        What is subtracted, in units of the data.
    scale : ndarray of float64, shape (variates,)
        What is divided by, in units of the data; greater than 0.

    Raises
    ------
    DataError
        If the two differ in length, hold something other than finite numbers, or a scale is not
        positive.
    """

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("mean", "scale"):
            object.__setattr__(self, name, _as_vector(name, getattr(self, name)))
        if self.mean.shape != self.scale.shape:
            raise DataError(
                f"scaler has {self.mean.size} means and {self.scale.size} scales, "
                "expected one of each per variate"
            )
        for variate in np.flatnonzero(self.scale <= 0.0)[:1]:
            raise DataError(
                f"scaler scale of variate {variate} is {self.scale[variate]:g}, "
                "expected more than 0"
            )

    @classmethod
    def fit(cls, values: NDArray[Any]) -> Scaler:
        """Take mean and biased standard deviation of every variate.

        Parameters
        ----------
        values : ndarray, shape (rows, variates)
            The training rows, at least one.

        Returns
        -------
        Scaler
            A variate that never changes has scale 1.

        Raises
        ------
        DataError
            If there is no row, or the numbers are too large to square.
        """
        if values.ndim != 2 or values.shape[0] == 0:
            raise DataError(f"scaler needs rows of variates, found an array of {values.shape}")
        rows = np.asarray(values, dtype=np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        # Rounding leaves a tiny deviation where all values are equal, and a tiny difference may
        # underflow when squared: both count as constant.
        constant = (rows.max(axis=0) == rows.min(axis=0)) | (deviation == 0.0)
        return cls(mean=mean, scale=np.where(constant, 1.0, deviation))

    @classmethod
    def from_dict(cls, fields: Mapping[str, Sequence[float]]) -> Scaler:
        """Restore what `to_dict` gave.

        Parameters
        ----------
        fields : mapping
            Exactly ``mean`` and ``scale``, one number per variate each.

        Returns
        -------
        Scaler
            The scaler.

        Raises
        ------
        DataError
            If a field is missing, unknown or no list of finite numbers.
        """
        if set(fields) != {"mean", "scale"}:
            raise DataError(f"scaler has fields {sorted(fields)}, expected mean and scale")
        return cls(
            mean=_as_vector("mean", fields["mean"]), scale=_as_vector("scale", fields["scale"])
        )

    def to_dict(self) -> dict[str, list[float]]:
        """Give mean and scale as lists, for JSON; `from_dict` restores the same bits.

        Returns
        -------
        dict
            ``mean`` and ``scale``.
        """
        return {"mean": self.mean.tolist(), "scale": self.scale.tolist()}

    def normalise(self, values: ArrayLike) -> NDArray[np.float64]:
        """Turn values in units of the data into z-scores.

        Parameters
        ----------
        values : array_like, shape (..., variates)
            Values in units of the data.

        Returns
        -------
        ndarray of float64, shape (..., variates)
            ``(values - mean) / scale``.

        Raises
        ------
        DataError
            If the last axis has another number of variates.
        """
        return np.asarray((self._fitting(values) - self.mean) / self.scale)

    def denormalise(self, values: ArrayLike) -> NDArray[np.float64]:
        """Turn z-scores into values in units of the data.

        Parameters
        ----------
        values : array_like, shape (..., variates)
            Z-scores.

        Returns
        -------
        ndarray of float64, shape (..., variates)
            ``values * scale + mean``.

        Raises
        ------
        DataError
            If the last axis has another number of variates.
        """
        return np.asarray(self._fitting(values) * self.scale + self.mean)

    def of(self, windows: NDArray[Any]) -> WindowScale:
        """Return the normalisation of windows: the same for all of them.

        Parameters
        ----------
        windows : ndarray, shape (windows, window, variates)
            In units of the data.

        Raises
        ------
        DataError
            If the last axis has another number of variates.
        """
        self._fitting(windows[:0])
        return WindowScale(self.mean[None, None, :], self.scale[None, None, :])

    def _fitting(self, values: ArrayLike) -> NDArray[np.float64]:
        array = np.asarray(values, dtype=np.float64)
        if array.shape[-1:] != self.mean.shape:
            raise DataError(
                f"values have shape {array.shape}, expected {self.mean.size} variates on the "
                "last axis"
            )
        return array


@dataclass(frozen=True)
class InstanceScaler:
    """Mean and scale of each window and variate.

    Attributes
    ----------
    eps : float
        Added to the variance of a window, in units of the data squared; greater than 0, so that a
        window that never changes has a scale.

    Raises
    ------
    DataError
        If eps is not a positive number.
    """

    eps: float

    SHARE: ClassVar[float] = 1e-5
    """Of the smallest training variance of a variate: what `fit` takes as eps."""

    def __post_init__(self) -> None:
        if not (np.isfinite(self.eps) and self.eps > 0.0):
            raise DataError(f"instance scaler has eps {self.eps}, expected a number above 0")

    @classmethod
    def fit(cls, values: NDArray[Any]) -> InstanceScaler:
        """Take eps from the training rows.

        Parameters
        ----------
        values : ndarray, shape (rows, variates)
            The training rows, at least one.
        """
        return cls(eps=cls.SHARE * float(np.square(Scaler.fit(values).scale).min()))

    def of(self, windows: NDArray[Any]) -> WindowScale:
        """Return the normalisation of windows, each by its own values.

        Parameters
        ----------
        windows : ndarray, shape (windows, window, variates)
            In units of the data.
        """
        return WindowScale(*window_statistics(windows, self.eps))


def window_statistics(
    windows: NDArray[Any], eps: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and scale ``sqrt(variance + eps)`` of every window and variate.

    Parameters
    ----------
    windows : ndarray, shape (windows, window, variates)
        Values.
    eps : float
        Added to the biased variance, in the unit of the values squared.

    Returns
    -------
    mean, scale : ndarray of float64, shape (windows, 1, variates)
        In the unit of the values.
    """
    values = np.asarray(windows, dtype=np.float64)
    mean = _mean_over_elements(values)
    return mean, np.sqrt(_mean_over_elements(np.square(values - mean)) + eps)


def _mean_over_elements(windows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean of every window, shape (window, 1, variate).

    One element after the other: NumPy's own sum goes through memory in an order that depends on
    how many windows there are, and a window shall not depend on those that it is cut out with.
    """
    total = np.zeros((windows.shape[0], 1, windows.shape[2]))
    for element in range(windows.shape[1]):
        total += windows[:, element : element + 1]
    return total / windows.shape[1]


def _as_vector(name: str, numbers: ArrayLike) -> NDArray[np.float64]:
    try:
        vector = np.array(numbers, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(f"scaler {name} holds something other than numbers") from None
    if vector.ndim != 1 or vector.size == 0:
        raise DataError(f"scaler {name} has shape {vector.shape}, expected one number per variate")
    for variate in np.flatnonzero(~np.isfinite(vector))[:1]:
        raise DataError(
            f"scaler {name} of variate {variate} is {vector[variate]}, expected a finite number"
        )
    vector.flags.writeable = False
    return vector
