"""From statements to instructions on single words: what an operation is on wide values.

An operation on words is one instruction; on wide values, what `wide` makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lava_spikyspace.hardware.microcode.errors import ListingError
from lava_spikyspace.hardware.microcode.expansion import Expanded, Mark, Step, Value
from lava_spikyspace.hardware.microcode.peephole import without_copies
from lava_spikyspace.hardware.microcode.program import Instruction, Operand, Program, number
from lava_spikyspace.hardware.microcode.wide import ZERO, WordList, WordWriter
from lava_spikyspace.hardware.microcode.words import (
    HIGHEST,
    LIMB_BITS,
    LOWEST,
    split_words,
    words_for,
)


def lower(expanded: Expanded) -> Program:
    """Return the program of single-word instructions that statements stand for.

    Parameters
    ----------
    expanded : Expanded
        A listing bound to sizes.

    Raises
    ------
    ListingError
        A wide value where only a word can stand; a number that is too large; a label twice.
    """
    blocks: list[list[Instruction]] = []
    labels: dict[str, int] = {}
    marks: list[tuple[Mark, int]] = []
    for step in expanded.steps:
        if isinstance(step, Mark):
            marks.append((step, len(blocks)))
        else:
            blocks.append(_Statement(step, len(blocks), labels).lowered())
    starts = [0]
    for block in blocks:
        starts.append(starts[-1] + len(block))
    # Labels inside statements were noted relative to their block.
    found = {name: starts[int(name.rsplit("$", 1)[1])] + at for name, at in labels.items()}
    for mark, at in marks:
        if mark.name in found:
            raise ListingError(mark.place, f"label {mark.name!r} stands twice")
        found[mark.name] = starts[at]
    instructions = [
        _skipping(instruction, at, starts)
        for at, block in enumerate(blocks)
        for instruction in block
    ]
    return _program(expanded, instructions, found)


def _skipping(instruction: Instruction, at: int, starts: Sequence[int]) -> Instruction:
    """Return a skip of statements as one of the instructions that they have become."""
    if instruction.operation != "SKP_C":
        return instruction
    last = at + 1 + instruction.operands[0].value
    if not at + 1 < last < len(starts):
        raise ListingError(
            instruction.place,
            f"skips {last - at - 1} statements, {len(starts) - at - 2} follow; control would fall "
            "through the end of the program",
        )
    return Instruction("SKP_C", (number(starts[last] - starts[at + 1]),), instruction.place)


def _program(
    expanded: Expanded, instructions: Sequence[Instruction], labels: Mapping[str, int]
) -> Program:
    used: dict[str, dict[str, None]] = {}
    for instruction in instructions:
        for operand in instruction.operands:
            used.setdefault(operand.kind, {})[operand.name] = None

    def words(kind: str) -> tuple[str, ...]:
        """Return the words of a kind that some instruction uses, in the order of declaration."""
        declared = (v for v in expanded.declared.values() if v.kind == kind)
        names = (part.name for value in declared for part in value.parts)
        return tuple(name for name in names if name in used.get(kind, ()))

    listing = expanded.listing
    return Program(
        name=listing.name,
        title=listing.title,
        instructions=tuple(instructions),
        labels=dict(labels),
        inputs=words("input"),
        states=words("state"),
        constants=words("const"),
        outputs=tuple(used.get("port", ())),
        source=listing.text,
    )


class _Statement(WordWriter):
    """Lowers one statement."""

    def __init__(self, step: Step, index: int, labels: dict[str, int]) -> None:
        super().__init__(step.place)
        self.step = step
        self.index = index
        self.labels = labels

    def lowered(self) -> list[Instruction]:
        """Return the instructions."""
        special: Mapping[str, Callable[[], None]] = {
            "RMW": self._rmw,
            "RDC": self._rdc,
            "MOV": self._mov,
            "SEL": self._sel,
            "AND": self._bitwise,
            "OR": self._bitwise,
            "SHL": self._shl,
            "ADD": self._add,
            "NEG": self._neg,
            "MIN": self._min,
            "MUL_SHR": self._mul_shr,
            "LT": self._compare,
            "GE": self._compare,
            "EQ": self._compare,
        }
        name = self.step.operation
        if name in special:
            special[name]()
        else:
            self._plain()
        has_labels = any(label.endswith(f"${self.index}") for label in self.labels)
        return self.code if has_labels else without_copies(self.code)

    def words(self, value: Value, words: int = 1) -> WordList:
        """Return the words of an operand; a number gets as many as asked for, or needed."""
        if value.kind != "number":
            return value.parts
        needed = max(words, words_for(max(value.value.bit_length() + 1, 1)))
        return [number(int(part)) for part in split_words(value.value, needed)]

    def word(self, value: Value) -> Operand:
        """Return the only word of an operand."""
        if value.words > 1:
            raise ListingError(
                self.place, f"{self.step.operation}: {value.name} is wider than a word"
            )
        if value.kind == "number" and not LOWEST <= value.value <= HIGHEST:
            raise ListingError(self.place, f"{value.value} is wider than a word")
        return number(value.value) if value.kind == "number" else value.parts[0]

    def finish(self, target: Value, words: WordList) -> None:
        """Put words into the destination."""
        final = list(self.widened(words, target.words))
        for index, part in enumerate(target.parts):
            if part in final[index + 1 :]:
                kept = self.result("MOV", part)
                final[index + 1 :] = [kept if w == part else w for w in final[index + 1 :]]
            if final[index] != part:
                self.emit("MOV", part, final[index])

    def sources(self, *values: Value, target: Value | None = None) -> list[WordList]:
        """Return operands in the words of the widest of them (and of the destination)."""
        widths = [1 if v.kind == "number" else v.words for v in values]
        needed = max([*widths, *([target.words] if target else [])])
        lists = [self.words(v, needed) for v in values]
        count = max(len(words) for words in lists)
        return [self.widened(words, max(count, needed)) for words in lists]

    def _plain(self) -> None:
        """Take an operation as it is: all its operands are words."""
        operands = list(self.step.operands)
        bound: int | None = None
        if self.step.operation == "JMP_C" and len(operands) == 2:
            bound = operands.pop().value
        self.emit(self.step.operation, *(self._as_it_is(v) for v in operands), bound=bound)

    def _as_it_is(self, value: Value) -> Operand:
        if value.kind in ("label", "port"):
            return Operand(value.kind, value.name)
        return self.word(value)

    def _rdc(self) -> None:
        target, source = self.step.operands
        parts = [self.result("RDC", part) for part in source.parts]
        self.finish(target, parts)

    def _rmw(self) -> None:
        target, state, added = self.step.operands
        if state.words == target.words == 1:
            self.emit("RMW", target.parts[0], state.parts[0], self.word(added))
            return
        old = [self.result("MOV", part) for part in state.parts]
        new = self.sum(old, self.words(added, state.words), state.words)
        for part, word in zip(state.parts, new, strict=True):
            self.emit("MOV", part, word)
        self.finish(target, new)

    def _mov(self) -> None:
        target, source = self.step.operands
        words = self.words(source, target.words)
        if source.kind == "number" and len(words) > target.words:
            raise ListingError(
                self.place, f"MOV: the number {source.value} is wider than {target.name}"
            )
        if source.kind == "state" and len(words) != target.words:
            words = [self.result("MOV", word) for word in words]
        self.finish(target, words)

    def _sel(self) -> None:
        target, one, other = self.step.operands
        chosen = self.chosen(*self.sources(one, other, target=target))
        self.finish(target, chosen)

    def _bitwise(self) -> None:
        target, one, other = self.step.operands
        pairs = zip(*self.sources(one, other, target=target), strict=True)
        self.finish(target, [self.result(self.step.operation, x, y) for x, y in pairs])

    def _add(self) -> None:
        target, one, other = self.step.operands
        first, second = self.sources(one, other, target=target)
        self.finish(target, self.sum(first, second, len(first)))

    def _neg(self) -> None:
        target, value = self.step.operands
        (words,) = self.sources(value, target=target)
        negated = [[self.result("NEG", word)] for word in words]
        self.finish(target, self.carried(negated, signed=True))

    def _min(self) -> None:
        target, one, other = self.step.operands
        first, second = self.sources(one, other, target=target)
        if len(first) == 1:
            self.finish(target, [self.result("MIN", first[0], second[0])])
            return
        self.compare("LT", first, second)
        self.finish(target, self.chosen(first, second))

    def _compare(self) -> None:
        self.compare(self.step.operation, *self.sources(*self.step.operands))

    def _mul_shr(self) -> None:
        target, one, other, places = self.step.operands
        first, second, shift = self.words(one), self.words(other), places.value
        if len(first) == len(second) == target.words == 1:
            self.emit("MUL_SHR", target.parts[0], first[0], second[0], number(shift))
            return
        # Higher bits than those that end in the destination do not matter.
        count = target.words + -(-shift // LIMB_BITS)
        product = self.product(first, second, count)
        self.finish(target, self.shifted(product, shift, target.words) if shift else product)

    def _shl(self) -> None:
        target, value, amount, *most = self.step.operands
        if amount.kind == "number":
            (words,) = self.sources(value)
            if len(words) == target.words == 1:
                self.emit("SHL", target.parts[0], words[0], number(amount.value))
            else:
                self.finish(target, self.shifted(words, -amount.value, target.words))
            return
        places = self.word(amount)
        if value.words == target.words == 1:
            self.emit("SHL", target.parts[0], self.word(value), places)
            return
        if not most or most[0].value == 0:
            raise ListingError(
                self.place,
                "unbounded loop: a wide value is shifted place by place; expected the most places "
                "(negative: to the right) as a fourth operand",
            )
        self._shift_in_rounds(target, value, places, most[0].value)

    def _shift_in_rounds(self, target: Value, value: Value, places: Operand, most: int) -> None:
        """Shift by one place a round, at most `most` rounds to the left (or -most to the right)."""
        step = 1 if most > 0 else -1
        words = self.widened(self.words(value), max(value.words, target.words))
        held = [self.result("MOV", word) for word in words]
        left = self.result("MOV", places)
        over, again = (self._label(name) for name in ("over", "again"))
        self.emit("EQ", left, number(0))
        self.emit("JMP_C", over)
        self._here(again)
        order = range(len(held)) if step < 0 else reversed(range(len(held)))
        for i in order:
            moved = self.window(held, LIMB_BITS * i - step, top=i == len(held) - 1)
            self.emit("MOV", held[i], moved)
        self.emit("ADD", left, left, number(-step))
        self.emit("LT", *((ZERO, left) if step > 0 else (left, ZERO)))
        self.emit("JMP_C", again, bound=abs(most) - 1)
        self._here(over)
        self.finish(target, held)

    def _label(self, name: str) -> Operand:
        return Operand("label", f"{name}${self.index}")

    def _here(self, label: Operand) -> None:
        self.labels[label.name] = len(self.code)
