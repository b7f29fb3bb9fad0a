"""The tables of a report, as text cells for the page and for Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from lava_spikyspace.classification import Classification
from lava_spikyspace.hardware.spread import Spread
from lava_spikyspace.hardware.utilisation import core_rows
from lava_spikyspace.profiling.report.contents import Agreement, Contents, Cost
from lava_spikyspace.profiling.report.scores import FORECASTERS
from lava_spikyspace.profiling.versus import Versus

NOTHING = "-"
"""What a cell holds where there is no value."""


@dataclass(frozen=True)
class TextTable:
    """A table whose cells are texts.

    Parameters
    ----------
    caption : str
        What it shows.
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
        Cells; the first of a row is its heading.
    texts : frozenset of int
        Columns that hold words, not numbers, beside the first.
    wrapped : frozenset of int
        Columns among them whose words fill several lines.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: frozenset[int] = frozenset()
    wrapped: frozenset[int] = frozenset()


def number(value: float | Fraction | None, digits: int = 4) -> str:
    """Return a number as a person reads it: integers in full, others with some digits."""
    if value is None:
        return NOTHING
    if isinstance(value, int) or abs(value) >= 10**digits:
        return f"{round(value):,}"
    return f"{float(value):.{digits}g}"


def counted(count: int, thing: str) -> str:
    """Return a number with the thing that it counts, in the plural where it is not one."""
    return f"{count:,} {thing}" if count == 1 else f"{count:,} {thing}s"


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share in percent."""
    return NOTHING if value is None else f"{100 * value:.{digits}f} %"


def spread(value: Spread, unit: int | Fraction = 1) -> str:
    """Return ``nominal (low to high)`` in a larger unit."""
    low, nominal, high = (number(end / unit) for end in value.ends)
    return nominal if low == high else f"{nominal} ({low} to {high})"


def metrics_table(contents: Contents, prefix: str = "") -> TextTable | None:
    """Return metrics by step, each forecaster beside the others."""
    scores = contents.scores
    if scores is None:
        return None
    names = [name for name in FORECASTERS if name in scores.forecasters]
    columns = [
        f"{title}, {FORECASTERS[name]}" for title in scores.headings.values() for name in names
    ]
    steps = list(scores.forecasters[names[0]])
    rows = [
        (
            "all steps" if step == "all" else f"+{step}",
            *(number(scores.forecasters[n][step].get(k)) for k in scores.headings for n in names),
        )
        for step in steps
    ]
    return TextTable(
        f"{prefix}{counted(scores.windows, 'window')}, {scores.origin}",
        ("step", *columns),
        tuple(rows),
    )


def confusion_table(classes: Classification) -> TextTable:
    """Return how often each true class was given each class."""
    names = [str(number) for number in range(classes.classes)]
    counts = classes.confusion().tolist()
    return TextTable(
        f"True class by row, class given by column: {percent(classes.accuracy)} on the diagonal",
        ("class", *names),
        tuple((name, *map(str, row)) for name, row in zip(names, counts, strict=True)),
    )


def process_table(contents: Contents) -> TextTable:
    """Return one row per process, and the totals."""
    found = contents.profile
    rows: list[tuple[str, ...]] = [
        (
            row.name,
            number(row.counts.neurons),
            number(row.counts.spikes),
            number(row.counts.graded_spikes),
            number(row.counts.events_in),
            number(row.counts.synops),
            number(row.counts.neuron_updates),
            number(row.counts.firing_rate),
            number(row.silent),
            number(row.always_on),
            percent(row.range_used),
            number(row.headroom_bits),
            number(None if row.seconds is None else 1000 * row.seconds),
        )
        for row in found.rows
    ]
    totals = found.totals
    seconds = totals["seconds"]
    rows.append(
        (
            "total",
            *(
                number(totals[name])
                for name in (
                    "neurons",
                    "spikes",
                    "graded_spikes",
                    "events_in",
                    "synops",
                    "neuron_updates",
                )
            ),
            *[NOTHING] * 5,
            number(None if seconds is None else 1000 * seconds),
        )
    )
    return TextTable(
        f"Processes, over {found.windows} windows, counted by {found.engine}; headroom in bits of "
        "the proven width",
        (
            "process",
            "neurons",
            "spikes",
            "graded",
            "events in",
            "synops",
            "updates",
            "rate",
            "silent",
            "always on",
            "range used",
            "headroom",
            "time, ms",
        ),
        tuple(rows),
    )


def layer_table(contents: Contents) -> TextTable:
    """Return one row per layer, with its shares."""
    return TextTable(
        "Layers, and their shares of the whole",
        ("layer", "synops", "share", "events sent", "share", "updates", "share", "time share"),
        tuple(
            (
                row.name,
                number(row.synops),
                percent(row.shares["synops"]),
                number(row.events_out),
                percent(row.shares["events_out"]),
                number(row.neuron_updates),
                percent(row.shares["neuron_updates"]),
                percent(row.shares["seconds"]),
            )
            for row in contents.profile.layers
        ),
    )


def energy_table(cost: Cost) -> TextTable:
    """Return energy, power and time of a forecast, low, nominal and high."""
    estimate = cost.estimate
    windows = estimate.work.windows
    quantities = [
        (name.replace("_", " "), "nJ", entry / windows, 1000)
        for name, entry in estimate.energy_by_event.items()
    ]
    quantities += [
        ("dynamic energy", "nJ", estimate.energy_per_forecast, 1000),
        ("static energy", "nJ", estimate.static_energy_per_forecast, 1000),
        ("static power", "W", estimate.static_power, 1),
        ("time, lower bound", "µs", estimate.time_per_forecast, 1000),
        ("latency, lower bound", "µs", estimate.latency, 1000),
    ]
    return TextTable(
        f"One forecast on {cost.board.title}; {estimate.work.origin}",
        ("quantity", "unit", "low", "nominal", "high"),
        tuple(
            (name, unit, *(number(end / divisor) for end in value.ends))
            for name, unit, value, divisor in quantities
        ),
        texts=frozenset({1}),
    )


def assumption_table(cost: Cost) -> TextTable:
    """Return what an estimate takes for granted."""
    return TextTable(
        "Assumptions",
        ("subject", "evidence", "what is assumed"),
        tuple((entry.subject, entry.evidence or NOTHING, entry.text) for entry in cost.assumptions),
        texts=frozenset({1, 2}),
        wrapped=frozenset({2}),
    )


def core_table(cost: Cost) -> TextTable:
    """Return one row per core in use."""
    return TextTable(
        f"Cores of {cost.board.title} in use",
        ("core", "chip", "tile", "fullest resource", "share", "holds"),
        tuple(
            (
                str(row["core"]),
                str(row["chip"]),
                str(row["tile"]),
                row["fullest"].replace("_", " "),
                percent(row["share"][row["fullest"]]),
                ", ".join(f"{run['group']}[{run['start']}:{run['stop']}]" for run in row["slices"]),
            )
            for row in core_rows(cost.estimate.placement)
        ),
        texts=frozenset({3, 5}),
        wrapped=frozenset({5}),
    )


def agreement_table(agreement: Agreement) -> TextTable:
    """Return the share of equal codes of every encoder."""
    return TextTable(
        "Codes of the integers that equal those of the frozen float model",
        ("encoder", "equal", "unequal"),
        tuple(
            (name, percent(share, 4), percent(1 - share, 4) if share < 1 else "none")
            for name, share in agreement.codes.items()
        ),
    )


def versus_tables(found: Versus) -> tuple[TextTable, TextTable]:
    """Return in what two runs differ, and their processes side by side."""
    settings = TextTable(
        "In what the runs differ",
        ("setting", "A", "B"),
        tuple((name, _setting(a), _setting(b)) for name, (a, b) in found.settings.items())
        or (("nothing", NOTHING, NOTHING),),
        texts=frozenset({1, 2}),
    )
    rows = []
    totals = ("total", found.totals)
    whole = found.totals["seconds"]
    timed = () if whole.a is None and whole.b is None else ("seconds",)
    for name, pairs in [*((row.name, row.pairs) for row in found.rows), totals]:
        cells: list[str] = [name]
        for quantity in ("spikes", "graded_spikes", "synops", *timed):
            pair = pairs[quantity]
            scale = 1000 if quantity == "seconds" else 1
            cells += [number(None if v is None else float(v * scale)) for v in (pair.a, pair.b)]
            if quantity == "synops":
                cells.append(number(pair.ratio))
        rows.append(tuple(cells))
    counts = TextTable(
        "Processes, for each window",
        (
            "process",
            "spikes A",
            "spikes B",
            "graded A",
            "graded B",
            "synops A",
            "synops B",
            "synops B/A",
            *(("time A, ms", "time B, ms") if timed else ()),
        ),
        tuple(rows),
    )
    return settings, counts


def _setting(value: object) -> str:
    return NOTHING if value is None else str(value)


def markdown_of(table: TextTable) -> str:
    """Return a table in Markdown, its caption above it."""
    lines = [
        "| " + " | ".join(map(_markdown_cell, table.columns)) + " |",
        "|" + "|".join(_rule(index, table.texts) for index in range(len(table.columns))) + "|",
        *("| " + " | ".join(map(_markdown_cell, row)) + " |" for row in table.rows),
    ]
    return f"{_markdown_cell(table.caption)}\n\n" + "\n".join(lines) + "\n"


def _rule(index: int, texts: Iterable[int]) -> str:
    return "---" if index == 0 or index in texts else "---:"


def _markdown_cell(text: str) -> str:
    """Return a text that Markdown shows as it is: names of variates can be anything."""
    for sign in "\\`*_{}[]<>#|":
        text = text.replace(sign, "\\" + sign)
    return " ".join(text.split())


def plain(text: str) -> str:
    """Return a text outside tables that Markdown shows as it is."""
    return _markdown_cell(text)


def facts_of(contents: Contents) -> Sequence[tuple[str, str, bool]]:
    """Return what was run: name, value, and whether the value is code-like."""
    result = contents.result
    model, table = result.model, result.table
    series = result.series
    stages = ", ".join(f"{name} {seconds:.3g} s" for name, seconds in result.timings_s.items())
    facts: list[tuple[str, str, bool]] = [
        ("run directory", contents.label, True),
        ("model", "a network in memory" if model is None else model.path, True),
    ]
    if model is not None:
        facts.append(("model SHA-256", model.sha256, True))
    facts += [
        ("data", table.path, True),
        ("data SHA-256", table.sha256, True),
        ("backend", contents.profile.engine, False),
        ("coding", f"{result.coding}, {counted(result.frame_steps, 'time step')} a frame", False),
        (
            "windows",
            f"{len(result.windows)} ({result.windows[0]} to {result.windows[-1]}) of "
            f"{result.window} elements, horizon {result.forecasts.shape[1]}",
            False,
        ),
        ("time steps", f"{result.time_steps:,}, latency {result.latency_steps}", False),
        ("seed of the training", NOTHING if result.seed is None else str(result.seed), False),
        ("checked ranges", "yes (--strict)" if result.strict else "no", False),
        ("timings", stages, False),
        ("versions", ", ".join(f"{k} {v}" for k, v in result.versions.items()), False),
    ]
    if series is not None and series.times is not None:
        span = f"{series.times[0]} to {series.times[-1]}"
        facts.insert(5, ("time span", span, False))
    return facts
