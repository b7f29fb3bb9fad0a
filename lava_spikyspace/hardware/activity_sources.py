"""Counts that were measured: in a run directory, or on the golden windows of a model."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from lava_spikyspace.backends.selection import make_backend
from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.hardware.work import Work, work_of, work_of_counts
from lava_spikyspace.inputs import FileReference, file_of
from lava_spikyspace.network import Network
from lava_spikyspace.plan import CODINGS, Coding, Plan, make_plan
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.results import RunResult


def golden_works(network: Network) -> dict[Coding, Work]:
    """Run the golden windows of a network on the batch engine, in both codings.

    Parameters
    ----------
    network : Network
        With golden windows.

    Raises
    ------
    UsageError
        It has none.
    """
    if network.golden is None or not len(network.golden.inputs):
        raise UsageError(
            "the model has no golden windows to count on",
            hint="give a run directory (--activity DIR) or a firing rate (--rate 0.2), or export "
            "the model with --golden 4",
        )
    inputs = network.golden.inputs
    works: dict[Coding, Work] = {}
    for coding in CODINGS:
        plan = make_plan(network, coding)
        result = make_backend("batch").run(plan, inputs)
        origin = f"batch run of the {len(inputs)} golden windows of the model"
        works[coding] = work_of(plan, result.activities, len(inputs), origin)
    return works


def run_works(network: Network, directory: str | Path) -> dict[Coding, Work]:
    """Return the counts of a run directory; the other coding is scaled where that is possible.

    A run has one coding. Counts of the other one are those of the run times the ratio that the
    golden windows of the model show between both codings, row by row; a model without golden
    windows gets the coding of the run alone.

    Parameters
    ----------
    network : Network
        The model of the run.
    directory : str or Path
        What ``run --out`` or ``evaluate --out`` has written.

    Raises
    ------
    InputError
        The directory cannot be read, or is of another model.
    """
    result = RunResult.load(directory)
    _check_same_model(file_of(network), result.model, directory)
    windows = len(result.windows)
    plan = make_plan(network, result.coding)
    counts = {row.name: row for row in result.counts}
    works = {
        result.coding: work_of_counts(
            plan, counts, windows, f"{directory}: {windows} windows in {result.coding} coding"
        )
    }
    if network.golden is None or not len(network.golden.inputs):
        return works
    golden = golden_works(network)
    (other,) = (coding for coding in CODINGS if coding != result.coding)
    works[other] = _rescaled(
        make_plan(network, other), works[result.coding], golden[result.coding], golden[other]
    )
    return {coding: works[coding] for coding in CODINGS}


def _check_same_model(
    model: FileReference | None, ran: FileReference | None, directory: str | Path
) -> None:
    """Refuse a run of another model file; networks made in memory cannot be told apart."""
    if model is not None and ran is not None and model.sha256 != ran.sha256:
        raise InputError(
            f"{directory}: found a run of {ran.path} ({ran.sha256[:12]}…), expected one of "
            f"{model.path} ({model.sha256[:12]}…)",
            hint="run the model anew with --out",
        )


def _rescaled(plan: Plan, work: Work, before: Work, after: Work) -> Work:
    """Return work in another coding, scaled row by row as it was between two other works."""
    elements = work.windows * plan.network.window
    counts: dict[str, ProcessCounts] = {}
    for row, entry in work.counts.items():
        old, new = before.counts[row], after.counts[row]
        sent = _scaled(
            entry.spikes + entry.graded_spikes,
            old.spikes + old.graded_spikes,
            new.spikes + new.graded_spikes,
        )
        binary = new.spikes > 0
        counts[row] = replace(
            entry,
            spikes=sent if binary else 0,
            graded_spikes=0 if binary else sent,
            events_in=_scaled(entry.events_in, old.events_in, new.events_in),
            synops=_scaled(entry.synops, old.synops, new.synops),
            neuron_updates=entry.neurons * elements * plan.frame_steps,
        )
    origin = f"{work.origin}, scaled to {plan.coding} coding by the ratio on the golden windows"
    return work_of_counts(plan, counts, work.windows, origin)


def _scaled(count: int, before: int, after: int) -> int:
    return round(Fraction(count * after, before)) if before else count


def run_model(directory: str | Path) -> Path:
    """Return the model file of a run directory.

    Raises
    ------
    InputError
        The run was one of a network in memory.
    """
    reference = RunResult.load(directory).model
    if reference is None:
        raise InputError(f"{directory}: found a run without a model file", hint="give the model")
    return Path(reference.path)
