"""Two profiles side by side: the same processes in another coding, model or engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lava_spikyspace.profiling.profile import Profile
from lava_spikyspace.profiling.rows import ProfileRow

QUANTITIES = ("spikes", "graded_spikes", "events_in", "synops", "neuron_updates", "seconds")
"""Quantities that are compared, each for one window of its own run."""

_NAMES_SHOWN = 3


@dataclass(frozen=True)
class Pair:
    """One quantity on both sides, for each window.

    Parameters
    ----------
    a, b : float or None
        Mean over the windows of a run; None where the run does not know it.
    """

    a: float | None
    b: float | None

    @property
    def ratio(self) -> float | None:
        """How many times `a` is `b`; None where that is not defined."""
        return None if self.a is None or self.b is None or self.a == 0 else self.b / self.a

    def to_dict(self) -> dict[str, float | None]:
        """Return both sides and their ratio."""
        return {"a": self.a, "b": self.b, "ratio": self.ratio}


@dataclass(frozen=True, eq=False)
class VersusRow:
    """One process in two runs.

    Parameters
    ----------
    name : str
        Name of the row.
    in_a, in_b : bool
        Whether the run has such a row.
    pairs : mapping of str to Pair
        By quantity of `QUANTITIES`.
    firing_rate : Pair
        Not divided by the windows.
    """

    name: str
    in_a: bool
    in_b: bool
    pairs: dict[str, Pair]
    firing_rate: Pair

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {
            "name": self.name,
            "in_a": self.in_a,
            "in_b": self.in_b,
            **{name: pair.to_dict() for name, pair in self.pairs.items()},
            "firing_rate": self.firing_rate.to_dict(),
        }


@dataclass(frozen=True, eq=False)
class Versus:
    """Two profiles, row by row.

    Parameters
    ----------
    a, b : Profile
        The profiles.
    settings : mapping of str to (object, object)
        In what the two runs differ; of the rows of the same model, those that one side alone has.
    rows : tuple of VersusRow
        In the order of the data: rows of `a`, those that only `b` has where they are in `b`.
    totals : mapping of str to Pair
        Sums over all rows, for each window.
    """

    a: Profile
    b: Profile
    settings: dict[str, tuple[Any, Any]]
    rows: tuple[VersusRow, ...]
    totals: dict[str, Pair]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "a": self.a.subject(),
            "b": self.b.subject(),
            "differ_in": {name: {"a": a, "b": b} for name, (a, b) in self.settings.items()},
            "processes": [row.to_dict() for row in self.rows],
            "totals": {name: pair.to_dict() for name, pair in self.totals.items()},
            "sources": {"a": self.a.sources, "b": self.b.sources},
        }


def versus(a: Profile, b: Profile) -> Versus:
    """Compare two profiles, each quantity for one window of its own run.

    Rows are matched by name. Every number stays with the run that it was counted in: nothing is
    scaled from one engine or coding to the other.

    Parameters
    ----------
    a, b : Profile
        Two profiles.

    Returns
    -------
    Versus
        Settings that differ, and rows and totals side by side.
    """
    ours, theirs = ({row.name: row for row in side.rows} for side in (a, b))
    rows = []
    for name in _merged([*ours], [*theirs]):
        one, other = ours.get(name), theirs.get(name)
        pairs = {
            quantity: Pair(_mean(one, quantity, a.windows), _mean(other, quantity, b.windows))
            for quantity in QUANTITIES
        }
        rate = Pair(*(None if row is None else row.counts.firing_rate for row in (one, other)))
        rows.append(VersusRow(name, one is not None, other is not None, pairs, rate))
    totals = {
        quantity: Pair(
            _per_window(a.totals[quantity], a.windows), _per_window(b.totals[quantity], b.windows)
        )
        for quantity in QUANTITIES
    }
    return Versus(a, b, _differences(a, b), tuple(rows), totals)


def _alone(names: list[str]) -> str:
    """Return in words how many rows one side alone has, and the first of them."""
    if not names:
        return "none alone"
    shown = ", ".join(names[:_NAMES_SHOWN])
    return f"{len(names)} alone: {shown}" + (", …" if len(names) > _NAMES_SHOWN else "")


def _merged(ours: list[str], theirs: list[str]) -> list[str]:
    """Return the names of both sides: those of the second side alone behind what they follow."""
    known = set(ours)
    merged = list(ours)
    place = 0
    for name in theirs:
        if name in known:
            place = merged.index(name) + 1
        else:
            merged.insert(place, name)
            place += 1
    return merged


def _mean(row: ProfileRow | None, quantity: str, windows: int) -> float | None:
    if row is None:
        return None
    value = row.seconds if quantity == "seconds" else getattr(row.counts, quantity)
    return _per_window(value, windows)


def _per_window(value: float | None, windows: int) -> float | None:
    return None if value is None else value / windows


def _differences(a: Profile, b: Profile) -> dict[str, tuple[Any, Any]]:
    sides = [
        {
            "model": None if side.model is None else side.model.sha256,
            "table": None if side.table is None else side.table.sha256,
            "backend": side.backend,
            "runtime": side.runtime,
            "coding": side.coding,
            "windows": side.windows,
        }
        for side in (a, b)
    ]
    found: dict[str, tuple[Any, Any]] = {
        name: (sides[0][name], sides[1][name])
        for name in sides[0]
        if sides[0][name] != sides[1][name]
    }
    names = [[row.name for row in side.rows] for side in (a, b)]
    only = [[n for n in names[i] if n not in names[1 - i]] for i in (0, 1)]
    if "model" not in found and any(only):
        found["rows"] = (_alone(only[0]), _alone(only[1]))
    return found
