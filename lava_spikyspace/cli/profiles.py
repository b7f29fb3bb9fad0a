"""`lss profiles list|show|validate|schema`: hardware profiles and what their numbers rest on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lava_spikyspace.cli.command import CommandGroup
from lava_spikyspace.cli.session import Session

if TYPE_CHECKING:
    from lava_spikyspace.hardware.quantity import Quantity, Statement

ProfileArgument = Annotated[
    str,
    typer.Argument(metavar="NAME|PATH", help="Profile of the package, or a file of your own."),
]


def list_profiles(session: Session) -> None:
    """List the profiles that come with the package.

    Parameters
    ----------
    session : Session
        The call.
    """
    from lava_spikyspace.hardware.locations import profile_paths
    from lava_spikyspace.hardware.profile_files import load_profile

    profiles = [load_profile(name) for name in profile_paths()]
    session.table(
        ("profile", "kind", "what it is"),
        [(profile.name, profile.kind, profile.title) for profile in profiles],
    )
    session.note("a file of your own can stand in place of a name; `lss profiles schema`")
    session.emit(
        data={
            "profiles": [
                {
                    "name": profile.name,
                    "kind": profile.kind,
                    "title": profile.title,
                    "description": profile.description,
                }
                for profile in profiles
            ]
        }
    )


def show_profile(session: Session, profile: ProfileArgument) -> None:
    """Show all numbers of a profile with unit, evidence and source.

    Parameters
    ----------
    session : Session
        The call.
    profile : str
        Name or path.
    """
    from lava_spikyspace.hardware.profile import numbers
    from lava_spikyspace.hardware.profile_files import load_profile

    found = load_profile(profile)
    session.line(f"{found.name}: {found.title}")
    session.line(found.description)
    session.table(
        ("number", "value", "low - high", "unit", "evidence", "source", "note"),
        [(place, *_cells(number)) for place, number in numbers(found)],
    )
    session.table(("source", ""), found.sources.items())
    session.emit(data={"profile": found.to_dict()})


def _cells(number: Quantity | Statement) -> tuple[object, ...]:
    from lava_spikyspace.hardware.quantity import Statement

    if isinstance(number, Statement):
        answer = "yes" if number.value else "no"
        return answer, None, None, number.evidence, number.source, number.note
    bounds = None if number.low is None else f"{number.low} - {number.high}"
    value = None if number.value is None else str(number.value)
    note = number.note or number.missing
    return value, bounds, number.unit, number.evidence, number.source, note


def validate_profiles(
    session: Session,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME|PATH]...", help="Profiles; all of the package by default."),
    ] = None,
) -> None:
    """Check profile files against the schema and list all faults.

    Parameters
    ----------
    session : Session
        The call.
    paths : list of str, optional
        Names or paths.
    """
    from lava_spikyspace.hardware.locations import profile_paths
    from lava_spikyspace.hardware.profile_files import locate_profile, validate_profile

    faults = {path: validate_profile(path) for path in paths or profile_paths()}
    for path, found in faults.items():
        session.line(f"{locate_profile(path)}: {len(found)} fault{'' if len(found) == 1 else 's'}")
        session.findings(found)
    session.emit(
        data={"profiles": {path: len(found) for path, found in faults.items()}},
        diagnostics=[fault for found in faults.values() for fault in found],
        ok=not any(faults.values()),
    )


def profile_schema(
    session: Session,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="File to write.", show_default=False),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file.")] = False,
) -> None:
    """Print the JSON Schema of profile files, or write it to a file.

    Parameters
    ----------
    session : Session
        The call.
    out : Path, optional
        File to write.
    force : bool
        Replace it.
    """
    from lava_spikyspace.files import atomic_write
    from lava_spikyspace.hardware import profile

    schema = profile.profile_schema()
    text = json.dumps(schema, indent=2)
    if out is None:
        session.line(text)
    else:
        with atomic_write(out, force=force) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
        session.note(f"written to {out}")
    session.emit(data={"schema": schema})


PROFILES = CommandGroup(
    "Hardware profiles: what the numbers of check and estimate rest on.",
    {
        "list": list_profiles,
        "show": show_profile,
        "validate": validate_profiles,
        "schema": profile_schema,
    },
)
