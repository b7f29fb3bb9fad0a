"""The one JSON object that a command prints with ``--json``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lava_spikyspace.cli.failure import Failure
from lava_spikyspace.cli.jsonable import Json, to_jsonable
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import InputError
from lava_spikyspace.files import sha256_of
from lava_spikyspace.versions import installed_versions

if TYPE_CHECKING:
    from lava_spikyspace.inputs import FileReference

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Result:
    """What a command found.

    Parameters
    ----------
    data : mapping
        The result itself; its keys are documented per command.
    ok : bool
        False if a gate failed: findings, divergence, does not fit.
    diagnostics : tuple of Diagnostic
        Findings in the order in which they were made.
    """

    data: Mapping[str, Json]
    ok: bool = True
    diagnostics: tuple[Diagnostic, ...] = ()


@dataclass
class Subject:
    """What a command worked on; filled in as it becomes known, so that errors can tell it too.

    Parameters
    ----------
    backend : str, optional
        Engine.
    model : Path, optional
        Model file.
    timings_s : dict of str to float
        Seconds by stage.
    known : mapping, optional
        What was found before the command failed, if it does.
    """

    backend: str | None = None
    model: Path | FileReference | None = None
    timings_s: dict[str, float] = field(default_factory=dict)
    known: Mapping[str, Json] | None = None


def build_envelope(
    command: str | None, subject: Subject, outcome: Result | Failure
) -> dict[str, Json]:
    """Return the envelope: the same keys for every command, result or failure.

    Parameters
    ----------
    command : str or None
        Name of the command, words separated by blanks; None if the command line names none.
    subject : Subject
        Backend, model file and times in seconds.
    outcome : Result or Failure
        With a failure, ``ok`` is false, ``data`` holds what was known by then (null as a rule),
        and the last diagnostic says why.
    """
    ok: bool
    data: Json
    findings: Iterable[dict[str, str | None]]
    if isinstance(outcome, Failure):
        known = subject.known
        ok, data, findings = False, None if known is None else dict(known), [outcome.to_dict()]
    else:
        ok, data = outcome.ok, dict(outcome.data)
        findings = [finding.to_dict() for finding in outcome.diagnostics]
    name = "error" if command is None else command.replace(" ", "-")
    return {
        "schema": f"lava-spikyspace/{name}@{SCHEMA_VERSION}",
        "ok": ok,
        "command": command,
        "backend": subject.backend,
        "versions": to_jsonable(installed_versions()),
        "model": _model_entry(subject.model),
        "data": data,
        "diagnostics": to_jsonable(list(findings)),
        "timings_s": to_jsonable(subject.timings_s),
    }


def dump_envelope(envelope: Mapping[str, Json]) -> str:
    """Return the envelope as one line of JSON; floats keep their full precision."""
    return json.dumps(envelope, allow_nan=False, ensure_ascii=False)


def _model_entry(path: Path | FileReference | None) -> Json:
    if path is None:
        return None
    if not isinstance(path, Path):  # the file that a run was made of, as it was then
        return {"path": path.path, "sha256": path.sha256}
    try:
        digest = sha256_of(path)
    except InputError:  # the command failed because of it, and says so in its diagnostic
        digest = None
    return {"path": str(path), "sha256": digest}
