"""The CSV file of a sweep: whole after every point, and the place to go on from."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.files import atomic_write, check_target
from lava_spikyspace.sweeps.grid import Point

FINGERPRINT = "sweep"
"""Last column: the same in all rows of one sweep."""

_WHOLE = (
    "scored_windows",
    "spikes",
    "graded_spikes",
    "synops",
    "time_steps",
    "message_bits",
    "value_bits",
    "clipped_inputs",
)


@dataclass(frozen=True, eq=False)
class RowFile:
    """Rows of a sweep in a file, or nowhere.

    Parameters
    ----------
    path : Path or None
        The file.
    columns, settings : sequence of str
        All columns but the fingerprint; those that name a point.
    fingerprint : str
        Of the sweep.
    kept : mapping
        Rows of an earlier start without an error, by the values of the settings.
    """

    path: Path | None
    columns: Sequence[str]
    settings: Sequence[str]
    fingerprint: str
    kept: Mapping[tuple[str, ...], dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(
        cls,
        path: str | Path | None,
        columns: Sequence[str],
        settings: Sequence[str],
        fingerprint: str,
        *,
        force: bool,
        resume: bool,
    ) -> RowFile:
        """Check where the rows will go, and read those that are there already.

        Raises
        ------
        UsageError
            The file exists and may not be replaced, is of another sweep, or there is none.
        InputError
            The file cannot be read.
        """
        if path is None:
            if resume:
                raise UsageError("found resume without a file to go on from", hint="--out FILE")
            return cls(None, columns, settings, fingerprint)
        target = Path(path)
        check_target(target, force=force or resume)
        kept = {}
        if resume and target.exists():
            for row in _read(target, [*columns, FINGERPRINT]):
                if row.pop(FINGERPRINT) != fingerprint:
                    raise UsageError(
                        f"{target}: found rows of another sweep: model, data, split or version "
                        "differ",
                        hint="--force starts anew",
                    )
                if not row["error"]:
                    kept[tuple(row[name] for name in settings)] = _typed(row, settings)
        return cls(target, columns, settings, fingerprint, kept)

    def row(self, point: Point) -> dict[str, Any] | None:
        """Return the row that an earlier start has found for a point."""
        return self.kept.get(tuple(point[name] for name in self.settings))

    def write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write all rows so far."""
        if self.path is None:
            return
        with (
            atomic_write(self.path, force=True) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as stream,
        ):
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow([*self.columns, FINGERPRINT])
            for row in rows:
                writer.writerow([*(_cell(row[name]) for name in self.columns), self.fingerprint])


def _read(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            lines = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read: {error}") from error
    if not lines or lines[0] != list(columns):
        raise UsageError(
            f"{path}: found the columns {','.join(lines[0]) if lines else 'none'}, expected "
            f"{','.join(columns)}",
            hint="--force starts anew",
        )
    try:
        return [dict(zip(columns, line, strict=True)) for line in lines[1:]]
    except ValueError:
        raise InputError(f"{path}: found rows of different length") from None


def _typed(row: Mapping[str, str], settings: Sequence[str]) -> dict[str, Any]:
    def value(name: str, text: str) -> str | int | float | None:
        if name in settings:
            return text
        if not text:
            return None
        return int(text) if name in _WHOLE else float(text)

    return {name: value(name, text) for name, text in row.items()}


def _cell(value: object) -> str:
    return "" if value is None else repr(value) if isinstance(value, float) else str(value)
