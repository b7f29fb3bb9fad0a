"""Arithmetic on values of several words, as instructions on single words.

A wide value has low words of 22 bits, each >= 0, and a signed top word of 24. Sums carry by a shift
to the right; products are made word by word; a shift collects, for each word of the result, the
bits of the words that it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence

from lava_spikyspace.hardware.microcode.errors import Place
from lava_spikyspace.hardware.microcode.program import Instruction, Operand, number
from lava_spikyspace.hardware.microcode.words import LIMB_BITS, LIMB_MASK, LOWEST, WORD_BITS

WordList = Sequence[Operand]
"""Words of a value, the lowest first."""

ZERO = number(0)


class WordWriter:
    """Writes instructions; scratch registers are named ``$0``, ``$1``, ...

    Parameters
    ----------
    place : Place
        Line that the instructions come from.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.code: list[Instruction] = []
        self._scratch = 0

    def emit(self, operation: str, *operands: Operand, bound: int | None = None) -> None:
        """Add an instruction."""
        self.code.append(Instruction(operation, operands, self.place, bound))

    def new(self) -> Operand:
        """Return a scratch register."""
        self._scratch += 1
        return Operand("reg", f"${self._scratch - 1}")

    def result(self, operation: str, *operands: Operand) -> Operand:
        """Add an instruction with a result; return the scratch register that it is in."""
        target = self.new()
        self.emit(operation, target, *operands)
        return target

    def window(
        self, words: WordList, bit: int, *, top: bool, into: Operand | None = None
    ) -> Operand:
        """Return a word of a value shifted right by `bit` (left, if negative).

        That is its bits ``bit .. bit + 21`` as a number >= 0; if `top`, bits ``bit .. bit + 23``
        with their sign.
        """
        last = len(words) - 1
        first = min(max(bit // LIMB_BITS, 0), last)
        width = WORD_BITS if top else LIMB_BITS
        found: Operand | None = None
        is_limb = False
        for index in range(first, last + 1):
            offset = LIMB_BITS * index - bit
            if offset >= width:
                break
            part = self._shifted(words[index], offset)
            is_limb = found is None and index < last and offset <= 0
            found = part if found is None else self._or(found, part)
        if found is None:
            found = ZERO
        elif not (top or is_limb):
            found = self._masked(found)
        return found

    def _shifted(self, word: Operand, offset: int) -> Operand:
        if offset == 0:
            return word
        if word.kind == "number":
            moved = word.value << offset if offset > 0 else word.value >> -offset
            return number(((moved - LOWEST) & ((1 << WORD_BITS) - 1)) + LOWEST)
        return self.result("SHL", word, number(max(offset, 1 - WORD_BITS)))

    def _or(self, one: Operand, other: Operand) -> Operand:
        if one == ZERO or other == ZERO:
            return other if one == ZERO else one
        if one.kind == other.kind == "number":
            return number(one.value | other.value)
        return self.result("OR", one, other)

    def _masked(self, word: Operand) -> Operand:
        if word.kind == "number":
            return number(word.value & LIMB_MASK)
        return self.result("AND", word, number(LIMB_MASK))

    def shifted(self, words: WordList, right: int, count: int) -> WordList:
        """Return `count` words of a value shifted right by a fixed number of bits."""
        return [self.window(words, right + LIMB_BITS * i, top=i == count - 1) for i in range(count)]

    def widened(self, words: WordList, count: int) -> WordList:
        """Return a value in `count` words."""
        return words if len(words) == count else self.shifted(words, 0, count)

    def carried(self, columns: Sequence[WordList], *, signed: bool = False) -> WordList:
        """Return the words of a sum, given what is to be added up in each of them.

        Parameters
        ----------
        columns : sequence of sequences of Operand
            Terms by word, each of 22 bits but in the top word.
        signed : bool
            Whether terms of the low words may be negative.
        """
        out: list[Operand] = []
        carries: list[Operand] = []
        for terms in columns[:-1]:
            items = [term for term in (*carries, *terms) if term != ZERO]
            # A register holds two numbers of 22 bits and one carry of 1.
            full = 1 - len(carries[:1])
            carries = []
            if not items or (len(items) == 1 and not signed):
                out.append(items[0] if items else ZERO)
                continue
            total = items[0]
            for item in items[1:]:
                if full == 2:
                    carries.append(self.result("SHL", total, number(-LIMB_BITS)))
                    total, full = self._masked(total), 1
                total, full = self.result("ADD", total, item), full + 1
            carries.append(self.result("SHL", total, number(-LIMB_BITS)))
            out.append(self._masked(total))
        items = [term for term in (*columns[-1], *carries) if term != ZERO]
        total = items[0] if items else ZERO
        for item in items[1:]:
            total = self.result("ADD", total, item)
        return [*out, total]

    def product(self, one: WordList, other: WordList, count: int) -> WordList:
        """Return the lowest words of a product; the top one keeps what wraps into it."""
        columns: list[list[Operand]] = [[] for _ in range(count)]
        last = count - 1
        for i, x in enumerate(one):
            for j, y in enumerate(other):
                if i + j > last + 1 or ZERO in (x, y):
                    continue
                if i + j > last:
                    # The top word has two bits more than the others: the lowest of this product.
                    part = self.result("MUL_SHR", x, y, ZERO)
                    columns[last].append(self.result("SHL", part, number(LIMB_BITS)))
                    continue
                is_signed = i == len(one) - 1 or j == len(other) - 1
                # A negative part has bits up to the top.
                for k in range(last - i - j + 1 if is_signed else min(2, last - i - j + 1)):
                    part = self.result("MUL_SHR", x, y, number(LIMB_BITS * k))
                    # The highest part of a product has its sign.
                    columns[i + j + k].append(part if i + j + k == last else self._masked(part))
        return self.carried(columns)

    def chosen(self, one: WordList, other: WordList) -> WordList:
        """Return the first value if the flag is set, else the other."""
        return [self.result("SEL", x, y) for x, y in zip(one, other, strict=True)]

    def compare(self, operation: str, one: WordList, other: WordList) -> None:
        """Set the flag: the highest words that differ decide."""
        left, right = one[0], other[0]
        for x, y in zip(one[1:], other[1:], strict=True):
            self.emit("EQ", x, y)
            left, right = self.result("SEL", left, x), self.result("SEL", right, y)
        self.emit(operation, left, right)

    def sum(self, one: WordList, other: WordList, count: int) -> WordList:
        """Return `count` words of a sum."""
        pairs = zip(self.widened(one, count), self.widened(other, count), strict=True)
        return self.carried([list(pair) for pair in pairs])
