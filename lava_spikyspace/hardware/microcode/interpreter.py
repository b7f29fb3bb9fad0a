"""Run a program for many neurons at once.

All neurons run the same program on values of their own, as arrays. Where a condition parts them,
the ones that are furthest behind go on until they meet the others, so that every instruction is
executed for all neurons that stand before it together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.hardware.microcode.errors import ProgramError
from lava_spikyspace.hardware.microcode.program import Instruction, Operand, Program
from lava_spikyspace.hardware.microcode.words import WORD_BITS
from lava_spikyspace.network import IntArray

BoolArray = npt.NDArray[np.bool_]

_UNUSED = 64 - WORD_BITS
_MULTIPLIER_BITS = 63
"""A shift by more leaves nothing but the sign."""


def wrapped(x: IntArray) -> IntArray:
    """Return the value of the low 24 bits, as two's complement."""
    return np.asarray((x << _UNUSED) >> _UNUSED)


def shift_left(x: IntArray, places: IntArray) -> IntArray:
    """Return x shifted left by `places`, right with its sign where they are negative; wrapped."""
    left = np.clip(places, 0, WORD_BITS)
    right = np.clip(-places, 0, WORD_BITS)
    return wrapped((x << left) >> right)


def _fixed_shift(places: int) -> Callable[[IntArray], IntArray]:
    """Return `shift_left` by a number of places that the program says."""
    if places > 0:
        left = min(places, WORD_BITS)
        return lambda x: wrapped(x << left)
    right = min(-places, WORD_BITS)
    return lambda x: np.asarray(x >> right)


def _fixed_product(places: int) -> Callable[[IntArray, IntArray], IntArray]:
    """Return the function ``(x * y) >> places``, wrapped; the product is exact."""
    right = min(places, _MULTIPLIER_BITS)
    return lambda x, y: wrapped((x * y) >> right)


_RESULTS: Mapping[str, Callable[..., IntArray]] = {
    "AND": np.bitwise_and,
    "OR": np.bitwise_or,
    "SHL": shift_left,
    "ADD": lambda x, y: wrapped(x + y),
    "MIN": np.minimum,
    "NEG": lambda x: wrapped(-x),
    "MOV": lambda x: x,
    "SPIKE": lambda x: x,
    "RDC": lambda x: x,
    "RMW": lambda x, y: wrapped(x + y),
}

_COMPARISONS: Mapping[str, Callable[[IntArray, IntArray], BoolArray]] = {
    "LT": np.less,
    "GE": np.greater_equal,
    "EQ": np.equal,
}


@dataclass
class Neurons:
    """Neurons that run one program: memory, and what they have sent in the last step.

    Parameters
    ----------
    program : Program
        What they run.
    shape : tuple of int
        Of all arrays; the last axis is the neuron.
    constants : mapping of str to ndarray
        Every constant, a number or an array that broadcasts to the shape.
    initial : mapping of str to ndarray
        State before the first step; 0 where absent.

    Attributes
    ----------
    inputs, states : dict of str to ndarray, int64
        Words of input and state.
    sent : dict of str to ndarray, int64
        Payload by out port; 0 is no event.
    executed : ndarray, int64
        Instructions that each neuron has executed in the last step.
    """

    program: Program
    shape: tuple[int, ...]
    constants: Mapping[str, IntArray]
    initial: Mapping[str, npt.ArrayLike] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.blank = np.zeros(self.shape, dtype=np.int64)
        self.inputs = {name: self.blank for name in self.program.inputs}
        self.states = {
            name: self.blank + np.asarray(self.initial.get(name, 0), dtype=np.int64)
            for name in self.program.states
        }
        self.sent: dict[str, IntArray] = {}
        self.executed = self.blank

    def step(self) -> None:
        """Run the program once, from its beginning to its end.

        Raises
        ------
        ProgramError
            A loop takes more rounds than it says.
        """
        run = _Run(self)
        run.to_the_end()
        for kind, cells in (("input", self.inputs), ("state", self.states), ("port", self.sent)):
            for name, slot in self.slots.of_kind(kind):
                cells[name] = self.blank + run.cells[slot]
        self.executed = run.executed + run.together

    @cached_property
    def slots(self) -> _Slots:
        """Where the values of the program's operands lie."""
        return _Slots(self.program)


