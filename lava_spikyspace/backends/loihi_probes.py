"""Intel's profilers on a run, and what they measured as plain numbers.

The attributes that are read are those that public notebooks read. What a profiler does not offer is
None, not an error: the extension changes, and a run is worth more than one of its numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lava_spikyspace.backends import vendor
from lava_spikyspace.backends.measurement import CORE_COUNTS, Measurement


class Probes:
    """The profilers of one run.

    Parameters
    ----------
    steps : int
        Time steps of the run.
    """

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._power = vendor.Loihi2Power(num_steps=steps)
        self._time = vendor.Loihi2ExecutionTime()
        self._activity = vendor.Loihi2Activity()
        self._memory = vendor.Loihi2Memory()

    @property
    def callbacks(self) -> list[Any]:
        """What a `Loihi2HwCfg` takes as ``callback_fxs``."""
        return [self._power, self._time, self._activity, self._memory]

    def measurement(self) -> Measurement:
        """Return what was measured; to be called after the run."""
        power = self._power
        return Measurement(
            steps=self._steps,
            cores=tuple(self._cores()),
            time_per_step_us=_mean(self._time, "avg_time_per_step"),
            total_power_w=_mean(power, "total_power"),
            static_power_w=_mean(power, "static_total_power"),
            logic_power_w=_mean(power, "vdd_power"),
            memory_power_w=_mean(power, "vddm_power"),
            io_power_w=_mean(power, "vddio_power"),
        )

    def _cores(self) -> list[dict[str, int]]:
        indices = _numbers(self._activity, "core_idx")
        if indices is None:
            return []
        cores = [{"core": int(index)} for index in indices.ravel()]
        for name in CORE_COUNTS:
            counts = _numbers(self._activity, name)
            if counts is None or counts.size % len(cores):
                continue
            for core, count in zip(cores, counts.reshape(-1, len(cores)).sum(axis=0), strict=True):
                core[name] = int(count)
        return cores


def _numbers(probe: object, name: str) -> np.ndarray[Any, np.dtype[Any]] | None:
    values = np.asarray(getattr(probe, name, ()))
    return values if values.size and np.issubdtype(values.dtype, np.number) else None


def _mean(probe: object, name: str) -> float | None:
    values = _numbers(probe, name)
    return None if values is None else float(values.mean())
