"""Check a `Tree` against the schema: what is missing, what is malformed, what is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.netx.rules.catalogue import finding
from lava_spikyspace.netx.schema import Entry
from lava_spikyspace.netx.tree import NAME, ROOT, Tree, groups_above, join, owner
from lava_spikyspace.netx.typed import MisfitError, Typed, typed


@dataclass(frozen=True)
class Section:
    """The checked values of one group of the file.

    Parameters
    ----------
    group : str
        Path of the group.
    values : mapping of str to Typed
        By path below the group; what is missing or malformed is left out.
    complete : bool
        Whether nothing is malformed and nothing required is missing.
    """

    group: str
    values: dict[str, Typed]
    complete: bool

    def attributes(self, group: str) -> dict[str, Typed]:
        """Return the attributes of an open group by name."""
        start = f"{group}@"
        return {p[len(start) :]: v for p, v in self.values.items() if p.startswith(start)}


@dataclass
class Form:
    """A tree while its values are checked, section by section.

    Parameters
    ----------
    tree : Tree
        What was read.
    findings : list of Diagnostic
        What does not fit the schema so far.
    """

    tree: Tree
    findings: list[Diagnostic] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def find(self, code: str, where: str, message: str) -> None:
        """Add a finding."""
        self.findings.append(finding(code, where, message))

    def section(self, group: str, entries: Iterable[Entry]) -> Section:
        """Check all entries of a group."""
        values: dict[str, Typed] = {}
        complete = True
        for entry in entries:
            for relative, path in self._places(group, entry):
                value = self._checked(path, entry)
                if value is not None:
                    values[relative] = value
                elif entry.required or path in self.tree.values:
                    complete = False
        return Section(group, values, complete)

    def peek(self, path: str, entry: Entry) -> Typed | None:
        """Return a checked value without finding anything: None if it is missing or malformed."""
        try:
            return typed(self.tree.values[path], entry)
        except (KeyError, MisfitError):
            return None

    def ignore(self, group: str) -> None:
        """Leave out a group that an earlier finding is about already."""
        start = group + "/"
        self._known |= {p for p in self.tree.groups if p == group or p.startswith(start)}
        self._known |= {p for p in self.tree.values if p.startswith((start, group + "@"))}

    def report_unknown(self) -> None:
        """Find what no section has asked for; of an unknown group only its top."""
        unknown = self.tree.groups - self._known - {ROOT}
        for group in sorted(unknown):
            if unknown.isdisjoint(groups_above(group)):
                self.find("unknown-entry", group, "found a group, expected none of this name")
        for path in sorted(self.tree.values.keys() - self._known):
            if unknown.isdisjoint({owner(path), *groups_above(path)}):
                kind = "an attribute" if "@" in path else "a dataset"
                self.find("unknown-entry", path, f"found {kind}, expected none of this name")

    def _places(self, group: str, entry: Entry) -> Iterator[tuple[str, str]]:
        """Yield the path of an entry below its group and in the file; of ``@*`` all that match."""
        if not entry.path.endswith("@*"):
            path = join(group, entry.path)
            self._know(path)
            yield entry.path, path
            return
        start = join(group, entry.path[:-1])
        self._know(start)
        for path in self.tree.values:
            if path.startswith(start):
                self._know(path)
                name = path[len(start) :]
                if not NAME.fullmatch(name):
                    message = f"found the name {name!r}, expected letters, digits, '_', '.' and '-'"
                    self.find("entry-text", path, message)
                yield entry.path[:-1] + name, path

    def _know(self, path: str) -> None:
        self._known.update((path, owner(path), *groups_above(path)))

    def _checked(self, path: str, entry: Entry) -> Typed | None:
        value = self.tree.values.get(path)
        if value is None:
            if entry.required:
                axes = f" of axes ({', '.join(entry.axes)})" if entry.axes else ""
                self.find("missing-entry", path, f"found nothing, expected {entry.kind}{axes}")
            return None
        try:
            return typed(value, entry)
        except MisfitError as misfit:
            self.find(misfit.code, path, misfit.message)
            return None
