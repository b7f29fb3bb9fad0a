"""What work costs on a chip: energy and time for each forecast, in every coding."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.hardware.charging import (
    EVENTS,
    EventCounts,
    ProcessCharge,
    charge,
    constants,
    total_counts,
    total_energy,
)
from lava_spikyspace.hardware.ledger import Assumption, chip_assumptions
from lava_spikyspace.hardware.pacing import StepTime, step_time
from lava_spikyspace.hardware.placement import Placement, place
from lava_spikyspace.hardware.profile import ChipProfile
from lava_spikyspace.hardware.program_time import ProgramTime, program_time
from lava_spikyspace.hardware.routing import route
from lava_spikyspace.hardware.rules import check_placement
from lava_spikyspace.hardware.spread import NOTHING, Spread
from lava_spikyspace.hardware.subject import describe
from lava_spikyspace.hardware.work import Work, WorkCoding
from lava_spikyspace.inputs import FileReference

PJ_PER_W_NS = 1000
"""One watt for one nanosecond is a nanojoule."""


@dataclass(frozen=True, eq=False, kw_only=True)
class CodingEstimate:
    """Energy and time in one coding.

    Parameters
    ----------
    placement : Placement
        The network on cores.
    work : Work
        Counts that it rests on.
    processes : tuple of ProcessCharge
        What every process did and took, over all windows.
    step : StepTime
        Bounds of the time of a step.
    programs : ProgramTime, optional
        Time of the neuron programs in a step, a model by instruction counts; no part of `step`.
    """

    placement: Placement
    work: Work
    processes: tuple[ProcessCharge, ...]
    step: StepTime
    programs: ProgramTime | None = None

    @property
    def counts(self) -> EventCounts:
        """Events of all processes over all windows."""
        return total_counts(self.processes)

    @property
    def energy(self) -> Spread:
        """Energy of all events over all windows, in pJ."""
        return total_energy(self.processes)

    @property
    def energy_by_event(self) -> dict[str, Spread]:
        """Energy over all windows by event, in pJ; events without a public number are left out."""
        prices = constants(self.placement.profile.energy)
        counts = self.counts
        return {name: price * getattr(counts, name) for name, price in prices.items()}

    @property
    def energy_per_forecast(self) -> Spread:
        """Energy of the events of one window, in pJ."""
        return self.energy / self.work.windows

    @property
    def steps_per_forecast(self) -> int:
        """Steps of one window, where windows follow each other without a gap."""
        return self.work.steps_per_window

    @property
    def time_per_forecast(self) -> Spread:
        """Time between forecasts, in ns."""
        return self.step.step * self.steps_per_forecast

    @property
    def latency(self) -> Spread:
        """Time from the first element of a window to its forecast, in ns."""
        return self.step.step * (self.work.latency_steps + self.steps_per_forecast)

    @property
    def static_power(self) -> Spread:
        """Power of the chips in use when nothing happens, in W."""
        power = self.placement.profile.energy.static_power.spread or NOTHING
        return power * self.placement.chips

    @property
    def static_energy_per_forecast(self) -> Spread:
        """What the static power takes in the time of a forecast, in pJ."""
        return self.static_power.times(self.time_per_forecast) * PJ_PER_W_NS

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain values; energies in pJ, times in ns."""
        return {
            "windows": self.work.windows,
            "counts_from": self.work.origin,
            "cores": len(self.placement.cores),
            "chips": self.placement.chips,
            "frame_steps": self.work.frame_steps,
            "steps_per_forecast": self.steps_per_forecast,
            "latency_steps": self.work.latency_steps,
            "processes": [
                {
                    "name": row.name,
                    "type": row.type,
                    "spikes": row.spikes,
                    **row.counts.to_dict(),
                    "energy_pj": row.energy.to_dict(),
                    "energy_pj_exact": _exact(row.energy),
                }
                for row in self.processes
            ],
            "totals": {
                "spikes": sum(row.spikes for row in self.processes),
                **self.counts.to_dict(),
                "energy_pj": self.energy.to_dict(),
                "energy_pj_exact": _exact(self.energy),
            },
            "energy_by_event_pj": {
                name: spread.to_dict() for name, spread in self.energy_by_event.items()
            },
            "energy_per_forecast_pj": self.energy_per_forecast.to_dict(),
            "static_power_w": self.static_power.to_dict(),
            "static_energy_per_forecast_pj": self.static_energy_per_forecast.to_dict(),
            "step_time_ns": {
                **self.step.step.to_dict(),
                "limited_by": self.step.limited_by,
                "bounds": {name: bound.to_dict() for name, bound in self.step.bounds.items()},
                "busiest_core": self.step.busiest,
            },
            "neuron_programs": None if self.programs is None else self.programs.to_dict(),
            "time_per_forecast_ns": self.time_per_forecast.to_dict(),
            "latency_ns": self.latency.to_dict(),
        }


