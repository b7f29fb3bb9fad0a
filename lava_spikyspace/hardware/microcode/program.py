"""Programs: instructions on single words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lava_spikyspace.hardware.microcode.errors import Place

OperandKind = Literal["reg", "state", "input", "const", "number", "label", "port"]


@dataclass(frozen=True)
class Operand:
    """What an instruction works on.

    Parameters
    ----------
    kind : str
        One word of a register, state, input or constant; a number; a label; an out port.
    name : str
        Its name; a number has none.
    value : int
        The number.
    """

    kind: OperandKind
    name: str = ""
    value: int = 0

    def __str__(self) -> str:
        return str(self.value) if self.kind == "number" else self.name


def number(value: int) -> Operand:
    """Return a number as an operand."""
    return Operand("number", "", value)


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Parameters
    ----------
    operation : str
        Its name.
    operands : tuple of Operand
        The destination first.
    place : Place
        Line of the listing that it comes from.
    bound : int, optional
        Most times in a row that a jump to a label above is taken.
    """

    operation: str
    operands: tuple[Operand, ...]
    place: Place
    bound: int | None = None

    def __str__(self) -> str:
        shown = [str(operand) for operand in self.operands]
        if self.bound is not None:
            shown.append(str(self.bound))
        return f"{self.operation} {', '.join(shown)}"


@dataclass(frozen=True)
class Program:
    """The program of a neuron, complete but for the values of its constants.

    Parameters
    ----------
    name, title : str
        Of its listing.
    instructions : tuple of Instruction
        In order; the program ends after the last one.
    labels : mapping of str to int
        Instruction that each label stands before.
    inputs, states, constants, outputs : tuple of str
        Names of words, and of out ports.
    source : str
        Text of the listing.
    """

    name: str
    title: str
    instructions: tuple[Instruction, ...]
    labels: Mapping[str, int]
    inputs: tuple[str, ...]
    states: tuple[str, ...]
    constants: tuple[str, ...]
    outputs: tuple[str, ...]
    source: str = field(default="", repr=False)

    @property
    def registers(self) -> tuple[str, ...]:
        """Names of the registers in the order of their first use."""
        found: dict[str, None] = {}
        for instruction in self.instructions:
            for operand in instruction.operands:
                if operand.kind == "reg":
                    found.setdefault(operand.name)
        return tuple(found)

    @property
    def operations(self) -> frozenset[str]:
        """Names of the operations that it uses."""
        return frozenset(instruction.operation for instruction in self.instructions)

    def target(self, index: int) -> int:
        """Return the instruction that instruction `index` can go to besides the next one."""
        instruction = self.instructions[index]
        if instruction.operation == "JMP_C":
            return self.labels[instruction.operands[0].name]
        return index + 1 + instruction.operands[0].value

    def successors(self, index: int) -> tuple[int, ...]:
        """Return the instructions that may follow one; `len(instructions)` is the end."""
        if self.instructions[index].operation in ("JMP_C", "SKP_C"):
            return index + 1, self.target(index)
        return (index + 1,)

    def lines(self) -> list[str]:
        """Return the program as text, a line for each instruction and label."""
        at: dict[int, list[str]] = {}
        for label, index in self.labels.items():
            at.setdefault(index, []).append(label)
        shown = []
        for index, instruction in enumerate(self.instructions):
            shown += [f"{label}:" for label in at.get(index, ())]
            shown.append(f"    {instruction}")
        shown += [f"{label}:" for label in at.get(len(self.instructions), ())]
        return [*shown, "end"]
