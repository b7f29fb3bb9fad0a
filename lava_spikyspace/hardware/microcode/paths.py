"""How many instructions a program takes at best and at worst, from its text alone."""

from __future__ import annotations

from typing import NamedTuple

from lava_spikyspace.hardware.microcode.program import Program


class PathLengths(NamedTuple):
    """Instructions from the beginning to the end of a program.

    Attributes
    ----------
    best : int
        On the shortest path.
    worst : int
        On the longest one; every loop takes all the rounds that it may.
    """

    best: int
    worst: int


def path_lengths(program: Program) -> PathLengths:
    """Return the lengths of the shortest and the longest path.

    Conditions are not looked at: a path counts even if no input takes it.

    Parameters
    ----------
    program : Program
        A valid program.
    """
    size = len(program.instructions)
    shortest = [0] * (size + 1)
    longest = [0] * (size + 1)
    extra = _loop_rounds(program)
    for index in reversed(range(size)):
        onward = [n for n in program.successors(index) if n > index]
        shortest[index] = 1 + min(shortest[n] for n in onward)
        longest[index] = 1 + extra[index] + max(longest[n] for n in onward)
    return PathLengths(shortest[0], longest[0])


def _loop_rounds(program: Program) -> list[int]:
    """Return what the further rounds of loops take, noted at the first instruction of each."""
    extra = [0] * len(program.instructions)
    backward = [
        (index, program.target(index), instruction.bound or 0)
        for index, instruction in enumerate(program.instructions)
        if instruction.operation == "JMP_C" and program.target(index) <= index
    ]
    # Inner loops first: they are shorter and make the rounds of the outer ones longer.
    for last, first, bound in sorted(backward, key=lambda loop: loop[0] - loop[1]):
        extra[first] += bound * _round(program, first, last, extra)
    return extra


def _round(program: Program, first: int, last: int, extra: list[int]) -> int:
    """Return the longest path through the body of a loop."""
    longest: dict[int, int] = {}
    for index in range(last, first - 1, -1):
        onward = [longest[n] for n in program.successors(index) if index < n <= last]
        longest[index] = 1 + extra[index] + max(onward, default=0)
    return longest[first]
