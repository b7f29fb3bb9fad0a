"""Z-score of the input and its inverse for the forecast, in float64, outside the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lava_spikyspace.errors import DataError


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

    def _fitting(self, values: ArrayLike) -> NDArray[np.float64]:
        array = np.asarray(values, dtype=np.float64)
        if array.shape[-1:] != self.mean.shape:
            raise DataError(
                f"values have shape {array.shape}, expected {self.mean.size} variates on the "
                "last axis"
            )
        return array


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