class _Slots:
    """Gives every operand of a program a place in a list, and every instruction its places."""

    def __init__(self, program: Program) -> None:
        self._places: dict[Operand, int] = {}
        for operand in (o for i in program.instructions for o in i.operands if o.kind != "label"):
            self._places.setdefault(operand, len(self._places))
        self.code = [self._instruction(instruction) for instruction in program.instructions]

    def _instruction(self, instruction: Instruction) -> tuple[str, Any, tuple[int, ...]]:
        name, operands = instruction.operation, instruction.operands
        function = _RESULTS.get(name) or _COMPARISONS.get(name)
        if name == "SHL" and operands[-1].kind == "number":
            function, operands = _fixed_shift(operands[-1].value), operands[:-1]
        elif name == "MUL_SHR":
            function, operands = _fixed_product(operands[-1].value), operands[:-1]
        return name, function, tuple(self._places[o] for o in operands if o.kind != "label")

    def of_kind(self, kind: str) -> list[tuple[str, int]]:
        """Return name and place of all operands of a kind."""
        return [(o.name, place) for o, place in self._places.items() if o.kind == kind]

    def filled(self, neurons: Neurons) -> list[IntArray]:
        """Return the list with the values from before the first instruction."""
        sources: Mapping[str, Mapping[str, IntArray]] = {
            "input": neurons.inputs,
            "state": neurons.states,
            "const": neurons.constants,
        }
        cells: list[IntArray] = []
        for operand in self._places:
            if operand.kind in sources:
                cells.append(sources[operand.kind][operand.name])
            elif operand.kind == "number":
                cells.append(np.asarray(operand.value))
            else:
                cells.append(neurons.blank)
        return cells


class _Run:
    """One execution of a program."""

    def __init__(self, neurons: Neurons) -> None:
        self.program = neurons.program
        self.code = neurons.slots.code
        self.cells = neurons.slots.filled(neurons)
        self.blank = neurons.blank
        self.flag: BoolArray = np.zeros(neurons.shape, dtype=np.bool_)
        self.together = 0
        self.executed: IntArray = self.blank
        self.rounds: dict[int, IntArray] = {}

    def to_the_end(self) -> None:
        """Execute until every neuron has come to the end."""
        size = len(self.code)
        here, at = 0, None
        while here < size:
            if at is None:
                here, at = self._all(here, size)
                continue
            here = int(at.min())
            mask = at == here
            at = None if mask.all() else self._some(here, int(at[~mask].min()), mask, at)

    def _all(self, here: int, size: int) -> tuple[int, IntArray | None]:
        """Execute for all neurons until they part; return where they are."""
        while here < size:
            self.together += 1
            operation = self.code[here][0]
            if operation in ("JMP_C", "SKP_C"):
                onward = self._branch(here, None)
                here = int(onward.min())
                if here != onward.max():
                    return here, onward
            else:
                self._execute(here, None)
                here += 1
        return here, None

    def _some(self, here: int, meeting: int, mask: BoolArray, at: IntArray) -> IntArray:
        """Execute for some neurons until they part or meet others; return where all are."""
        steps = 0
        while here < meeting:
            steps += 1
            if self.code[here][0] in ("JMP_C", "SKP_C"):
                self.executed = self.executed + steps * mask
                return np.where(mask, self._branch(here, mask), at)
            self._execute(here, mask)
            here += 1
        self.executed = self.executed + steps * mask
        return np.where(mask, here, at)

    def _branch(self, here: int, mask: BoolArray | None) -> IntArray:
        """Return where each neuron goes on."""
        target = self.program.target(here)
        taken = self.flag if mask is None else self.flag & mask
        if target <= here:
            self._count_round(here, taken, mask)
        return np.where(taken, target, here + 1)

    def _count_round(self, here: int, taken: BoolArray, mask: BoolArray | None) -> None:
        rounds = self.rounds.get(here, self.blank)
        left = self.blank if mask is None else np.where(mask, 0, rounds)
        self.rounds[here] = np.where(taken, rounds + 1, left)
        instruction = self.program.instructions[here]
        if self.rounds[here].max(initial=0) > (instruction.bound or 0):
            raise ProgramError(
                f"{instruction.place}: '{instruction}' went back more than {instruction.bound} "
                "times",
                process=self.program.name,
            )

    def _execute(self, here: int, mask: BoolArray | None) -> None:
        operation, function, places = self.code[here]
        cells = self.cells
        if operation in _COMPARISONS:
            found = function(cells[places[0]], cells[places[1]])
            if mask is not None:
                found = np.where(mask, found, self.flag)
            self.flag = found if found.shape == self.blank.shape else found | (self.blank != 0)
            return
        if operation == "SEL":
            result = np.where(self.flag, cells[places[1]], cells[places[2]])
        else:
            result = function(*(cells[place] for place in places[1:]))
        if operation == "RMW":
            self._write(places[1], result, mask)
        elif operation == "RDC":
            self._write(places[1], self.blank, mask)
        self._write(places[0], result, mask)

    def _write(self, place: int, value: IntArray, mask: BoolArray | None) -> None:
        self.cells[place] = value if mask is None else np.where(mask, value, self.cells[place])
