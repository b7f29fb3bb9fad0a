"""Make the tables of the results from the stored cells.

    cd examples/results
    python tables.py results.jsonl                                            # to read
    python tables.py results.jsonl --write ../../README.md ../../docs/results.md

With ``--write``, what stands between the markers ``<!-- results: NAME -->`` and
``<!-- end of results -->`` of the files is replaced; NAME is `short` or `full`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from cells import ABLATION_TASK, ABLATIONS, LAVA, LINEAR, MASKED, NETWORKS, TASKS, VARIANTS

Row = Mapping[str, Any]
Group = list[Row]
TITLES = {**{name: v.title for name, v in VARIANTS.items()}, **NETWORKS, **LINEAR}
MAIN = ("ours", "published", "float", *NETWORKS, *LINEAR)
EXP2 = "exp2-"


def main() -> None:
    """Print the tables, or write them into files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path, help="lines of JSON that run.py wrote")
    parser.add_argument("--write", type=Path, nargs="+", default=[], metavar="FILE")
    options = parser.parse_args()
    lines = options.results.read_text().splitlines()
    rows = sorted((json.loads(line) for line in lines), key=lambda row: row["cell"])
    if not options.write:
        print(full(rows))
    for path in options.write:
        text = path.read_text()
        for name, make in (("short", short), ("full", full)):
            marked = rf"(?<=<!-- results: {name} -->\n).*?(?=<!-- end of results -->)"
            made = f"\n{make(rows).strip()}\n\n"
            text = re.sub(marked, made.replace("\\", r"\\"), text, flags=re.DOTALL)
        path.write_text(text)


def grouped(rows: Iterable[Row]) -> dict[tuple[str, int, str], Group]:
    """Return the rows of each task, horizon and model: its seeds."""
    groups: dict[tuple[str, int, str], Group] = defaultdict(list)
    for row in rows:
        groups[row["task"], row["horizon"], row["model"]].append(row)
    return groups


def scores(row: Row) -> Row:
    """Return the metrics of the integers, or of a model that has none."""
    found: Row = row.get("integers") or row["test"]
    return found["all"]


def spread(group: Group, value: Callable[[Row], float], digits: int) -> str:
    """Return the mean over the seeds, and half their range behind it."""
    values = [value(row) for row in group]
    text = f"{np.mean(values):.{digits}f}"
    return text if len(values) == 1 else f"{text} ± {np.ptp(values) / 2:.{digits}f}"


def number(value: float | None, form: str = "{:.0f}") -> str:
    """Return a number, or nothing where there is none."""
    return "" if value is None else form.format(value)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; all columns but the first are flush right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def full(rows: Sequence[Row]) -> str:
    """Return all tables."""
    groups = grouped(rows)
    parts = []
    for name, task in TASKS.items():
        for horizon in task.horizons:
            models = [m for m in MAIN if (name, horizon, m) in groups]
            if "ours" not in models:
                continue
            parts.append(f"### {task.title}: window {task.window}, horizon {horizon}\n")
            parts.append(comparison(groups, name, horizon, models))
            parts.append(verdict(groups, name, horizon, models))
    parts.append("### From floats to integers, and what the scan is for\n")
    parts.append(conversions(groups))
    parts.append(masked(groups))
    parts.append(ablations(groups))
    return "\n".join(part for part in parts if part).replace("|\n###", "|\n\n###")


def comparison(
    groups: Mapping[tuple[str, int, str], Group], task: str, horizon: int, models: Iterable[str]
) -> str:
    """Return one row for each model of a task and horizon."""
    head = (
        "model", "R2", "RRSE", "MAE", "R2 per variate", "parameters", "firing rate",
        "energy, µJ", "seeds",
    )  # fmt: skip
    lines = []
    for model in models:
        group = groups[task, horizon, model]
        rates = [row["firing_rate"] for row in group if row.get("firing_rate") is not None]
        lines.append(
            (
                TITLES[model],
                spread(group, lambda row: scores(row)["r2"], 4),
                spread(group, lambda row: scores(row)["rrse"], 4),
                spread(group, lambda row: scores(row)["mae"], 2),
                spread(group, lambda row: scores(row)["r2_per_variate"], 3),
                number(group[0]["parameters"], "{:,}"),
                number(float(np.mean(rates)) if rates else None, "{:.1%}"),
                number(float(np.mean([row["energy_uj"] for row in group])), "{:.3g}"),
                str(len(group)),
            )
        )
    return table(head, lines) + "\n"


def verdict(
    groups: Mapping[tuple[str, int, str], Group], task: str, horizon: int, models: Iterable[str]
) -> str:
    """Say which models forecast better than ours, by R2 and by mean absolute error."""

    def mean(model: str, metric: str) -> float:
        return float(np.mean([scores(row)[metric] for row in groups[task, horizon, model]]))

    others = [model for model in models if model != "ours"]
    higher = [TITLES[m] for m in others if mean(m, "r2") > mean("ours", "r2")]
    lower = [TITLES[m] for m in others if mean(m, "mae") < mean("ours", "mae")]
    if not higher:
        text = "No other model has a higher R2 here."
    else:
        text = f"**We lose here** to {', '.join(higher)}."
    if lower:
        text += f" A lower MAE: {', '.join(lower)}."
    return text + "\n"


