"""The input of a run: an array with one entry per time step, as a file or in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.datasets.numpy_files import read_array
from lava_spikyspace.datasets.source import open_source
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import DataError
from lava_spikyspace.inputs import IN_MEMORY, FileReference
from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.netx.stock.fields import whole_numbers
from lava_spikyspace.netx.stock.layers import CUBA_BIAS, SIGMA_DELTA_BIAS
from lava_spikyspace.netx.stock.selection import Feed, Selection
from lava_spikyspace.netx.typed import MisfitError

ARRAY_NAME = "input"
"""Name of the array in an npz file."""

_MESSAGE = Interval.signed(32)
"""Width of the ports of Lava's processes."""

_BOUNDS: dict[Feed, Interval] = {
    "spikes": _MESSAGE,
    "messages": _MESSAGE,
    "bias": CUBA_BIAS,
    "values": SIGMA_DELTA_BIAS,
}


@dataclass(frozen=True, eq=False)
class Stimulus:
    """What is fed to the first layer.

    Parameters
    ----------
    values : ndarray, int64, shape (step, *input shape)
        One entry per time step.
    file : FileReference, optional
        Where it comes from; None for an array in memory.
    """

    values: IntArray
    file: FileReference | None

    @property
    def steps(self) -> int:
        """Time steps."""
        return int(self.values.shape[0])


def load_stimulus(data: str | Path | npt.NDArray[Any], selection: Selection) -> Stimulus:
    """Return the input of a run, after checking that it fits the first layer.

    Parameters
    ----------
    data : str, Path or ndarray, shape (step, *input shape)
        Whole numbers; of a file: npy, or npz with an array ``input``.
    selection : Selection
        The layers that run.

    Raises
    ------
    DataError
        The file cannot be read, or the array has another shape or holds other values than the
        first layer takes.
    """
    if isinstance(data, str | Path):
        source = open_source(data)
        values = read_array(source, ARRAY_NAME)
        file = FileReference(str(data), source.sha256)
        return Stimulus(_checked(values, selection, str(data)), file)
    return Stimulus(_checked(np.asarray(data), selection, str(IN_MEMORY)), None)


def stimulus_notices(stimulus: Stimulus, selection: Selection) -> Iterator[Diagnostic]:
    """Yield what is doubtful about an input that can run.

    Parameters
    ----------
    stimulus : Stimulus
        The input.
    selection : Selection
        The layers that run.
    """
    where = str(IN_MEMORY) if stimulus.file is None else stimulus.file.path
    values = stimulus.values
    bits = selection.first.input_bits
    if selection.feed == "spikes":
        others = np.count_nonzero((values != 0) & (values != 1))
        if others:
            yield Diagnostic(
                "binary-input",
                "warning",
                f"{others} values other than 0 and 1 count as one spike each",
                where=where,
                hint="--input-bits N makes them messages of N bits",
            )
    elif selection.feed == "messages":
        limit = 1 << bits
        beyond = np.count_nonzero((values < -limit) | (values >= limit))
        if beyond:
            yield Diagnostic(
                "wide-input",
                "warning",
                f"{beyond} values do not fit the {bits} bits of the message; they run all the same",
                where=where,
            )


def _checked(values: npt.NDArray[Any], selection: Selection, where: str) -> IntArray:
    """Return whole numbers of the right shape, in the range of what they become."""
    shape = selection.input_shape
    if values.shape[1:] != shape or not values.size:
        expected = ", ".join(["steps", *map(str, shape)])
        hint = None
        if values.shape[1:] == shape[::-1] and values.size:
            hint = "axes are in the order of Lava: x, y, channel"
        raise DataError(
            f"{where}: found shape {values.shape}, expected ({expected}) for layer "
            f"{selection.first.layer.index}",
            hint=hint,
        )
    bounds = _BOUNDS[selection.feed]
    try:
        whole = whole_numbers(values.astype(np.int8) if values.dtype == np.bool_ else values)
    except MisfitError as misfit:
        raise DataError(f"{where}: {misfit.message}") from None
    found = Interval.of(whole)
    if not bounds.contains(found):
        raise DataError(
            f"{where}: found values from {found.lo} to {found.hi}, expected {bounds.lo} to "
            f"{bounds.hi}: they are fed as {selection.feed}"
        )
    return whole
