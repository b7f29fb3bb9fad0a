"""Listings of neuron programs: the text, read into declarations and statements.

One line each::

    ; a comment
    program NAME: TITLE
    param   NAME ...                      ; sizes and widths, bound for each layer
    input   NAME[LO..HI]                  ; accumulators that synapses add to
    state   NAME[LO..HI] : BITS           ; kept from step to step; 24 bits without BITS
    const   NAME[LO..HI] : BITS           ; parameters of the neuron
    reg     NAME : BITS                   ; lost at the end of the step
    out     NAME ...                      ; axons
    code
        OPERATION operand, ...            ; NAME, NAME[i], NAME{word}, or a whole-number expression
        LABEL:  LABEL[i]:
        .repeat i in LO..HI               ; both ends are part of it; .end
        .if EXPRESSION                    ; .else .end
        include PART                      ; another listing, without a program line
    end

A wide operand (more than 24 bits) makes an operation take several instructions; see `lowering`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lava_spikyspace.hardware.microcode.errors import ListingError, Place
from lava_spikyspace.hardware.microcode.expressions import Expression
from lava_spikyspace.hardware.microcode.operations import COUNT, LABEL, OPERATIONS, Operation

KINDS = ("input", "state", "const", "reg")
"""Kinds of values; parameters and out ports are no values."""

_NAME = r"[A-Za-z_]\w*"
_DECLARED = re.compile(rf"({_NAME})((?:\[[^\]]*\])*)\s*(?::\s*(.+))?$")
_REFERENCE = re.compile(rf"({_NAME})((?:\[[^\]]*\])*)(?:\{{([^}}]*)\}})?$")
_LABEL = re.compile(rf"({_NAME})((?:\[[^\]]*\])*):$")
_REPEAT = re.compile(rf"\.repeat\s+({_NAME})\s+in\s+(.+?)\.\.(.+)$")
_INDEX = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True)
class Declaration:
    """A declared value.

    Parameters
    ----------
    kind, name : str
        One of `KINDS`; the name.
    spans : tuple of (Expression, Expression)
        First and last index of each axis.
    bits : Expression, optional
        Width; 24 without.
    place : Place
        Its line.
    """

    kind: str
    name: str
    spans: tuple[tuple[Expression, Expression], ...]
    bits: Expression | None
    place: Place


@dataclass(frozen=True)
class Reference:
    """A declared name as an operand.

    Parameters
    ----------
    name : str
        Of a value, an out port or a label.
    indices : tuple of Expression
        One for each axis.
    word : Expression, optional
        Which word of a wide value, if only one is meant.
    """

    name: str
    indices: tuple[Expression, ...] = ()
    word: Expression | None = None


@dataclass(frozen=True)
class Statement:
    """An operation with its operands."""

    operation: Operation
    operands: tuple[Reference | Expression, ...]
    place: Place


@dataclass(frozen=True)
class Label:
    """A place to jump to."""

    target: Reference
    place: Place


@dataclass(frozen=True)
class Repeat:
    """Lines that are written once and stand for one copy per index."""

    index: str
    first: Expression
    last: Expression
    body: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Choice:
    """Lines that are there in some layers only."""

    condition: Expression
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]
    place: Place


Node = Statement | Label | Repeat | Choice


@dataclass(frozen=True)
class Listing:
    """A read listing.

    Parameters
    ----------
    name, title : str
        Name of the program, and what it is in a few words.
    text : str
        The text itself.
    params, outputs : tuple of str
        Names of parameters and of out ports.
    values : dict of str to Declaration
        By name.
    body : tuple of Node
        The code.
    """

    name: str
    title: str
    text: str
    params: tuple[str, ...]
    outputs: tuple[str, ...]
    values: dict[str, Declaration]
    body: tuple[Node, ...]


Library = Callable[[str], str]
"""Returns the text of a part by its name; raises KeyError where there is none."""


def parse_listing(text: str, library: Library, source: str = "listing") -> Listing:
    """Read a listing.

    Parameters
    ----------
    text : str
        The listing.
    library : callable
        Texts of parts that it may include.
    source : str
        Its name in error messages.

    Raises
    ------
    ListingError
        Unknown operation, undeclared name, wrong operands, missing ``end``; names the line.
    """
    return _Reader(library).read(text, source)


@dataclass
class _Reader:
    """Reads line by line; blocks are read by recursion."""

    library: Library
    params: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    values: dict[str, Declaration] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    indices: list[str] = field(default_factory=list)
    jumps: list[tuple[str, Place]] = field(default_factory=list)

    def read(self, text: str, source: str) -> Listing:
        lines = _Lines(text, source, self.library)
        name, title = self._header(lines)
        body: tuple[Node, ...] | None = None
        for words, place in lines:
            if words == "code":
                body = self._block(lines, ("end",), place)[0]
                break
            self._declare(words, place)
        if body is None:
            raise ListingError(lines.place, "found no code, expected a line 'code'")
        for words, place in lines:
            raise ListingError(place, f"found {words!r} after the end of the program")
        for target, place in self.jumps:
            if target not in self.labels:
                raise ListingError(
                    place, f"undeclared label {target!r}; known: {_known(self.labels)}"
                )
        return Listing(
            name, title, text, tuple(self.params), tuple(self.outputs), self.values, body
        )

    def _header(self, lines: _Lines) -> tuple[str, str]:
        for words, place in lines:
            match = re.match(rf"program\s+({_NAME})\s*:\s*(.+)$", words)
            if match is None:
                raise ListingError(place, f"found {words!r}, expected 'program NAME: TITLE'")
            return match[1], match[2]
        raise ListingError(lines.place, "the listing is empty")

    def _declare(self, words: str, place: Place) -> None:
        kind, _, rest = words.partition(" ")
        if kind in ("param", "out"):
            for name in rest.split():
                self._new(name, place)
                (self.params if kind == "param" else self.outputs).append(name)
            return
        if kind not in KINDS:
            raise ListingError(
                place, f"found {kind!r}, expected one of param, {', '.join(KINDS)}, out, code"
            )
        match = _DECLARED.match(rest.strip())
        if match is None:
            raise ListingError(place, f"found {rest.strip()!r}, expected NAME[LO..HI] : BITS")
        self._new(match[1], place)
        spans = tuple(self._span(text, place) for text in _INDEX.findall(match[2]))
        bits = Expression(match[3], place) if match[3] else None
        for expression in (*(e for span in spans for e in span), *([bits] if bits else [])):
            self._check_names(expression)
        self.values[match[1]] = Declaration(kind, match[1], spans, bits, place)

    def _new(self, name: str, place: Place) -> None:
        if name in self.params or name in self.outputs or name in self.values:
            raise ListingError(place, f"{name!r} is declared twice")

    def _span(self, text: str, place: Place) -> tuple[Expression, Expression]:
        first, dots, last = text.partition("..")
        if not dots:
            raise ListingError(place, f"found [{text}], expected [FIRST..LAST]")
        return Expression(first, place), Expression(last, place)

    def _check_names(self, expression: Expression) -> None:
        known = {*self.params, *self.indices}
        for name in sorted(expression.names - known):
            raise ListingError(
                expression.place,
                f"undeclared name {name!r} in {expression.text!r}; known: "
                f"{_known({*known, *self.values})}",
            )

    def _block(
        self, lines: _Lines, ends: tuple[str, ...], start: Place
    ) -> tuple[tuple[Node, ...], str]:
        """Read nodes up to one of the words that end the block; return it as well."""
        nodes: list[Node] = []
        for words, place in lines:
            if words in ends:
                return tuple(nodes), words
            if words in ("end", ".end", ".else"):
                raise ListingError(
                    place, f"found {words!r}, expected one of {', '.join(ends)} for {start}"
                )
            nodes.append(self._node(words, lines, place))
        missing = "; control falls through the end of the program" if ends == ("end",) else ""
        raise ListingError(lines.place, f"found no {ends[0]!r} for the block of {start}{missing}")

    def _node(self, words: str, lines: _Lines, place: Place) -> Node:
        if words.startswith(".repeat"):
            return self._repeat(words, lines, place)
        if words.startswith(".if"):
            condition = Expression(words.removeprefix(".if"), place)
            self._check_names(condition)
            body, end = self._block(lines, (".end", ".else"), place)
            otherwise = self._block(lines, (".end",), place)[0] if end == ".else" else ()
            return Choice(condition, body, otherwise, place)
        label = _LABEL.match(words)
        if label is not None:
            self.labels.add(label[1])
            return Label(Reference(label[1], self._indices(label[2], place)), place)
        return self._statement(words, place)

    def _repeat(self, words: str, lines: _Lines, place: Place) -> Repeat:
        match = _REPEAT.match(words)
        if match is None:
            raise ListingError(place, f"found {words!r}, expected '.repeat NAME in FIRST..LAST'")
        first, last = Expression(match[2], place), Expression(match[3], place)
        for expression in (first, last):
            self._check_names(expression)
        self.indices.append(match[1])
        body, _ = self._block(lines, (".end",), place)
        self.indices.pop()
        return Repeat(match[1], first, last, body, place)

    def _indices(self, text: str, place: Place) -> tuple[Expression, ...]:
        found = tuple(Expression(index, place) for index in _INDEX.findall(text))
        for expression in found:
            self._check_names(expression)
        return found

    def _statement(self, words: str, place: Place) -> Statement:
        name, _, rest = words.partition(" ")
        operation = OPERATIONS.get(name)
        if operation is None:
            raise ListingError(place, f"unknown operation {name!r}; known: {', '.join(OPERATIONS)}")
        texts = [text.strip() for text in rest.split(",")] if rest.strip() else []
        least = len(operation.operands)
        most = least + (name == "SHL")  # the most that a wide value is shifted by
        least -= name == "JMP_C"  # the bound of a loop
        if not least <= len(texts) <= most:
            raise ListingError(
                place,
                f"{name} takes {least} operands ({', '.join(operation.operands)}), "
                f"found {len(texts)}",
            )
        roles = (*operation.operands, COUNT)
        operands = tuple(self._operand(t, r, place) for t, r in zip(texts, roles, strict=False))
        return Statement(operation, operands, place)

    def _operand(self, text: str, role: str, place: Place) -> Reference | Expression:
        match = _REFERENCE.match(text)
        if match is not None:
            name = match[1]
            if role == LABEL:
                self.jumps.append((name, place))
            if role == LABEL or name in self.values or name in self.outputs:
                word = Expression(match[3], place) if match[3] else None
                if word is not None:
                    self._check_names(word)
                return Reference(name, self._indices(match[2], place), word)
        expression = Expression(text, place)
        self._check_names(expression)
        return expression


class _Lines:
    """Lines that say something, with the parts that they include."""

    def __init__(self, text: str, source: str, library: Library) -> None:
        self.place = Place(source, 1)
        self._lines = self._all(text, source, library, ())

    def __iter__(self) -> Iterator[tuple[str, Place]]:
        return self._lines

    def _all(
        self, text: str, source: str, library: Library, outer: tuple[str, ...]
    ) -> Iterator[tuple[str, Place]]:
        for number, line in enumerate(text.splitlines(), start=1):
            words = " ".join(line.partition(";")[0].split())
            if not words:
                continue
            self.place = Place(source, number)
            if words.startswith("include "):
                part = words.removeprefix("include ").strip()
                if part in outer:
                    raise ListingError(self.place, f"{part} includes itself")
                try:
                    included = library(part)
                except KeyError:
                    raise ListingError(self.place, f"there is no part {part!r}") from None
                yield from self._all(included, part, library, (*outer, part))
            else:
                yield words, self.place


def _known(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"