@dataclass(frozen=True, eq=False, kw_only=True)
class ChipEstimate:
    """What a model costs on a chip.

    Parameters
    ----------
    model : FileReference or None
        The model file; None for a network made in memory.
    profile : ChipProfile
        The board.
    codings : mapping of str to CodingEstimate
        By coding.
    assumptions : tuple of Assumption
        What the numbers rest on.
    diagnostics : tuple of Diagnostic
        What the user should know.
    timings_s : mapping of str to float
        Seconds by stage.
    """

    model: FileReference | None
    profile: ChipProfile
    codings: Mapping[WorkCoding, CodingEstimate]
    assumptions: tuple[Assumption, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``estimate --json`` on a chip, as plain values."""
        prices = constants(self.profile.energy)
        return {
            "profile": {"name": self.profile.name, "title": self.profile.title},
            "constants_pj": {
                name: prices[name].to_dict() if name in prices else None for name in EVENTS
            },
            "codings": {coding: entry.to_dict() for coding, entry in self.codings.items()},
            "assumptions": [entry.to_dict() for entry in self.assumptions],
        }


def estimate_on_chip(
    works: Mapping[WorkCoding, Work], board: ChipProfile, file: FileReference | None = None
) -> ChipEstimate:
    """Estimate energy and time of counted work on a chip, for every coding that was counted.

    Parameters
    ----------
    works : mapping of str to Work
        Counts by coding.
    board : ChipProfile
        The chip.
    file : FileReference, optional
        The model file.
    """
    started = time.perf_counter()
    codings = {coding: _estimate_coding(work, board) for coding, work in works.items()}
    placement = next(iter(codings.values())).placement
    return ChipEstimate(
        model=file,
        profile=board,
        codings=codings,
        assumptions=tuple(chip_assumptions(placement, works.values())),
        diagnostics=tuple(_misfits(codings)),
        timings_s={"estimate": time.perf_counter() - started},
    )


def _misfits(codings: Mapping[WorkCoding, CodingEstimate]) -> Iterator[Diagnostic]:
    """Yield a warning for each coding in which the model does not fit the chip."""
    for coding, entry in codings.items():
        board = entry.placement.profile.name
        errors = [f for f in check_placement(entry.placement) if f.severity == "error"]
        if errors:
            yield Diagnostic(
                "does-not-fit",
                "warning",
                f"in {coding} coding the model does not fit {board}: {len(errors)} errors; the "
                "estimate is of a chip that could hold it",
                hint=_check_hint(coding),
            )


def _check_hint(coding: WorkCoding) -> str:
    flag = "" if coding == "plain" else f" --coding {coding}"
    return f"`lss check{flag}` with the same profile lists them"


def _estimate_coding(work: Work, board: ChipProfile) -> CodingEstimate:
    placement = place(describe(work.plan), board)
    routes = route(placement, work)
    return CodingEstimate(
        placement=placement,
        work=work,
        processes=charge(placement, work, routes),
        step=step_time(placement, work, routes),
        programs=program_time(placement),
    )


def _exact(energy: Spread) -> dict[str, str]:
    """Return the three values with all their digits, which floats of large runs do not have."""
    return {name: decimal_text(getattr(energy, name)) for name in ("low", "nominal", "high")}


def decimal_text(value: Fraction) -> str:
    """Return a fraction with all its decimal digits; it has finitely many, as its constants do."""
    digits = 0
    while value.denominator != 1 and digits < 60:
        value *= 10
        digits += 1
    text = str(round(value)).rjust(digits + 1, "0")
    return f"{text[: len(text) - digits]}.{text[len(text) - digits :]}" if digits else text
