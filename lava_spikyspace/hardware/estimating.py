"""What a model costs: on a chip, or on paper."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from lava_spikyspace.errors import UsageError
from lava_spikyspace.families import family_of
from lava_spikyspace.hardware.accounting.comparing import PaperEstimate, estimate_on_paper
from lava_spikyspace.hardware.activity_sources import golden_works, run_model, run_works
from lava_spikyspace.hardware.chip_estimate import ChipEstimate, estimate_on_chip
from lava_spikyspace.hardware.profile import ChipProfile, Profile
from lava_spikyspace.hardware.profile_files import DEFAULT_PROFILE, ProfileSource, load_profile
from lava_spikyspace.hardware.stated_activity import stated_works
from lava_spikyspace.hardware.stock_activity import stated_stock_work, stock_run_work
from lava_spikyspace.hardware.subject import WHOLE, HardwareSource, is_plain
from lava_spikyspace.hardware.work import Work, WorkCoding
from lava_spikyspace.inputs import file_of, resolve_network
from lava_spikyspace.network import Network, ScanLayer
from lava_spikyspace.netx.stock.selection import Settings
from lava_spikyspace.plan import CODINGS, Coding
from lava_spikyspace.run_reader import is_stock_run
from lava_spikyspace.stock.running import StockSource

Estimate: TypeAlias = ChipEstimate | PaperEstimate


def estimate(
    model: HardwareSource = None,
    profile: ProfileSource = DEFAULT_PROFILE,
    *,
    activity: str | Path | None = None,
    rate: float | None = None,
    settings: Settings = WHOLE,
) -> Estimate:
    """Estimate what forecasts of a model cost.

    Counts come from a run directory, from a stated firing rate, or else from a batch run of the
    model's golden windows.

    Parameters
    ----------
    model : Network, StockNetwork, str, Path or None
        Network or model file, also of a plain NetX network. By default the model of the run
        directory, else the bundled demo model.
    profile : ChipProfile, AccountingProfile, str or Path
        A profile, its name, or the path of a file. On a chip, energy and time are estimated in
        both codings; with energies of operations, the model is compared with others on paper.
    activity : str or Path, optional
        Run directory with counts.
    rate : float, optional
        Firing rate of every code, 0 to 1; of every neuron of a plain network.
    settings : Settings
        What is taken of a plain network, with a stated rate; a run has settings of its own.

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
    if is_plain(model) or (model is None and activity is not None and is_stock_run(activity)):
        return _estimate_plain(model, chosen, activity, rate, settings)  # type: ignore[arg-type]
    if model is None and activity is not None:
        model = run_model(activity)
    network = resolve_network(model)  # type: ignore[arg-type] # it is not plain
    if not isinstance(chosen, ChipProfile) and not any(
        isinstance(layer, ScanLayer) for layer in network
    ):
        raise _only_on_chips(chosen, f"a {family_of(network)} network")
    works = _counted(network, activity, rate)
    if isinstance(chosen, ChipProfile):
        by_coding: dict[WorkCoding, Work] = {c: works[c] for c in CODINGS if c in works}
        return estimate_on_chip(by_coding, chosen, file_of(network))
    return estimate_on_paper(network, works, chosen)


def _estimate_plain(
    model: StockSource | None,
    profile: Profile,
    activity: str | Path | None,
    rate: float | None,
    settings: Settings,
) -> ChipEstimate:
    """Estimate what a plain network costs on a chip."""
    if not isinstance(profile, ChipProfile):
        raise _only_on_chips(profile, "a plain NetX network")
    if activity is not None:
        work, file = stock_run_work(model, activity)
    elif rate is not None and model is not None:
        work, file = stated_stock_work(model, rate, settings)
    else:
        raise UsageError(
            "a plain NetX network has no golden windows to count on",
            hint="give a run directory (--activity DIR) or a firing rate (--rate 0.2)",
        )
    return estimate_on_chip({"plain": work}, profile, file)


def _only_on_chips(profile: Profile, what: str) -> UsageError:
    return UsageError(
        f"profile {profile.name} counts operations of SpikySpace models; {what} is estimated on a "
        "chip",
        hint="--profile loihi2",
    )


def _counted(
    network: Network, activity: str | Path | None, rate: float | None
) -> Mapping[Coding, Work]:
    """Return the counts of the source that was asked for, by coding."""
    if rate is not None:
        return stated_works(network, rate)
    if activity is not None:
        return run_works(network, activity)
    return golden_works(network)
