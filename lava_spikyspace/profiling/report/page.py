"""A report as one HTML page that needs no network."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from lava_spikyspace import __version__
from lava_spikyspace.classification import MAJORITY
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.profiling.report.contents import Agreement, Contents
from lava_spikyspace.profiling.report.embedding import forecast_windows, run_data
from lava_spikyspace.profiling.report.scores import FORECASTERS
from lava_spikyspace.profiling.report.tables import (
    NOTHING,
    TextTable,
    agreement_table,
    assumption_table,
    confusion_table,
    core_table,
    counted,
    energy_table,
    facts_of,
    layer_table,
    metrics_table,
    number,
    process_table,
    spread,
    versus_tables,
)
from lava_spikyspace.profiling.versus import versus
from lava_spikyspace.scoring import MODEL, PERSISTENCE

MAX_PAGE_BYTES = 10_000_000
"""What a page must stay below to be sent around."""

_TEMPLATES = files("lava_spikyspace.profiling.report") / "templates"

_SECTIONS = (
    ("summary", "Summary"),
    ("findings", "Warnings"),
    ("metrics", "Accuracy"),
    ("side-by-side", "Side by side"),
    ("forecasts", "Forecasts"),
    ("raster", "Spikes"),
    ("rates", "Rates"),
    ("cost", "Cost"),
    ("energy", "Energy"),
    ("cores", "Cores"),
    ("agreement", "Agreement"),
)

_EVIDENCE = (
    "Counts are those of the engine named beside them; nothing is scaled from one engine to "
    "another. Energies are counts times constants of the hardware profile, each with its evidence."
)


@dataclass(frozen=True)
class _Table:
    """A table beside a sentence about it."""

    lead: str
    table: TextTable
    assumptions: TextTable | None = None


def render_page(runs: Sequence[Contents]) -> str:
    """Return the page.

    Every text that comes from a file (names of variates, layers, paths, messages) is escaped.

    Parameters
    ----------
    runs : sequence of Contents
        One run, or two to compare.
    """
    from jinja2 import Environment
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(_read("report.html.j2"))
    first = runs[0]
    two = len(runs) > 1
    return template.render(
        version=__version__,
        title=_title(runs),
        subtitle=_subtitle(runs),
        sections=[entry for entry in _SECTIONS if two or entry[0] != "side-by-side"],
        tiles=_tiles(first),
        runs=[
            _view(contents, letter, two=two) for contents, letter in zip(runs, "AB", strict=False)
        ],
        side_by_side=versus_tables(versus(runs[0].profile, runs[1].profile)) if two else None,
        evidence=_EVIDENCE,
        css=Markup(_read("report.css")),
        script=Markup(_read("report.js")),
        plotly=Markup(get_plotlyjs()),
        data=Markup(script_json([run_data(contents) for contents in runs])),
    )


def script_json(data: Any) -> str:  # noqa: ANN401 - whatever JSON can say
    """Return JSON that can stand inside a script element: nothing in it can close the element."""
    text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _title(runs: Sequence[Contents]) -> str:
    names = dict.fromkeys(
        "network in memory" if run.result.model is None else Path(run.result.model.path).name
        for run in runs
    )
    return " and ".join(names)


def _subtitle(runs: Sequence[Contents]) -> str:
    parts = [
        f"{counted(len(run.result.windows), 'window')} of {Path(run.result.table.path).name} on "
        f"{run.profile.engine} in {run.result.coding} coding"
        for run in runs
    ]
    return "; beside it ".join(parts)


def _tiles(contents: Contents) -> list[dict[str, str]]:
    """Return the numbers that one looks for first."""
    found, totals = contents.profile, contents.profile.totals
    tiles = []
    if contents.scores is not None:
        forecasters = contents.scores.forecasters
        beside = MAJORITY if contents.result.classification is not None else PERSISTENCE
        metric, title = next(iter(contents.scores.headings.items()))
        other = forecasters.get(beside, {}).get("all", {}).get(metric)
        tiles.append(
            _tile(
                f"{title}, all steps" if beside == PERSISTENCE else title,
                number(forecasters[MODEL]["all"].get(metric)),
                f"{FORECASTERS[beside]} {number(other)}",
            )
        )
    windows = found.windows
    rates = [row.counts.firing_rate for row in found.rows if row.counts.firing_rate is not None]
    events = (totals["events_out"] or 0) / windows
    tiles += [
        _tile(
            "mean firing rate", number(sum(rates) / len(rates) if rates else None), "of all codes"
        ),
        _tile("events sent", number(round(events)), "per forecast"),
        _tile("synops", number(round((totals["synops"] or 0) / windows)), "per forecast"),
    ]
    if contents.cost is not None:
        estimate = contents.cost.estimate
        tiles += [
            _tile(
                "dynamic energy",
                f"{number(float(estimate.energy_per_forecast.nominal) / 1e6, 3)} µJ",
                f"{spread(estimate.energy_per_forecast, 10**6)}, estimate",
            ),
            _tile(
                "cores", number(len(estimate.placement.cores)), f"of {contents.cost.board.title}"
            ),
        ]
    return tiles


def _tile(name: str, value: str, note: str = "") -> dict[str, str]:
    return {"name": name, "value": value, "note": note}


def _view(contents: Contents, letter: str, *, two: bool) -> dict[str, Any]:
    """Return what the template shows of one run."""
    result, cost = contents.result, contents.cost
    windows = len(result.windows)
    return {
        "contents": contents,
        "letter": letter,
        "facts": facts_of(contents),
        "warnings": _of_severity(contents.diagnostics, "error", "warning"),
        "remarks": _of_severity(contents.diagnostics, "info"),
        "metrics": metrics_table(contents, f"Run {letter}: " if two else ""),
        "confusion": None
        if result.classification is None
        else confusion_table(result.classification),
        "forecast_caption": _forecast_caption(contents),
        "has_raster": any(row.distribution is not None for row in contents.profile.rows),
        "raster_caption": _raster_caption(contents),
        "processes": process_table(contents),
        "layers": layer_table(contents),
        "cost_caption": f"Share of each layer, over {counted(windows, 'window')}; counts by "
        f"{contents.profile.engine}.",
        "energy": None
        if cost is None
        else _Table(
            f"{cost.board.title}. {spread(cost.estimate.energy_per_forecast, 1000)} nJ of events "
            f"and {spread(cost.estimate.static_energy_per_forecast, 1000)} nJ of static power for "
            "each forecast.",
            energy_table(cost),
            assumption_table(cost),
        ),
        "cores": None if cost is None else core_table(cost),
        "core_caption": ""
        if cost is None
        else f"{counted(len(cost.estimate.placement.cores), 'core')} on "
        f"{counted(cost.estimate.placement.chips, 'chip')} of {cost.board.title}; the colour is "
        "the share of the fullest resource.",
        "agreement": None if contents.agreement is None else _agreement_view(contents.agreement),
    }


def _agreement_view(agreement: Agreement) -> _Table:
    windows = NOTHING if agreement.windows is None else str(agreement.windows)
    return _Table(
        f"Measured by the export on {windows} windows: forecasts differ by "
        f"{number(agreement.relative_l2, 3)} (relative L2).",
        agreement_table(agreement),
    )


def _of_severity(diagnostics: Sequence[Diagnostic], *severities: str) -> list[Diagnostic]:
    return [finding for finding in diagnostics if finding.severity in severities]


def _forecast_caption(contents: Contents) -> str:
    result = contents.result
    shown = "Forecasts beside the actual series, in units of the table."
    if result.series is None:
        shown = "Forecasts; the run kept no actual values."
    kept = forecast_windows(contents.result)
    if kept < len(result.windows):
        shown += f" The last {kept:,} of {len(result.windows):,} windows; forecasts.csv has all."
    return shown


def _raster_caption(contents: Contents) -> str:
    result = contents.result
    if result.coding == "unary":
        return (
            f"Spikes as they are sent: a code q is q spikes in {result.frame_steps} time steps. "
            "The state of a scan is sent to nobody and shown as codes."
        )
    return "Codes as they are sent: one graded spike for each code other than 0."
