"""What every backend takes and gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lava_spikyspace.backends.deployment import Deployed
from lava_spikyspace.backends.measurement import Measurement
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import StrictRangeError
from lava_spikyspace.network import IntArray, Interval, Layer
from lava_spikyspace.plan import Plan
from lava_spikyspace.profiling.counters import Activity

STRICT_VARIABLE = "LSS_STRICT"
"""Environment variable that makes every run strict; its worker processes inherit it."""


def is_strict(asked: bool) -> bool:
    """Return whether values are held against their proven ranges: asked for, or always.

    Parameters
    ----------
    asked : bool
        What the caller said.
    """
    return asked or os.environ.get(STRICT_VARIABLE, "0") not in ("", "0")


Progress = Callable[[int, int], None]
"""Called with (windows or steps done, all of them)."""

Records = Mapping[str, IntArray]
"""Codes by record name, each of shape (window, element, channel): a layer's name for what it sends,
``<name>.code`` for a code inside a neuron, ``<name>.state`` for the state codes of a scan (channels
and states flattened, channel-major). The head records (window, step, variate)."""


@dataclass(frozen=True, eq=False)
class EngineResult:
    """What an engine computed, still as integers.

    Parameters
    ----------
    forecasts : ndarray, int64, shape (window, step, variate)
        What the head sent.
    activities : mapping of str to Activity
        By row of the plan.
    records : mapping of str to ndarray
        Codes, where recording was asked for (see `Records`).
    timings_s : mapping of str to float
        Seconds by stage.
    process_seconds : mapping of str to float, optional
        Wall time that the model of each process took, by process of the plan; None where it was
        not measured.
    deployment : tuple of Deployed
        Where each process ran, on hardware.
    measurement : Measurement, optional
        What the chip measured of itself.
    diagnostics : tuple of Diagnostic
        What the user should know.
    """

    forecasts: IntArray
    activities: Mapping[str, Activity]
    records: Records = field(default_factory=dict)
    timings_s: Mapping[str, float] = field(default_factory=dict)
    process_seconds: Mapping[str, float] | None = None
    deployment: tuple[Deployed, ...] = ()
    measurement: Measurement | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


class Backend(Protocol):
    """An engine that runs a plan."""

    name: str

    def run(
        self,
        plan: Plan,
        messages: npt.NDArray[np.int64],
        *,
        strict: bool = False,
        record: bool = False,
        progress: Progress | None = None,
    ) -> EngineResult:
        """Run windows through the network.

        Parameters
        ----------
        plan : Plan
            What to run.
        messages : ndarray, int64, shape (window, element, variate)
            Windows as integers.
        strict : bool
            Check every value against its proven range.
        record : bool
            Keep the codes of every process.
        progress : callable, optional
            Called now and then.
        """
        ...


def check_ranges(layer: Layer, observed: Mapping[str, Interval]) -> None:
    """Refuse values outside their proven range.

    Parameters
    ----------
    layer : Layer
        Its `ranges` are the proof.
    observed : mapping of str to Interval
        Extremes of values by range name.

    Raises
    ------
    StrictRangeError
        Names the layer, the value and both ranges.
    """
    for name, seen in observed.items():
        proven = layer.ranges.get(name)
        if proven is not None and not proven.contains(seen):
            raise StrictRangeError(
                f"{layer.name}: {name} spans [{seen.lo}, {seen.hi}], outside its proven range "
                f"[{proven.lo}, {proven.hi}]",
                process=layer.name,
                hint="the file's widths do not hold for this input; `lss lint` checks the file",
            )
