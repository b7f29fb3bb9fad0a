"""Typed access to the values of one group of a plain NetX file; what does not fit is a finding."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import numpy as np

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.netx.stock.rules import stock_finding
from lava_spikyspace.netx.tree import Tree, Value, groups_above, join, owner
from lava_spikyspace.netx.typed import MisfitError

_EXACT_FLOAT = 1 << 53


@dataclass
class Findings:
    """The tree of a file, what is wrong with it, and which of its values have a meaning.

    Parameters
    ----------
    tree : Tree
        Content of the file.
    found : list of Diagnostic
        What is wrong so far.
    """

    tree: Tree
    found: list[Diagnostic] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def add(self, code: str, where: str, message: str) -> None:
        """Add a finding."""
        self.found.append(stock_finding(code, where, message))

    def know(self, path: str) -> None:
        """Note that a value or a group has a meaning, with the groups that hold it."""
        self._known.update((path, owner(path), *groups_above(path)))

    def know_all_below(self, group: str) -> None:
        """Note that everything in a group is accounted for, the group included."""
        start = group + "/"
        self.know(group)
        self._known |= {p for p in self.tree.groups if p.startswith(start)}
        self._known |= {p for p in self.tree.values if p.startswith((start, group + "@"))}

    def add_unknown(self) -> None:
        """Add a finding for each value, and each group of values, that has no meaning."""
        unknown = self.tree.groups - self._known
        for group in sorted(unknown):
            if unknown.isdisjoint(groups_above(group)):
                self.add("unknown-entry", group, "found a group, expected none of this name")
        for path in sorted(self.tree.values.keys() - self._known):
            if unknown.isdisjoint({owner(path), *groups_above(path)}):
                kind = "an attribute" if "@" in path else "a dataset"
                self.add("unknown-entry", path, f"found {kind}, expected none of this name")


@dataclass(frozen=True)
class Fields:
    """The values of one group.

    Each method returns None where the value is missing or malformed, which then is a finding
    unless the value may be missing.

    Parameters
    ----------
    findings : Findings
        The file.
    group : str
        Path of the group.
    """

    findings: Findings
    group: str

    def has(self, name: str) -> bool:
        """Whether the group holds a value of that name."""
        return join(self.group, name) in self.findings.tree.values

    def below(self, name: str) -> Fields:
        """Return the values of a group inside this one."""
        return Fields(self.findings, join(self.group, name))

    def find(self, code: str, name: str, message: str) -> None:
        """Add a finding about a value."""
        self.findings.add(code, join(self.group, name), message)

    def ignore(self, names: Iterable[str]) -> None:
        """Note that values of these names have no meaning for the simulation."""
        for name in names:
            self.findings.know(join(self.group, name))

    def text(self, name: str) -> str | None:
        """Return a text."""
        value = self._value(name)
        if value is None:
            return None
        if value.dtype.kind != "S":
            self.find("entry-kind", name, f"found {value.dtype.name}, expected a text")
            return None
        if value.size != 1:
            self.find("entry-shape", name, f"found shape {value.shape}, expected one text")
            return None
        return bytes(value.ravel()[0]).decode("ascii", "backslashreplace")

    def choice(self, name: str, code: str, known: Collection[str]) -> str | None:
        """Return a text that is one of the known ones; anything else breaks the rule `code`."""
        found = self.text(name)
        if found is not None and found not in known:
            self.find(code, name, f"found {found[:60]!r}, expected one of {', '.join(known)}")
            return None
        return found

    def integers(
        self, name: str, bounds: Interval, *, ranks: Collection[int], required: bool = True
    ) -> IntArray | None:
        """Return an array of whole numbers.

        Parameters
        ----------
        name : str
            Name of the value.
        bounds : Interval
            Of every element.
        ranks : collection of int
            Numbers of axes that it may have; no axis may be empty.
        required : bool
            Whether its absence is a finding.
        """
        value = self._value(name, required=required)
        if value is None:
            return None
        if value.ndim not in ranks or not value.size:
            axes = " or ".join(str(rank) for rank in ranks)
            self.find("entry-shape", name, f"found shape {value.shape}, expected {axes} axes")
            return None
        try:
            whole = whole_numbers(value)
            _check_bounds(whole, bounds)
        except MisfitError as misfit:
            self.find(misfit.code, name, misfit.message)
            return None
        return whole

    def integer(self, name: str, bounds: Interval, *, required: bool = True) -> int | None:
        """Return a whole number, also from an array of one element."""
        found = self.integers(name, bounds, ranks=(0, 1), required=required)
        if found is None:
            return None
        if found.size != 1:
            self.find("entry-shape", name, f"found shape {found.shape}, expected one number")
            return None
        return int(found.ravel()[0])

    def flag(self, name: str) -> bool:
        """Return a flag that may be absent, which means False."""
        return bool(self.integer(name, Interval(0, 1), required=False))

    def pair(self, name: str, bounds: Interval, *, required: bool = True) -> IntArray | None:
        """Return two whole numbers, the first for x; the file has one for both, or y before x."""
        found = self.integers(name, bounds, ranks=(0, 1), required=required)
        if found is None:
            return None
        if found.size > 2:
            self.find("entry-shape", name, f"found shape {found.shape}, expected one or two")
            return None
        return np.broadcast_to(found.ravel()[::-1], (2,))

    def _value(self, name: str, *, required: bool = True) -> Value | None:
        path = join(self.group, name)
        self.findings.know(path)
        value = self.findings.tree.values.get(path)
        if value is None and required:
            held = "a group" if path in self.findings.tree.groups else "nothing"
            self.findings.add("missing-entry", path, f"found {held}, expected a value")
        return value


def whole_numbers(value: Value) -> IntArray:
    """Return numbers as int64.

    Parameters
    ----------
    value : ndarray
        Integers, or floats that are whole.

    Raises
    ------
    MisfitError
        It holds text, or a number that is not whole or too large to be exact.
    """
    if value.dtype.kind == "f":
        exact = np.abs(value) < _EXACT_FLOAT  # False for NaN
        with np.errstate(invalid="ignore"):  # infinities
            exact &= value == np.rint(value)
        if not exact.all():
            raise MisfitError(
                "entry-kind", f"found {_first(value, ~exact)}, expected whole numbers"
            )
    elif value.dtype.kind == "u":
        beyond = value > np.iinfo(np.int64).max
        if beyond.any():
            raise MisfitError("value-bounds", f"found {_first(value, beyond)}, expected int64")
    elif value.dtype.kind != "i":
        raise MisfitError("entry-kind", f"found {value.dtype.name}, expected whole numbers")
    return value.astype(np.int64)


def _check_bounds(values: IntArray, bounds: Interval) -> None:
    outside = (values < bounds.lo) | (values > bounds.hi)
    if outside.any():
        raise MisfitError(
            "value-bounds", f"found {_first(values, outside)}, expected {bounds.lo} to {bounds.hi}"
        )


def _first(values: Value, wrong: Value) -> str:
    """Return the first element that is wrong, with its place."""
    if not wrong.any():
        raise InternalError("no element is wrong")
    place = tuple(np.argwhere(wrong)[0].tolist())
    return f"{values[place]}" + (f" at ({', '.join(map(str, place))})" if place else "")
