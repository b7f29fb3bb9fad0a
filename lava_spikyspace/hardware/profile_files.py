"""Find, read and check hardware profiles: those that come with the package, and users' own.

A profile may build on another: ``extends = "loihi2"`` (a name, or a path beside its own file) takes
over all of that profile, and replaces what it gives itself, number by number.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard, TypeVar

from pydantic import ValidationError

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.hardware.locations import profile_paths
from lava_spikyspace.hardware.profile import (
    ADAPTER,
    AccountingProfile,
    ChipProfile,
    Profile,
)
from lava_spikyspace.toml_files import read_toml_file
from lava_spikyspace.wording import brief, one_line

ProfileSource: TypeAlias = ChipProfile | AccountingProfile | str | Path
"""A profile, the name of one that comes with the package, or the path of a file."""

DEFAULT_PROFILE = "loihi2"
"""What models are checked and estimated on unless told otherwise."""

P = TypeVar("P", ChipProfile, AccountingProfile)

_MAX_DEPTH = 8
"""Profiles that may build on each other; more is taken for a circle."""

_LEAF_KEYS = ("unit", "evidence")
"""A table with one of these is a number, and replaced as a whole."""

_PROFILE_HINT = "`lss profiles list` names those that come with the package"


def load_profile(source: ProfileSource) -> Profile:
    """Return a profile.

    Parameters
    ----------
    source : ChipProfile, AccountingProfile, str or Path
        A profile, the name of one that comes with the package, or the path of a file. Text with a
        path separator or the suffix ``.toml`` is a path.

    Raises
    ------
    UsageError
        No profile has such a name.
    InputError
        The file cannot be read or is not a profile; names every fault.
    """
    if isinstance(source, ChipProfile | AccountingProfile):
        return source
    path = locate_profile(source)
    profile, faults = _read(path)
    if profile is None:
        first = faults[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InputError(
            f"{path}: {first.where}: {first.message}{more}",
            hint=f"`lss profiles validate {path}` lists all faults",
        )
    return profile


def load_chip(source: ProfileSource) -> ChipProfile:
    """Return a profile of a chip; see `load_profile`.

    Raises
    ------
    UsageError
        The profile is of another kind.
    """
    return _of_kind(load_profile(source), ChipProfile, "describes no chip")


def load_accounting(source: ProfileSource) -> AccountingProfile:
    """Return a profile of operations; see `load_profile`.

    Raises
    ------
    UsageError
        The profile is of another kind.
    """
    return _of_kind(load_profile(source), AccountingProfile, "has no energies of operations")


def _of_kind(profile: Profile, kind: type[P], otherwise: str) -> P:
    if isinstance(profile, kind):
        return profile
    raise UsageError(f"profile {profile.name} {otherwise}", hint=_PROFILE_HINT)


def validate_profile(path: str | Path) -> list[Diagnostic]:
    """Return all that is wrong with a profile file; empty for a sound one.

    Parameters
    ----------
    path : str or Path
        File, or name of a profile that comes with the package.

    Raises
    ------
    InputError
        The file cannot be read, or is no TOML.
    """
    return _read(locate_profile(path))[1]


def locate_profile(source: str | Path) -> Path:
    """Return the file that a name or a path stands for.

    Raises
    ------
    UsageError
        No profile has such a name.
    """
    if isinstance(source, Path) or source.endswith(".toml") or "/" in source:
        return Path(source)
    known = profile_paths()
    if source in known:
        return known[source]
    close = difflib.get_close_matches(source, known, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    raise UsageError(
        f"no hardware profile is called {source!r}; there are {', '.join(known)}",
        hint=f"{guess}a file of your own is given by its path: ./{source}.toml",
    )


def _read(path: Path) -> tuple[Profile | None, list[Diagnostic]]:
    try:
        return ADAPTER.validate_python(_merged(path)), []
    except ValidationError as error:
        faults = [
            Diagnostic("profile", "error", _message(fault["msg"]), where=_place(fault["loc"]))
            for fault in error.errors(include_url=False)
        ]
        return None, faults


def _merged(path: Path, depth: int = 0) -> dict[str, Any]:
    """Return the content of a file on top of that of the profile that it extends."""
    content = _parse(path)
    if "extends" not in content:
        return content
    base = content.pop("extends")
    if not isinstance(base, str):
        raise InputError(f"{path}: extends: found {brief(base)}, expected the name of a profile")
    if depth >= _MAX_DEPTH:
        raise InputError(f"{path}: extends: found a chain of more than {_MAX_DEPTH} profiles")
    if base.endswith(".toml") or "/" in base:
        below = _merged(path.parent / base, depth + 1)
    elif base in profile_paths():
        below = _merged(profile_paths()[base], depth + 1)
    else:
        raise InputError(
            f"{path}: extends: found {brief(base)}, expected one of {', '.join(profile_paths())}",
            hint="a file of your own is given by its path",
        )
    return _overlay(below, content)


def _parse(path: Path) -> dict[str, Any]:
    try:
        # Decimals, so that 23.6 in the file is 23.6 in every sum.
        return read_toml_file(path, parse_float=Decimal)
    except InputError as error:
        raise InputError(error.message, hint=_PROFILE_HINT) from error


def _overlay(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        if _is_section(old) and _is_section(value):
            merged[key] = _overlay(old, value)
        else:
            merged[key] = value
    return merged


def _is_section(value: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping) and not any(key in value for key in _LEAF_KEYS)


def _place(location: tuple[int | str, ...]) -> str:
    """Return the place of a fault as a path of keys, without the kind that pydantic puts first."""
    keys = [str(key) for key in location]
    if keys and keys[0] in ("chip", "accounting"):
        keys = keys[1:]
    return one_line(".".join(keys)) or "profile"


def _message(text: str) -> str:
    known = {
        "Field required": "found nothing, expected an entry",
        "Extra inputs are not permitted": "found an entry that the schema does not know",
    }
    return known.get(text, one_line(text.removeprefix("Value error, ")))