def conversions(groups: Mapping[tuple[str, int, str], Group]) -> str:
    """Return what codes cost, and what the scan contributes, for each task and horizon."""
    head = (
        "data, horizon", "float SpikySpace", "quantised", "integers", "lost to the float one",
        "without the scan", "RRSE with", "RRSE without", "windows equal on Lava",
    )  # fmt: skip
    lines = []
    for name, task in TASKS.items():
        for horizon in task.horizons:
            ours = groups.get((name, horizon, "ours"))
            if not ours:
                continue
            floats = groups.get((name, horizon, "float"))
            lost = ""
            if floats:
                reference = float(np.mean([scores(row)["r2"] for row in floats]))
                lost = spread(ours, lambda row, r=reference: r - scores(row)["r2"], 4)
            lines.append(
                (
                    f"{task.title}, {horizon}",
                    spread(floats, lambda row: scores(row)["r2"], 4) if floats else "",
                    spread(ours, lambda row: row["test"]["all"]["r2"], 4),
                    spread(ours, lambda row: scores(row)["r2"], 4),
                    lost,
                    spread(ours, lambda row: row["scan_ablated"]["all"]["r2"], 4),
                    spread(ours, lambda row: row["test"]["all"]["rrse"], 4),
                    spread(ours, lambda row: row["scan_ablated"]["all"]["rrse"], 4),
                    on_lava(groups.get((name, horizon, LAVA))),
                )
            )
    return table(head, lines) + "\n"


def on_lava(group: Group | None) -> str:
    """Return on how many windows Lava gave the codes of the batch engine, in both codings."""
    if not group:
        return ""
    row = group[0]
    return str(row["windows"] if all(one["equal"] for one in row["codings"].values()) else 0)


def masked(groups: Mapping[tuple[str, int, str], Group]) -> str:
    """Return R2 without missing targets, where a value of the table means missing."""
    head = ("data, horizon", "targets left out", "ours, integers", "persistence", "ridge")
    lines = []
    for name, task in TASKS.items():
        for horizon in task.horizons:
            for row in groups.get((name, horizon, MASKED), []):
                others = [row["baselines"][model]["all"]["r2"] for model in LINEAR]
                shown = [f"{r2:.4f}" for r2 in (scores(row)["r2"], *others)]
                lines.append((f"{task.title}, {horizon}", f"{row['left_out']:,}", *shown))
    if not lines:
        return ""
    return "### Without missing targets (R2)\n\n" + table(head, lines) + "\n"


def ablations(groups: Mapping[tuple[str, int, str], Group]) -> str:
    """Return the ablations of one task."""
    task, horizon = ABLATION_TASK
    names = [m for (t, h, m) in sorted(groups) if (t, h) == (task, horizon) and m in ABLATIONS]
    terms = sorted(m for (t, h, m) in groups if (t, h) == (task, horizon) and m.startswith(EXP2))
    if not names and not terms:
        return ""
    title = f"### Ablations: {TASKS[task].title}, horizon {horizon}\n"
    lines = []
    for model in ("ours", *names):
        group = groups[task, horizon, model]
        lines.append(
            (
                TITLES[model],
                spread(group, lambda row: row["valid_r2"], 4),
                spread(group, lambda row: scores(row)["r2"], 4),
                spread(group, lambda row: row["scan_ablated"]["all"]["r2"], 4),
                spread(group, lambda row: 100 * row["firing_rate"], 1) + " %",
            )
        )
    head = ("model", "validation R2", "test R2", "without the scan", "firing rate")
    made = title + "\n" + table(head, lines) + "\n" + time_steps(groups, task, horizon)
    if not terms:
        return made
    lines = [
        (
            model.removeprefix(EXP2),
            spread(groups[task, horizon, model], lambda row: scores(row)["r2"], 5),
            spread(groups[task, horizon, model], lambda row: 100 * row["equal_codes"], 3) + " %",
        )
        for model in terms
    ]
    head = ("terms of 2^x", "R2 of the integers", "codes equal to the file's own terms")
    return (
        made + "\nTerms of the power of two, in the exported file:\n\n" + table(head, lines) + "\n"
    )


def time_steps(groups: Mapping[tuple[str, int, str], Group], task: str, horizon: int) -> str:
    """Return what codes of 1 to 4 bits give, which are spikes in T = 1, 3, 7 and 15 time steps."""
    models = {1: "bits-1", 2: "ours", 3: "bits-3", 4: "bits-4"}
    found = {b: groups[task, horizon, m] for b, m in models.items() if (task, horizon, m) in groups}
    if set(found) == {2}:
        return ""
    lines = [
        (
            str((1 << bits) - 1),
            str(bits),
            spread(group, lambda row: scores(row)["r2"], 4),
            spread(group, lambda row: 100 * row["firing_rate"], 1) + " %",
            f"{np.mean([((1 << bits) - 1) * row['firing_rate'] for row in group]):.2f}",
            number(float(np.mean([row["energy_uj"] for row in group])), "{:.3g}"),
        )
        for bits, group in found.items()
    ]
    head = (
        "time steps T", "bits", "R2 of the integers", "firing rate", "spikes per code",
        "energy, µJ",
    )  # fmt: skip
    return "\nTime steps of the unary coding:\n\n" + table(head, lines) + "\n"


def short(rows: Sequence[Row]) -> str:
    """Return one line for each task and horizon, for the README."""
    groups = grouped(rows)
    columns = ("ours", "published", "float", *NETWORKS, "persistence", "ridge")
    lines = []
    for name, task in TASKS.items():
        for horizon in task.horizons:
            ours = groups.get((name, horizon, "ours"))
            if not ours:
                continue
            cells = [
                spread(groups[name, horizon, m], lambda row: scores(row)["r2"], 3)
                if (name, horizon, m) in groups
                else ""
                for m in columns
            ]
            rate = spread(ours, lambda row: 100 * row["firing_rate"], 0)
            lines.append((f"{task.title}, +{horizon}", *cells, f"{rate} %"))
    head = (
        "test R2", "ours, integers", "published recipe", "float", "GRU", "iTransformer",
        "iSpikformer", "persistence", "ridge", "firing rate, ours",
    )  # fmt: skip
    return table(head, lines)


if __name__ == "__main__":
    main()
