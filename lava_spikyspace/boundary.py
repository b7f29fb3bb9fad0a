"""Between the table and the integers: normalise and round the input, de-normalise the forecast.

Both directions are float64 and shared by all engines (they are outside the integer network).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import DataError
from lava_spikyspace.network import IntArray, Network

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EncodedWindows:
    """Windows as the integers that enter the network, and what undoes the normalisation.

    Parameters
    ----------
    messages : ndarray, int64, shape (window, element, variate)
        ``round_half_even((v - mean) / scale * 2**f)``.
    mean, scale : ndarray, float64, shape (window or 1, 1, variate)
        Normalisation of each window.
    clipped : int
        Values that were saturated at the input range.
    """

    messages: IntArray
    mean: FloatArray
    scale: FloatArray
    clipped: int

    def __getitem__(self, part: slice) -> EncodedWindows:
        """Return some of the windows."""
        mean, scale = self.mean, self.scale
        if mean.shape[0] > 1:
            mean, scale = mean[part], scale[part]
        return EncodedWindows(self.messages[part], mean, scale, self.clipped)


def encode_windows(
    network: Network,
    windows: FloatArray,
    *,
    clip: bool = False,
    first_rows: npt.NDArray[np.int64] | None = None,
    source: str = "data",
) -> EncodedWindows:
    """Normalise windows of the table and round them to the input format.

    Parameters
    ----------
    network : Network
        Gives normalisation, fraction bits and input range.
    windows : ndarray, float64, shape (window, element, variate)
        Values in the units of the table.
    clip : bool
        Saturate values outside the input range and count them, instead of refusing.
    first_rows : ndarray, int64, shape (window,), optional
        Row of the table at which each window starts, for the message of an error.
    source : str
        Name of the table, for the message of an error.

    Raises
    ------
    DataError
        A value lies outside the input range that the file was proven for (and `clip` is off).
    """
    norm = network.normalisation
    if norm.kind == "instance":
        mean = _mean_over_elements(windows)
        scale = np.sqrt(_mean_over_elements(np.square(windows - mean)) + (norm.eps or 0.0))
    else:
        mean = np.zeros(1) if norm.mean is None else norm.mean
        scale = np.ones(1) if norm.scale is None else norm.scale
        mean, scale = mean[None, None, :], scale[None, None, :]
    rounded = np.rint((windows - mean) / scale * 2.0**network.input.frac_bits)
    limits = network.input.ranges["message"]
    outside = (rounded < limits.lo) | (rounded > limits.hi)
    clipped = int(np.count_nonzero(outside))
    if clipped and not clip:
        window, element, variate = (int(i[0]) for i in np.nonzero(outside))
        start = window if first_rows is None else int(first_rows[window])
        name = f" ({network.variates[variate]})" if network.variates else ""
        unit = 2.0**network.input.frac_bits
        raise DataError(
            f"{source}: row {start + element}, column {variate}{name}: value "
            f"{windows[window, element, variate]:g} is "
            f"{rounded[window, element, variate] / unit:.4g} after normalisation, outside the "
            f"input range [{limits.lo / unit:.4g}, {limits.hi / unit:.4g}] of the model "
            f"({clipped} such values)",
            hint="use --clip-input to saturate and count them",
        )
    messages = np.clip(rounded, limits.lo, limits.hi).astype(np.int64)
    return EncodedWindows(messages, mean, scale, clipped)


def _mean_over_elements(windows: FloatArray) -> FloatArray:
    """Return the mean of every window, shape (window, 1, variate).

    One element after the other: NumPy's own sum goes through memory in an order that depends on
    how many windows there are, and a window shall not depend on those that it is cut out with.
    """
    total = np.zeros((windows.shape[0], 1, windows.shape[2]))
    for element in range(windows.shape[1]):
        total += windows[:, element : element + 1]
    return total / windows.shape[1]


def decode_forecasts(network: Network, forecasts: IntArray, encoded: EncodedWindows) -> FloatArray:
    """Turn the integers of the head into forecasts in the units of the table.

    Parameters
    ----------
    network : Network
        Gives the fraction bits of the head.
    forecasts : ndarray, int64, shape (window, step, variate)
        What the head sent.
    encoded : EncodedWindows
        The windows that were run.

    Returns
    -------
    ndarray, float64, shape (window, step, variate)
        Forecasts.
    """
    values = forecasts.astype(np.float64) * 2.0**-network.head.frac_bits
    return values * encoded.scale + encoded.mean
