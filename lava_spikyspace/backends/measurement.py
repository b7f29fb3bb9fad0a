"""What a Loihi 2 chip measured of itself during a run, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

CORE_COUNTS = ("spikes_in", "syn_ops", "dendrite_updates", "axon_out")
"""Counts that the chip keeps per core."""

_US_PER_S = 1e6


@dataclass(frozen=True)
class Measurement:
    """What the chip measured of itself during a run.

    Parameters
    ----------
    steps : int
        Time steps of the run.
    cores : tuple of mapping
        One entry per core: ``core`` and `CORE_COUNTS`, summed over the run.
    time_per_step_us : float or None
        Mean time of a step.
    total_power_w, static_power_w : float or None
        Mean power of the board during the run, and when nothing happens.
    logic_power_w, memory_power_w, io_power_w : float or None
        Mean power by supply: VDD, VDDM, VDDIO.
    """

    steps: int
    cores: tuple[Mapping[str, int], ...]
    time_per_step_us: float | None
    total_power_w: float | None
    static_power_w: float | None
    logic_power_w: float | None
    memory_power_w: float | None
    io_power_w: float | None

    @property
    def dynamic_power_w(self) -> float | None:
        """Power beyond the static one."""
        if self.total_power_w is None or self.static_power_w is None:
            return None
        return self.total_power_w - self.static_power_w

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Measurement:
        """Return the measurement that `to_dict` made plain values of."""
        known = {field.name: values[field.name] for field in fields(cls)}
        return cls(**{**known, "cores": tuple(known["cores"])})

    def to_dict(self) -> dict[str, Any]:
        """Return the measurement as plain values; energies of the whole run in joules."""
        seconds = None
        if self.time_per_step_us is not None:
            seconds = self.time_per_step_us * self.steps / _US_PER_S
        return {
            "steps": self.steps,
            "cores": [dict(core) for core in self.cores],
            "totals": {
                name: sum(core[name] for core in self.cores if name in core) for name in CORE_COUNTS
            },
            "time_per_step_us": self.time_per_step_us,
            "time_s": seconds,
            "total_power_w": self.total_power_w,
            "static_power_w": self.static_power_w,
            "dynamic_power_w": self.dynamic_power_w,
            "logic_power_w": self.logic_power_w,
            "memory_power_w": self.memory_power_w,
            "io_power_w": self.io_power_w,
            "dynamic_energy_j": _product(self.dynamic_power_w, seconds),
            "static_energy_j": _product(self.static_power_w, seconds),
        }


def _product(left: float | None, right: float | None) -> float | None:
    return None if left is None or right is None else left * right
