"""What `lss estimate` shows to people."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import TYPE_CHECKING

from lava_spikyspace.cli.session import Session
from lava_spikyspace.wording import counted

if TYPE_CHECKING:
    from lava_spikyspace.hardware.accounting.comparing import PaperCost, PaperEstimate
    from lava_spikyspace.hardware.chip_estimate import ChipEstimate, CodingEstimate
    from lava_spikyspace.hardware.ledger import Assumption
    from lava_spikyspace.hardware.spread import Spread

_DIGITS = 4


def show_chip(session: Session, result: ChipEstimate, *, processes: bool) -> None:
    """Print both codings side by side, energy by event, the processes, and the assumptions.

    Parameters
    ----------
    session : Session
        The call.
    result : ChipEstimate
        What was estimated.
    processes : bool
        Show every process, not the totals alone.
    """
    codings = list(result.codings)
    rows = [_summary(entry) for entry in result.codings.values()]
    plain = result.codings.get("plain")
    unit = "forecast" if plain is None else counted(plain.steps_per_forecast, "step")
    session.table(
        (f"for each {unit}", *codings, "unit"),
        [
            (name, *(row[name][0] for row in rows), rows[0][name][1])  # one unit for all codings
            for name in rows[0]
        ],
        title=f"{result.profile.title}: nominal (low to high)",
    )
    for coding, entry in result.codings.items():
        _show_events(session, coding, entry)
        if processes:
            _show_processes(session, coding, entry)
    show_assumptions(session, result.assumptions)


def _summary(entry: CodingEstimate) -> dict[str, tuple[object, str]]:
    """Return what a forecast takes, by name, with its unit."""
    counts, windows = entry.counts, entry.work.windows
    hops = counts.hop_east_west + counts.hop_north_south
    return {
        "dynamic energy": (_spread(entry.energy_per_forecast, 10**6), "uJ"),
        "static energy": (_spread(entry.static_energy_per_forecast, 10**6), "uJ"),
        "static power": (_spread(entry.static_power, 1), "W"),
        "time, lower bound": (_spread(entry.time_per_forecast, 1000), "us"),
        "latency, lower bound": (_spread(entry.latency, 1000), "us"),
        "step, lower bound": (_spread(entry.step.step, 1), "ns"),
        "step limited by": (entry.step.limited_by, ""),
        "neuron programs in a step, model": (
            "-" if entry.programs is None else _spread(entry.programs.time, 1),
            "ns",
        ),
        "steps": (entry.steps_per_forecast, "step"),
        "synops": (_mean(counts.synop, windows), "event"),
        "neuron updates": (_mean(counts.update_active + counts.update_inactive, windows), "event"),
        "spikes": (_mean(sum(row.spikes for row in entry.processes), windows), "event"),
        "packets": (_mean(counts.packet, windows), "event"),
        "hops": (_mean(hops, windows), "event"),
        "chip crossings": (_mean(counts.chip_crossing, windows), "event"),
        "cores": (len(entry.placement.cores), "core"),
        "chips": (entry.placement.chips, "chip"),
    }


def _mean(total: int, windows: int) -> float:
    return round(total / windows, 1)


def _spread(value: Spread, unit: int) -> str:
    nominal = _shown(value.nominal / unit)
    if value.low == value.high:
        return nominal
    return f"{nominal} ({_shown(value.low / unit)} to {_shown(value.high / unit)})"


def _shown(value: Fraction) -> str:
    return f"{float(value):.{_DIGITS}g}"


def _show_events(session: Session, coding: str, entry: CodingEstimate) -> None:
    counts = entry.counts.to_dict()
    energies = entry.energy_by_event
    rows: list[tuple[object, ...]] = [
        (name.replace("_", " "), count, *_energy_cells(energies.get(name)))
        for name, count in counts.items()
    ]
    rows.append(("total", None, *_energy_cells(entry.energy)))
    session.table(
        ("event", "count", "low pJ", "nominal pJ", "high pJ"),
        rows,
        title=f"{coding} coding, {counted(entry.work.windows, 'window')}",
    )


def _energy_cells(spread: Spread | None) -> tuple[object, object, object]:
    if spread is None:
        return None, None, None
    from lava_spikyspace.hardware.chip_estimate import decimal_text

    return decimal_text(spread.low), decimal_text(spread.nominal), decimal_text(spread.high)


def _show_processes(session: Session, coding: str, entry: CodingEstimate) -> None:
    session.table(
        ("process", "spikes", "synops", "updates", "packets", "hops", "nominal pJ"),
        [
            (
                row.name,
                row.spikes,
                row.counts.synop,
                row.counts.update_active + row.counts.update_inactive,
                row.counts.packet,
                row.counts.hop_east_west + row.counts.hop_north_south,
                _energy_cells(row.energy)[1],
            )
            for row in entry.processes
        ],
        title=f"{coding} coding, {counted(entry.work.windows, 'window')}, by process",
    )


def show_paper(session: Session, result: PaperEstimate) -> None:
    """Print the comparison at the paper's settings and on the model's task, and the assumptions.

    Parameters
    ----------
    session : Session
        The call.
    result : PaperEstimate
        What was estimated.
    """
    _show_costs(session, result.published_task, "Settings of the paper (Electricity, horizon 3)")
    _show_costs(session, result.model_task, "On the task of this model")
    session.table(
        ("stage of this model", "compute mJ", "weights mJ", "movement mJ", "total mJ"),
        [
            (name, *(_shown(v) for v in (e.compute, e.weights, e.movement, e.total)))
            for name, e in result.stages.items()
        ],
    )
    show_assumptions(session, result.assumptions)


def _show_costs(session: Session, costs: Iterable[PaperCost], title: str) -> None:
    """Print one row per model; what papers claim stands beside what was counted."""
    session.table(
        (
            "model",
            "accounting",
            "parameters",
            "compute mJ",
            "weights mJ",
            "movement mJ",
            "with memory mJ",
            "published mJ",
            "published parameters",
            "size",
        ),
        [
            (
                row.name,
                row.accounting,
                row.parameters,
                *(_shown(v) for v in (row.energy.compute, row.energy.weights, row.energy.movement)),
                _shown(row.energy.total),
                None if row.published_energy is None else row.published_energy.value,
                None if row.published_parameters is None else row.published_parameters.whole,
                row.size,
            )
            for row in costs
        ],
        title=title,
        expendable=("size", "movement mJ", "published parameters", "weights mJ", "compute mJ"),
    )


def show_assumptions(session: Session, assumptions: Iterable[Assumption]) -> None:
    """Print what an estimate takes for granted.

    Parameters
    ----------
    session : Session
        The call.
    assumptions : iterable of Assumption
        The ledger.
    """
    session.table(
        ("assumption", "evidence", "what is assumed"),
        [(entry.subject, entry.evidence, entry.text) for entry in assumptions],
        title="What these numbers rest on",
    )
