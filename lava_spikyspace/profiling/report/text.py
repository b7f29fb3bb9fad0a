"""A report as Markdown, and as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lava_spikyspace import __version__
from lava_spikyspace.profiling.report.contents import Contents
from lava_spikyspace.profiling.report.tables import (
    agreement_table,
    confusion_table,
    energy_table,
    facts_of,
    layer_table,
    markdown_of,
    metrics_table,
    plain,
    process_table,
    versus_tables,
)
from lava_spikyspace.profiling.versus import versus


def render_markdown(runs: Sequence[Contents]) -> str:
    """Return the report as Markdown: summary, warnings and all tables, without the plots.

    Parameters
    ----------
    runs : sequence of Contents
        One run, or two to compare.
    """
    parts = ["# Run report\n"]
    if len(runs) > 1:
        tables = versus_tables(versus(runs[0].profile, runs[1].profile))
        parts += ["## Side by side\n", *map(markdown_of, tables)]
    for contents in runs:
        parts += _sections(contents)
    parts.append(f"Made by lava-spikyspace {__version__}.\n")
    return "\n".join(parts)


def _sections(contents: Contents) -> Iterator[str]:
    yield f"## {plain(contents.label)}\n"
    yield "".join(f"- {name}: {plain(value)}\n" for name, value, _ in facts_of(contents))
    yield "### Warnings and hints\n"
    for finding in contents.diagnostics:
        hint = f" ({plain(finding.hint)})" if finding.hint else ""
        where = f"{plain(finding.where)}: " if finding.where else ""
        yield f"- {finding.severity}: {where}{plain(finding.message)}{hint}"
    yield ""
    metrics = metrics_table(contents)
    if metrics is not None:
        yield "### Accuracy\n"
        yield markdown_of(metrics)
    if contents.result.classification is not None:
        yield markdown_of(confusion_table(contents.result.classification))
    yield "### Processes\n"
    yield markdown_of(process_table(contents))
    yield "### Layers\n"
    yield markdown_of(layer_table(contents))
    if contents.cost is not None:
        yield "### Energy\n"
        yield markdown_of(energy_table(contents.cost))
    if contents.agreement is not None:
        yield "### Agreement with the float model\n"
        yield markdown_of(agreement_table(contents.agreement))


def report_dict(runs: Sequence[Contents]) -> dict[str, Any]:
    """Return the report as plain values.

    Parameters
    ----------
    runs : sequence of Contents
        One run, or two to compare.
    """
    two = len(runs) > 1
    return {
        "runs": [_run_dict(contents) for contents in runs],
        "versus": versus(runs[0].profile, runs[1].profile).to_dict() if two else None,
    }


def _run_dict(contents: Contents) -> dict[str, Any]:
    cost, agreement = contents.cost, contents.agreement
    return {
        "run": contents.label,
        "profile": contents.profile.to_dict(),
        "seed": contents.result.seed,
        "versions": dict(contents.result.versions),
        "scores": None if contents.scores is None else contents.scores.to_dict(),
        "agreement": None
        if agreement is None
        else {
            "codes": dict(agreement.codes),
            "relative_l2": agreement.relative_l2,
            "windows": agreement.windows,
        },
        "estimate": None
        if cost is None
        else {
            "profile": {"name": cost.board.name, "title": cost.board.title},
            **cost.estimate.to_dict(),
            "assumptions": [entry.to_dict() for entry in cost.assumptions],
        },
        "diagnostics": [finding.to_dict() for finding in contents.diagnostics],
    }
