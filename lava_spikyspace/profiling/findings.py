"""What stands out in a profile, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lava_spikyspace.diagnostics import Diagnostic

if TYPE_CHECKING:
    from lava_spikyspace.profiling.profile import Profile
    from lava_spikyspace.profiling.rows import ProfileRow

MANY_CHANNELS = 0.5
"""Share of silent, or of always-on, channels that is worth a warning."""

UNKNOWN = ("not-recorded", "recorded-in-part", "not-timed")
"""Codes of the findings that say what a profile does not know."""

HIGH_RATE = 0.9
"""Firing rate at which a code says next to nothing."""


def findings_of(profile: Profile) -> Iterator[Diagnostic]:
    """Yield findings about rows in the order of the data, then what was not measured.

    Parameters
    ----------
    profile : Profile
        What a run did.
    """
    for row in profile.rows:
        yield from _about_row(row)
    yield from _unknown(profile)


def _about_row(row: ProfileRow) -> Iterator[Diagnostic]:
    if row.counts.saturations:
        yield Diagnostic(
            "saturated",
            "warning",
            f"{row.counts.saturations} values were saturated at the width of the message",
            where=row.name,
            hint="export with a wider residual, or calibrate on data with this range",
        )
    if row.facts.bits is None:
        return
    rate = row.counts.firing_rate
    if rate == 0:
        yield Diagnostic(
            "silent-process",
            "warning",
            "it never sent a code other than 0: whatever reads it sees a constant",
            where=row.name,
            hint="train with a lower --firing-penalty, or calibrate on data that the model was "
            "trained on",
        )
        return
    if rate is not None and rate >= HIGH_RATE:
        yield Diagnostic(
            "saturated-code",
            "warning",
            f"its firing rate is {rate:.3f}: nearly every code is the highest one",
            where=row.name,
            hint="train with a --firing-penalty, or with more bits for this quantiser",
        )
    if row.channels and row.silent is not None and row.silent / row.channels >= MANY_CHANNELS:
        yield Diagnostic(
            "silent-channels",
            "info",
            f"{row.silent} of {row.channels} channels never sent anything",
            where=row.name,
            hint="if they are silent on all data, a model with fewer channels forecasts the same",
        )
    if row.channels and row.always_on and row.always_on / row.channels >= MANY_CHANNELS:
        yield Diagnostic(
            "always-on-channels",
            "info",
            f"{row.always_on} of {row.channels} channels sent something in every frame",
            where=row.name,
            hint="a --firing-penalty in training makes codes sparser",
        )


def _unknown(profile: Profile) -> Iterator[Diagnostic]:
    if not profile.recorded_windows:
        yield Diagnostic(
            "not-recorded",
            "info",
            "no codes were recorded: no histograms, and no rates by channel, element and window",
            where=profile.origin,
            hint="run it again with --record-spikes",
        )
    elif profile.recorded_windows < profile.windows:
        yield Diagnostic(
            "recorded-in-part",
            "info",
            f"distributions are about the first {profile.recorded_windows} of {profile.windows} "
            "windows; counts are about all",
            where=profile.origin,
        )
    if profile.totals["seconds"] is None:
        measures = profile.engine == "sim/inprocess"
        yield Diagnostic(
            "not-timed",
            "info",
            f"the time of each process was not measured by {profile.engine}",
            where=profile.origin,
            hint=None if measures else "--backend sim --runtime inprocess measures it",
        )
