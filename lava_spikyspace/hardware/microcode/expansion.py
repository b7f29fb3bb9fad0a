"""From a listing to the statements of one layer: sizes bound, copies and choices written out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from lava_spikyspace.hardware.microcode.errors import ListingError, Place
from lava_spikyspace.hardware.microcode.expressions import Expression
from lava_spikyspace.hardware.microcode.listing import (
    Choice,
    Label,
    Listing,
    Node,
    Reference,
    Repeat,
    Statement,
)
from lava_spikyspace.hardware.microcode.operations import (
    ANY,
    CELL,
    COUNT,
    LABEL,
    PORT,
    REGISTER,
    STATE,
    TARGET,
    VALUE,
)
from lava_spikyspace.hardware.microcode.program import Operand, OperandKind
from lava_spikyspace.hardware.microcode.words import WORD_BITS, words_for

_KINDS: Mapping[str, OperandKind] = {
    "input": "input",
    "state": "state",
    "const": "const",
    "reg": "reg",
}

_ALLOWED: Mapping[str, frozenset[str]] = {
    REGISTER: frozenset({"reg"}),
    VALUE: frozenset({"reg", "const", "number"}),
    ANY: frozenset({"reg", "const", "number", "state"}),
    TARGET: frozenset({"reg", "state"}),
    STATE: frozenset({"state"}),
    CELL: frozenset({"state", "input"}),
    COUNT: frozenset({"number"}),
    LABEL: frozenset({"label"}),
    PORT: frozenset({"port"}),
}


@dataclass(frozen=True)
class Value:
    """A whole operand: one or several words, a number, a label or a port.

    Parameters
    ----------
    kind : str
        As in `program.Operand`.
    name : str
        With its indices.
    words : int
        How many words it takes; a number takes as many as it is asked for.
    value : int
        Of a number.
    """

    kind: OperandKind
    name: str = ""
    words: int = 1
    value: int = 0

    @property
    def parts(self) -> tuple[Operand, ...]:
        """Its words, the lowest first."""
        if self.words == 1:
            return (Operand(self.kind, self.name),)
        return tuple(Operand(self.kind, f"{self.name}.{i}") for i in range(self.words))


@dataclass(frozen=True)
class Step:
    """A statement with its operands bound."""

    operation: str
    operands: tuple[Value, ...]
    place: Place


@dataclass(frozen=True)
class Mark:
    """A label with its indices bound."""

    name: str
    place: Place


@dataclass(frozen=True)
class Expanded:
    """A listing bound to sizes.

    Parameters
    ----------
    listing : Listing
        What was bound.
    steps : tuple of Step or Mark
        The code.
    declared : dict of str to Value
        All values of arrays and single ones, by their names with indices.
    elements : dict of str to (str, tuple of int)
        Name of the array of each of them, and its indices from 0.
    """

    listing: Listing
    steps: tuple[Step | Mark, ...]
    declared: dict[str, Value]
    elements: dict[str, tuple[str, tuple[int, ...]]]


def expand(listing: Listing, params: Mapping[str, int]) -> Expanded:
    """Bind the parameters of a listing.

    Parameters
    ----------
    listing : Listing
        A read listing.
    params : mapping of str to int
        A value for each of its parameters; others are left alone.

    Raises
    ------
    ListingError
        A parameter is missing, an index is outside its array, an operand is of a wrong kind.
    """
    missing = [name for name in listing.params if name not in params]
    if missing:
        raise ListingError(Place(listing.name, 1), f"no value for {', '.join(missing)}")
    binder = _Binder(listing, {name: params[name] for name in listing.params})
    binder.declare()
    steps = tuple(binder.nodes(listing.body))
    return Expanded(listing, steps, binder.declared, binder.elements)


@dataclass
class _Binder:
    listing: Listing
    names: dict[str, int]
    declared: dict[str, Value] = field(default_factory=dict)
    elements: dict[str, tuple[str, tuple[int, ...]]] = field(default_factory=dict)

    def declare(self) -> None:
        """Make a value of every element of every declaration."""
        for declaration in self.listing.values.values():
            bits = WORD_BITS if declaration.bits is None else declaration.bits.value(self.names)
            if bits < 1:
                raise ListingError(declaration.place, f"{declaration.name} has {bits} bits")
            kind = _KINDS[declaration.kind]
            axes = [self._axis(first, last) for first, last in declaration.spans]
            for indices in product(*axes):
                name = _indexed(declaration.name, indices)
                self.declared[name] = Value(kind, name, words_for(bits))
                from_zero = tuple(i - axis.start for i, axis in zip(indices, axes, strict=True))
                self.elements[name] = (declaration.name, from_zero)

    def _axis(self, first: Expression, last: Expression) -> range:
        return range(first.value(self.names), last.value(self.names) + 1)

    def nodes(self, nodes: Iterable[Node]) -> Iterator[Step | Mark]:
        """Yield what the nodes stand for."""
        for node in nodes:
            if isinstance(node, Statement):
                yield self._step(node)
            elif isinstance(node, Label):
                yield Mark(self._name(node.target), node.place)
            elif isinstance(node, Choice):
                chosen = node.body if node.condition.value(self.names) else node.otherwise
                yield from self.nodes(chosen)
            else:
                yield from self._copies(node)

    def _copies(self, node: Repeat) -> Iterator[Step | Mark]:
        outer = self.names
        for index in range(node.first.value(outer), node.last.value(outer) + 1):
            self.names = {**outer, node.index: index}
            yield from self.nodes(node.body)
        self.names = outer

    def _step(self, node: Statement) -> Step:
        roles = (*node.operation.operands, COUNT)
        operands = []
        for operand, role in zip(node.operands, roles, strict=False):
            value = self._value(operand, role, node.place)
            if value.kind not in _ALLOWED[role]:
                shown = value.name or str(value.value)
                raise ListingError(
                    node.place,
                    f"{node.operation.name}: found {value.kind} {shown}, expected {role}",
                )
            operands.append(value)
        return Step(node.operation.name, tuple(operands), node.place)

    def _value(self, operand: Reference | Expression, role: str, place: Place) -> Value:
        if isinstance(operand, Expression):
            return Value("number", value=operand.value(self.names))
        name = self._name(operand)
        if role == LABEL:
            return Value("label", name)
        if operand.name in self.listing.outputs:
            return Value("port", name)
        value = self.declared.get(name)
        if value is None:
            raise ListingError(place, f"{operand.name} has no element {name}")
        if operand.word is None:
            return value
        word = operand.word.value(self.names)
        if not 0 <= word < value.words:
            raise ListingError(place, f"{name} has {value.words} words, found word {word}")
        return Value(value.kind, value.parts[word].name)

    def _name(self, reference: Reference) -> str:
        return _indexed(reference.name, (e.value(self.names) for e in reference.indices))


def _indexed(name: str, indices: Iterable[int]) -> str:
    return name + "".join(f"[{index}]" for index in indices)
