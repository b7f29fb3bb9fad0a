"""What `lss profile` shows to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.profiling.profile import Profile
    from lava_spikyspace.profiling.rows import LayerRow, ProfileRow
    from lava_spikyspace.profiling.versus import Versus

_BARS = "▁▂▃▄▅▆▇█"
_MAX_BARS = 40

_PROCESS_EXPENDABLE = (
    "updates",
    "events in",
    "always on",
    "range %",
    "headroom",
    "silent",
    "graded",
    "ms",
)
_LAYER_EXPENDABLE = ("updates", "neurons", "events in", "ms")


def show_profile(
    session: Session, found: Profile, rows: Sequence[ProfileRow] | Sequence[LayerRow], by: str
) -> None:
    """Print a view of a profile, below what was run and how.

    Parameters
    ----------
    session : Session
        The call.
    found : Profile
        What a run did.
    rows : sequence of ProfileRow or LayerRow
        Rows to show.
    by : str
        The view.
    """
    session.line(_subject(found))
    views: dict[str, Any] = {
        "process": _show_processes,
        "layer": _show_layers,
        "payload": _show_payloads,
        "channel": _show_channels,
        "element": _show_elements,
        "window": _show_windows,
    }
    views[by](session, found, rows)
    session.line(
        f"counted by {found.engine} over {found.windows} windows; events in and synops are derived "
        "from these counts and the weights"
    )


def _subject(found: Profile) -> str:
    model = "a network in memory" if found.model is None else found.model.path
    coding = "" if found.coding is None else f", {found.coding} coding"
    return f"{found.origin}: {model} on {found.engine}{coding}, {found.time_steps} time steps"


def _show_processes(session: Session, found: Profile, rows: Sequence[ProfileRow]) -> None:
    columns: dict[str, Sequence[object]] = {
        "process": [row.name for row in rows],
        "spikes": [row.counts.spikes for row in rows],
        "graded": [row.counts.graded_spikes for row in rows],
        "events in": [row.counts.events_in for row in rows],
        "synops": [row.counts.synops for row in rows],
        "synops %": [_percent(row.shares["synops"]) for row in rows],
        "updates": [row.counts.neuron_updates for row in rows],
        "rate": [_rate(row.counts.firing_rate) for row in rows],
        "silent": [row.silent for row in rows],
        "always on": [row.always_on for row in rows],
        "range %": [_percent(row.range_used) for row in rows],
        "headroom": [row.headroom_bits for row in rows],
        "ms": [_milliseconds(row.seconds) for row in rows],
    }
    _show_columns(
        session,
        found,
        columns,
        title="Processes (headroom: bits of the proven width that no value needed)",
        expendable=_PROCESS_EXPENDABLE,
        with_total=len(rows) == len(found.rows),
    )


def _show_layers(session: Session, found: Profile, rows: Sequence[LayerRow]) -> None:
    columns: dict[str, Sequence[object]] = {
        "layer": [row.name for row in rows],
        "neurons": [row.neurons for row in rows],
        "spikes": [row.spikes for row in rows],
        "graded": [row.graded_spikes for row in rows],
        "events in": [row.events_in for row in rows],
        "synops": [row.synops for row in rows],
        "synops %": [_percent(row.shares["synops"]) for row in rows],
        "updates": [row.neuron_updates for row in rows],
        "rate": [_rate(row.firing_rate) for row in rows],
        "ms": [_milliseconds(row.seconds) for row in rows],
    }
    _show_columns(
        session,
        found,
        columns,
        title="Layers",
        expendable=_LAYER_EXPENDABLE,
        with_total=len(rows) == len(found.layers),
    )


def _show_columns(
    session: Session,
    found: Profile,
    columns: Mapping[str, Sequence[object]],
    *,
    title: str,
    expendable: Sequence[str],
    with_total: bool,
) -> None:
    """Print columns as a table, with a row of totals if they are complete."""
    totals = found.totals
    summed = {
        "neurons": totals["neurons"],
        "spikes": totals["spikes"],
        "graded": totals["graded_spikes"],
        "events in": totals["events_in"],
        "synops": totals["synops"],
        "updates": totals["neuron_updates"],
        "ms": _milliseconds(totals["seconds"]),
    }
    shown = [name for name in columns if name != "ms" or totals["seconds"] is not None]
    rows = [list(cells) for cells in zip(*(columns[name] for name in shown), strict=True)]
    if with_total:
        rows.append(["total", *(summed.get(name) for name in shown[1:])])
    session.table(
        shown, rows, title=title, expendable=[name for name in expendable if name in shown]
    )


def _show_payloads(session: Session, found: Profile, rows: Sequence[ProfileRow]) -> None:
    lines: list[tuple[object, ...]] = []
    for row in rows:
        for suffix, spread in (("", row.distribution), (" (inner code)", row.inner)):
            if spread is None:
                continue
            total = sum(entry.count for entry in spread.histogram)
            lines += [
                (
                    row.name + suffix,
                    entry.label,
                    entry.count,
                    _percent(entry.count / total if total else None),
                )
                for entry in spread.histogram
                if entry.count
            ]
    session.table(("process", "payload", "frames", "%"), lines, title=_title(found, "Payloads"))


def _show_channels(session: Session, found: Profile, rows: Sequence[ProfileRow]) -> None:
    lines: list[tuple[object, ...]] = []
    for row in rows:
        spread = row.distribution
        quantiles: list[float | None] = [None] * 5
        if spread is not None:
            cuts = np.quantile(spread.rate_by_channel, (0, 0.25, 0.5, 0.75, 1))
            quantiles = [_rate(float(value)) for value in cuts]
        if row.channels is not None:
            lines.append((row.name, row.channels, row.silent, row.always_on, *quantiles))
    session.table(
        ("process", "channels", "silent", "always on", "least", "25%", "median", "75%", "most"),
        lines,
        title=_title(found, "Rates of single channels"),
        expendable=("25%", "75%", "least", "most"),
    )


def _show_elements(session: Session, found: Profile, rows: Sequence[ProfileRow]) -> None:
    _show_course(session, found, rows, "element")


def _show_windows(session: Session, found: Profile, rows: Sequence[ProfileRow]) -> None:
    _show_course(session, found, rows, "window")


def _show_course(session: Session, found: Profile, rows: Sequence[ProfileRow], axis: str) -> None:
    lines: list[tuple[object, ...]] = []
    for row in rows:
        spread = row.distribution
        if spread is None:
            continue
        rates = getattr(spread, f"rate_by_{axis}")
        events = getattr(spread, f"events_by_{axis}")
        lines.append(
            (
                row.name,
                int(events.sum()),
                *(_rate(float(value)) for value in (rates.min(), rates.mean(), rates.max())),
                bars(rates, min(_MAX_BARS, max(8, session.width - 70))),
            )
        )
    session.table(
        ("process", "events", "least", "mean", "most", f"rate, first {axis} to last"),
        lines,
        title=_title(found, f"Course over the {axis}s"),
        expendable=("events", "mean"),
    )


def bars(rates: npt.NDArray[np.float64], width: int) -> str:
    """Return a line of bars between 0 and the highest rate, at most `width` of them.

    Parameters
    ----------
    rates : ndarray, float64, shape (n,)
        Rates in their order; several share a bar where there are more than bars.
    width : int
        Characters.
    """
    means = [float(part.mean()) for part in np.array_split(rates, min(width, len(rates)))]
    highest = max(means) or 1.0
    return "".join(_BARS[round(mean / highest * (len(_BARS) - 1))] for mean in means)


def _title(found: Profile, what: str) -> str:
    return f"{what}, from the codes of {found.recorded_windows} recorded windows"


def show_versus(
    session: Session, comparison: Versus, names: Sequence[str] | None
) -> dict[str, Any]:
    """Print two profiles side by side and return the ``data`` of the command.

    Parameters
    ----------
    session : Session
        The call.
    comparison : Versus
        Two profiles.
    names : sequence of str, optional
        Rows to show, in this order; by default all, in the order of the data.
    """
    session.line(f"A  {_subject(comparison.a)}")
    session.line(f"B  {_subject(comparison.b)}")
    session.table(
        ("differ in", "A", "B"),
        [(name, _short(a), _short(b)) for name, (a, b) in comparison.settings.items()],
    )
    by_name = {row.name: row for row in comparison.rows}
    shown = comparison.rows if names is None else [by_name[name] for name in names]
    total_time = comparison.totals["seconds"]
    timed = total_time.a is not None or total_time.b is not None
    table: list[list[object]] = []
    for name, pairs in [
        *((row.name, row.pairs) for row in shown),
        ("total", comparison.totals),
    ]:
        events = (_events(pairs, "a"), _events(pairs, "b"))
        synops, seconds = pairs["synops"], pairs["seconds"]
        table.append(
            [
                name,
                *map(_mean, events),
                _ratio(*events),
                _mean(synops.a),
                _mean(synops.b),
                _ratio(synops.a, synops.b),
                *((_milliseconds(seconds.a), _milliseconds(seconds.b)) if timed else ()),
            ]
        )
    columns = (
        "process",
        "events A",
        "events B",
        "B/A",
        "synops A",
        "synops B",
        "synops B/A",
        *(("ms A", "ms B") if timed else ()),
    )
    session.table(
        columns,
        table,
        title="For each window of its own run: events sent, synaptic operations"
        + (", wall time" if timed else ""),
        expendable=[name for name in ("ms A", "ms B", "synops B/A", "B/A") if name in columns],
    )
    data = comparison.to_dict()
    data["processes"] = [row.to_dict() for row in shown]
    return data


def _events(pairs: dict[str, Any], side: str) -> float | None:
    spikes = getattr(pairs["spikes"], side)
    return None if spikes is None else float(spikes + getattr(pairs["graded_spikes"], side))


def _short(value: object) -> object:
    text = str(value)
    return f"{text[:12]}…" if isinstance(value, str) and len(text) == 64 else value


def _mean(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _ratio(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None or not a else round(b / a, 3)


def _rate(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _percent(value: float | None) -> float | None:
    return None if value is None else round(100 * value, 1)


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else round(1000 * value, 2)
