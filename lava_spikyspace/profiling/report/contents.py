"""What a report tells of a run: gathered once, for every format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import InputError, SpikySpaceError, UsageError
from lava_spikyspace.files import sha256_of
from lava_spikyspace.hardware.chip_estimate import CodingEstimate, estimate_on_chip
from lava_spikyspace.hardware.ledger import Assumption
from lava_spikyspace.hardware.profile import ChipProfile
from lava_spikyspace.hardware.work import work_of_counts
from lava_spikyspace.inputs import load
from lava_spikyspace.network import Network
from lava_spikyspace.plan import make_plan
from lava_spikyspace.profiling.profile import Profile, RunSource, load_run, profile
from lava_spikyspace.profiling.report.scores import RunScores, scores_of
from lava_spikyspace.results import RunResult


@dataclass(frozen=True)
class Agreement:
    """How well integers and frozen float model agreed when the model was exported.

    Parameters
    ----------
    codes : mapping of str to float
        Share of equal codes by encoder.
    relative_l2 : float or None
        Relative L2 error of the forecasts.
    windows : int or None
        Windows that were compared.
    """

    codes: Mapping[str, float]
    relative_l2: float | None
    windows: int | None


@dataclass(frozen=True, eq=False, kw_only=True)
class Cost:
    """What the counts of a run cost on a chip.

    Parameters
    ----------
    board : ChipProfile
        The chip.
    estimate : CodingEstimate
        Energy, time and placement, in the coding of the run.
    assumptions : tuple of Assumption
        What the numbers rest on.
    """

    board: ChipProfile
    estimate: CodingEstimate
    assumptions: tuple[Assumption, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Contents:
    """All that a report tells of one run.

    Parameters
    ----------
    label : str
        Name of the run in the report.
    result : RunResult
        The run.
    profile : Profile
        What every process did.
    scores : RunScores or None
        Metrics beside the baselines; None where nothing actual is known.
    agreement : Agreement or None
        Kept in the model file; None without it.
    cost : Cost or None
        None without the model file.
    diagnostics : tuple of Diagnostic
        Of the run, of the profile, and what the report lacks.
    """

    label: str
    result: RunResult
    profile: Profile
    scores: RunScores | None
    agreement: Agreement | None
    cost: Cost | None
    diagnostics: tuple[Diagnostic, ...]


def gather(
    run: RunSource,
    board: ChipProfile,
    *,
    model: str | Path | None = None,
) -> Contents:
    """Collect what a report tells of one run.

    Energy, core map and agreement need the model file, and a run directory names one; what cannot
    be had is left out, and a diagnostic says why.

    Parameters
    ----------
    run : RunResult, str or Path
        A result or a run directory.
    board : ChipProfile
        Chip for energy and core map.
    model : str or Path, optional
        The model file of the run, where it is not where the run found it.

    Raises
    ------
    InputError
        The run directory is damaged, or `model` is another file than the one that was run.
    UsageError
        It is the run of a plain NetX network, which forecasts nothing.
    """
    result = load_run(run)
    if not isinstance(result, RunResult):
        raise UsageError(
            f"{run}: found the run of a plain NetX network, expected one with forecasts",
            hint="lss profile shows its counts",
        )
    label = str(run) if isinstance(run, str | Path) else "this run"
    notices: list[Diagnostic] = []
    network = _network(result, model, notices)
    scores = scores_of(result, network, notices)
    found = profile(result, origin=label)
    return Contents(
        label=label,
        result=result,
        profile=found,
        scores=scores,
        agreement=None if network is None else _agreement(network, notices),
        cost=None if network is None else _cost(result, network, board, notices),
        diagnostics=tuple(_distinct((*result.diagnostics, *found.diagnostics, *notices))),
    )


def _network(
    result: RunResult, model: str | Path | None, notices: list[Diagnostic]
) -> Network | None:
    """Return the network that was run, if its file can be found; never another one."""
    reference = result.model
    if reference is None:
        notices.append(_lacks("the run was one of a network in memory"))
        return None
    path = Path(reference.path if model is None else model)
    try:
        digest = sha256_of(path)
    except InputError as error:
        if model is not None:
            raise
        notices.append(_lacks(error.message))
        return None
    if digest == reference.sha256:
        return load(path)
    found = f"{path}: found {digest[:12]}…, the run was one of {reference.sha256[:12]}…"
    if model is not None:
        raise InputError(found, hint="give the model file that was run")
    notices.append(_lacks(found))
    return None


def _lacks(why: str) -> Diagnostic:
    return Diagnostic(
        "no-model-file",
        "info",
        f"no energy, core map and agreement, which need the model file: {why}",
        hint="--model FILE says where it is",
    )


def _agreement(network: Network, notices: list[Diagnostic]) -> Agreement | None:
    stored = network.provenance.get("agreement")
    codes = stored.get("codes") if isinstance(stored, Mapping) else None
    if not isinstance(stored, Mapping) or not isinstance(codes, Mapping):
        notices.append(
            Diagnostic(
                "no-agreement",
                "info",
                "the model file does not tell how well integers and float model agree",
                hint="lss compare measures it",
            )
        )
        return None
    shares = {str(name): float(share) for name, share in codes.items() if _is_number(share)}
    error: Any = stored.get("relative_l2")
    windows: Any = stored.get("windows")
    return Agreement(
        codes=shares,
        relative_l2=float(error) if _is_number(error) else None,
        windows=windows if isinstance(windows, int) else None,
    )


def _is_number(value: Any) -> bool:  # noqa: ANN401 - provenance holds anything
    return isinstance(value, int | float) and not isinstance(value, bool)


def _cost(
    result: RunResult, network: Network, board: ChipProfile, notices: list[Diagnostic]
) -> Cost | None:
    """Return what the counts of the run cost, in its own coding."""
    windows = len(result.windows)
    engine = result.backend if result.runtime is None else f"{result.backend}/{result.runtime}"
    try:
        work = work_of_counts(
            make_plan(network, result.coding),
            {row.name: row for row in result.counts},
            windows,
            f"{windows} windows counted by {engine} in {result.coding} coding",
        )
        estimate = estimate_on_chip({result.coding: work}, board)
    except SpikySpaceError as error:
        notices.append(
            Diagnostic(
                "no-estimate",
                "warning",
                f"no energy and core map: {error.message}",
                hint=error.hint,
            )
        )
        return None
    notices.extend(estimate.diagnostics)
    return Cost(
        board=board,
        estimate=estimate.codings[result.coding],
        assumptions=estimate.assumptions,
    )


def _distinct(diagnostics: tuple[Diagnostic, ...]) -> Iterator[Diagnostic]:
    """Yield each finding once; of a run and its profile, those about the same thing once."""
    told: set[tuple[str, str | None]] = set()
    for finding in diagnostics:
        key = (finding.code, finding.where)
        if key not in told:
            told.add(key)
            yield finding
