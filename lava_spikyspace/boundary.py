"""Between the table and the integers: normalise and round the input, de-normalise the forecast.

Both directions are float64 and shared by all engines (they are outside the integer network).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lava_spikyspace.datasets.scaling import window_statistics
from lava_spikyspace.datasets.windows import input_windows
from lava_spikyspace.errors import DataError
from lava_spikyspace.families import classifies
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
        mean, scale = window_statistics(windows, norm.eps or 0.0)
    else:
        mean, scale = _fixed(network)
    rounded, outside = _round(network, windows, mean, scale)
    clipped = int(np.count_nonzero(outside))
    if clipped and not clip:
        window, element, variate = (int(i[0]) for i in np.nonzero(outside))
        start = window if first_rows is None else int(first_rows[window])
        place = (window, element, variate)
        raise _out_of_range(
            network, source, start + element, variate, windows[place], rounded[place], clipped
        )
    return EncodedWindows(_saturate(network, rounded), mean, scale, clipped)


def encode_table(
    network: Network,
    values: FloatArray,
    windows: range,
    *,
    first_row: int = 0,
    stride: int = 1,
    clip: bool = False,
    source: str = "data",
) -> EncodedWindows:
    """Encode consecutive windows of a table, as `encode_windows` does.

    With fixed normalisation a row is the same in all windows: it is encoded once, and the messages
    are a read-only view of the rows, which lets an engine share work.

    Parameters
    ----------
    network : Network
        Gives normalisation, fraction bits and input range.
    values : ndarray, float64, shape (row, variate)
        The table, or as much of it as the windows read.
    windows : range
        Window indices with step 1, at least one; window i starts at row ``i * stride``.
    first_row : int
        Row of the table that `values` begins with, the first of a window.
    stride : int
        Rows from the start of a window to that of the next.
    clip : bool
        Saturate values outside the input range and count them, instead of refusing.
    source : str
        Name of the table, for the message of an error.

    Raises
    ------
    DataError
        A value lies outside the input range that the file was proven for (and `clip` is off).
    """
    first = first_row // stride
    here = range(windows.start - first, windows.stop - first)
    if network.normalisation.kind == "instance":
        return encode_windows(
            network,
            input_windows(values, network.window, here, stride),
            clip=clip,
            first_rows=np.asarray(windows, dtype=np.int64) * stride,
            source=source,
        )
    rows = values[here.start * stride : (here.stop - 1) * stride + network.window]
    mean, scale = _fixed(network)
    rounded, outside = _round(network, rows, mean[0], scale[0])
    # A value counts in every window that it is part of.
    by_window = input_windows(outside.sum(axis=1, keepdims=True), network.window, None, stride)
    clipped = int(by_window.sum())
    if clipped and not clip:
        row, variate = (int(i[0]) for i in np.nonzero(outside))
        place = (row, variate)
        raise _out_of_range(
            network,
            source,
            windows.start * stride + row,
            variate,
            rows[place],
            rounded[place],
            clipped,
        )
    messages = input_windows(_saturate(network, rounded), network.window, None, stride)
    return EncodedWindows(messages, mean, scale, clipped)


def _fixed(network: Network) -> tuple[FloatArray, FloatArray]:
    """Return mean and scale of a fixed normalisation, shape (1, 1, variate) or (1, 1, 1)."""
    norm = network.normalisation
    mean = np.zeros(1) if norm.mean is None else norm.mean
    scale = np.ones(1) if norm.scale is None else norm.scale
    return mean[None, None, :], scale[None, None, :]


def _round(
    network: Network, values: FloatArray, mean: FloatArray, scale: FloatArray
) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return ``round_half_even((v - mean) / scale * 2**f)``, and which lie out of range."""
    rounded = np.rint((values - mean) / scale * 2.0**network.input.frac_bits)
    limits = network.input.ranges["message"]
    return rounded, (rounded < limits.lo) | (rounded > limits.hi)


def _saturate(network: Network, rounded: FloatArray) -> IntArray:
    limits = network.input.ranges["message"]
    return np.clip(rounded, limits.lo, limits.hi).astype(np.int64)


def _out_of_range(
    network: Network,
    source: str,
    row: int,
    variate: int,
    value: float,
    rounded: float,
    count: int,
) -> DataError:
    """Return the error that names the first value out of range."""
    name = f" ({network.variates[variate]})" if network.variates else ""
    unit = 2.0**network.input.frac_bits
    limits = network.input.ranges["message"]
    return DataError(
        f"{source}: row {row}, column {variate}{name}: value {value:g} is {rounded / unit:.4g} "
        f"after normalisation, outside the input range [{limits.lo / unit:.4g}, "
        f"{limits.hi / unit:.4g}] of the model ({count} such values)",
        hint="use --clip-input to saturate and count them",
    )


def decode_forecasts(network: Network, forecasts: IntArray, encoded: EncodedWindows) -> FloatArray:
    """Turn the integers of the head into forecasts in the units of the table, or into logits.

    Parameters
    ----------
    network : Network
        Gives the fraction bits of the head.
    forecasts : ndarray, int64, shape (window, step, variate)
        What the head sent; (window, 1, class) of a classifier.
    encoded : EncodedWindows
        The windows that were run.

    Returns
    -------
    ndarray, float64, shape (window, step, variate)
        Forecasts.
    """
    values = forecasts.astype(np.float64) * 2.0**-network.head.frac_bits
    if classifies(network):
        return values
    return values * encoded.scale + encoded.mean
