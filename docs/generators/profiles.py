"""The page of the hardware profiles: every number with what it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from generators.markdown import code, page, table
from lava_spikyspace.hardware.locations import profile_paths
from lava_spikyspace.hardware.profile import Profile, numbers
from lava_spikyspace.hardware.profile_files import load_profile
from lava_spikyspace.hardware.quantity import EVIDENCE_MEANING, Quantity, Statement


def hardware_profiles_page() -> str:
    """Return the page of all profiles of the package."""
    profiles = [load_profile(name) for name in profile_paths()]
    return page(
        "Hardware profiles",
        "`check` and `estimate` compute with the numbers of a profile, and with nothing else. Each "
        "number has a unit, a source and a kind of evidence; one that is not public has no value "
        "and says so. A profile of your own is a TOML file of the same form "
        "(`lss profiles schema`) and can be named wherever a profile is.",
        table(
            ("evidence", "meaning"),
            [(code(kind), meaning) for kind, meaning in EVIDENCE_MEANING.items()],
        ),
        *(part for profile in profiles for part in _section(profile)),
    )


def _section(profile: Profile) -> Iterator[str]:
    yield f"## {profile.name}: {profile.title}"
    yield profile.description
    yield table(
        ("number", "value", "unit", "evidence", "source", "note"),
        [(code(place), *_cells(number)) for place, number in numbers(profile)],
    )
    yield table(
        ("source", ""), [(code(key), reference) for key, reference in profile.sources.items()]
    )


def _cells(number: Quantity | Statement) -> tuple[str, ...]:
    source = code(number.source) if number.source else ""
    evidence = code(number.evidence) if number.evidence else ""
    if isinstance(number, Statement):
        return "yes" if number.value else "no", "", evidence, source, number.note or ""
    bounds = "" if number.low is None else f" ({number.low} to {number.high})"
    value = "-" if number.value is None else f"{number.value}{bounds}"
    return value, number.unit, evidence, source, number.note or number.missing or ""
