"""Programs as text for people: copies of the same lines are shown once."""

from __future__ import annotations

from collections.abc import Sequence

from lava_spikyspace.hardware.microcode.program import Instruction, Program

LONGEST = 120
"""Instructions of a block whose copies are found."""

LEAST_LEFT_OUT = 2
"""Copies that are left out, at least; fewer are shown."""


def shortened(program: Program) -> list[str]:
    """Return the lines of a program; what repeats with other indices is shown once.

    Parameters
    ----------
    program : Program
        Any program.
    """
    before: dict[int, list[str]] = {}
    for label, index in program.labels.items():
        before.setdefault(index, []).append(f"{label}:")
    code = program.instructions
    lines: list[str] = []
    index = 0
    while index < len(code):
        size, copies = _copies(code, index)
        for at in range(index, index + size):
            lines += [*before.get(at, ()), f"    {code[at]}"]
        index += size
        if copies - 1 >= LEAST_LEFT_OUT:
            left_out = size * (copies - 1)
            lines.append(f"    ; and {copies - 1} times the same with the next indices")
            index += left_out
    return [*lines, *before.get(len(code), ()), "end"]


def _copies(code: Sequence[Instruction], start: int) -> tuple[int, int]:
    """Return the size of the block at an instruction, and how often it stands there in a row.

    The block is the one that leaves out most; 1 and 1 where nothing repeats.
    """
    shapes = [(i.place, i.operation, len(i.operands)) for i in code[start : start + 8 * LONGEST]]
    best = (1, 1)
    for size in range(1, min(LONGEST, len(shapes) // 2) + 1):
        if shapes[size] != shapes[0]:
            continue
        copies = 1
        while _same(shapes, size, copies):
            copies += 1
        if copies - 1 >= LEAST_LEFT_OUT and size * (copies - 1) > best[0] * (best[1] - 1):
            best = (size, copies)
    return best


def _same(shapes: Sequence[object], size: int, copies: int) -> bool:
    nth = shapes[copies * size : (copies + 1) * size]
    return len(nth) == size and list(nth) == list(shapes[:size])
