"""Leave out copies: a result is computed where it is wanted."""

from __future__ import annotations

from collections.abc import Sequence

from lava_spikyspace.hardware.microcode.operations import OPERATIONS
from lava_spikyspace.hardware.microcode.program import Instruction, Operand


def without_copies(code: Sequence[Instruction]) -> list[Instruction]:
    """Return straight-line code without copies of scratch registers.

    ``op $1, x`` ... ``MOV d, $1`` becomes ``op d, x`` where d is a register that nothing in between
    reads or writes.

    Parameters
    ----------
    code : sequence of Instruction
        Of one statement; it has no jumps inside.
    """
    kept = list(code)
    index = 0
    while index < len(kept):
        moved = _renamed(kept, index)
        if moved is None:
            index += 1
        else:
            kept = moved
    return kept


def _renamed(code: list[Instruction], index: int) -> list[Instruction] | None:
    """Return the code without the copy at an index; None if that is none or has to stay."""
    copy = code[index]
    if copy.operation != "MOV" or copy.operands[0].kind != "reg":
        return None
    target, scratch = copy.operands
    if scratch.kind != "reg" or not scratch.name.startswith("$"):
        return None
    made = [i for i in range(index) if _writes(code[i]) == scratch]
    if len(made) != 1:
        return None
    between = code[made[0] + 1 : index]
    if any(target in instruction.operands for instruction in between):
        return None
    changed = [code[made[0]], *between]
    return [
        *code[: made[0]],
        *(_replaced(instruction, scratch, target, i == 0) for i, instruction in enumerate(changed)),
        *(_replaced(instruction, scratch, target, False) for instruction in code[index + 1 :]),
    ]


def _replaced(
    instruction: Instruction, old: Operand, new: Operand, only_result: bool
) -> Instruction:
    operands = instruction.operands
    if only_result:
        replaced = (new, *operands[1:])
    else:
        replaced = tuple(new if operand == old else operand for operand in operands)
    return Instruction(instruction.operation, replaced, instruction.place, instruction.bound)


def _writes(instruction: Instruction) -> Operand | None:
    """Return the operand that an instruction writes, besides state."""
    if OPERATIONS[instruction.operation].writes_register:
        return instruction.operands[0]
    return None
