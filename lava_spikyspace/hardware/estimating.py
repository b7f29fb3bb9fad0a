"""What a model costs: on a chip, or on paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.accounting.comparing import PaperEstimate, estimate_on_paper
from lava_spikyspace.hardware.activity_sources import golden_works, run_model, run_works
from lava_spikyspace.hardware.chip_estimate import ChipEstimate, estimate_on_chip
from lava_spikyspace.hardware.profile import ChipProfile
from lava_spikyspace.hardware.profile_files import DEFAULT_PROFILE, ProfileSource, load_profile
from lava_spikyspace.hardware.stated_activity import stated_works
from lava_spikyspace.hardware.work import Work
from lava_spikyspace.inputs import ModelSource, resolve_network
from lava_spikyspace.network import Network
from lava_spikyspace.plan import Coding

Estimate: TypeAlias = ChipEstimate | PaperEstimate


def estimate(
    model: ModelSource = None,
    profile: ProfileSource = DEFAULT_PROFILE,
    *,
    activity: str | Path | None = None,
    rate: float | None = None,
) -> Estimate:
    """Estimate what forecasts of a model cost.

    Counts come from a run directory, from a stated firing rate, or else from a batch run of the
    model's golden windows.

    Parameters
    ----------
    model : Network, str, Path or None
        Network or model file. By default the model of the run directory, else the bundled demo
        model.
    profile : ChipProfile, AccountingProfile, str or Path
        A profile, its name, or the path of a file. On a chip, energy and time are estimated in
        both codings; with energies of operations, the model is compared with others on paper.
    activity : str or Path, optional
        Run directory with counts.
    rate : float, optional
        Firing rate of every code, 0 to 1.

    Returns
    -------
    ChipEstimate or PaperEstimate
        With the assumptions that it rests on.

    Raises
    ------
    UsageError
        There is no such profile, both sources of counts are given, or there is none.
    InputError
        Model, profile or run directory cannot be used.
    """
    chosen = load_profile(profile)
    if activity is not None and rate is not None:
        raise UsageError("found a run directory and a firing rate, expected one source of counts")
    if model is None and activity is not None:
        model = run_model(activity)
    network = resolve_network(model)
    works = _counted(network, activity, rate)
    if isinstance(chosen, ChipProfile):
        return estimate_on_chip(network, works, chosen)
    return estimate_on_paper(network, works, chosen)


def _counted(
    network: Network, activity: str | Path | None, rate: float | None
) -> Mapping[Coding, Work]:
    """Return the counts of the source that was asked for, by coding."""
    if rate is not None:
        return stated_works(network, rate)
    if activity is not None:
        return run_works(network, activity)
    return golden_works(network)
