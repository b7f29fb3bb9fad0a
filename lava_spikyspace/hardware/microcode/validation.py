"""What a program has to keep besides its syntax: jumps, loops, ends, registers."""

from __future__ import annotations

from lava_spikyspace.hardware.microcode.errors import ListingError
from lava_spikyspace.hardware.microcode.operations import OPERATIONS
from lava_spikyspace.hardware.microcode.program import Instruction, Program
from lava_spikyspace.hardware.microcode.words import HIGHEST, LOWEST

_FLAG = "the flag"


def validate(program: Program) -> None:
    """Refuse a program that is not well formed.

    Raises
    ------
    ListingError
        A jump to a label that is not there; a jump back without a bound, or forward with one; an
        end that is skipped; a register or the flag used before it is set; a number that is wider
        than a word; an instruction that nothing reaches. Names the line.
    """
    for index, instruction in enumerate(program.instructions):
        _check_numbers(instruction)
        if instruction.operation == "JMP_C":
            _check_jump(program, index)
        elif instruction.operation == "SKP_C":
            _check_skip(program, index)
    _check_registers(program)


def _check_numbers(instruction: Instruction) -> None:
    for operand in instruction.operands:
        if operand.kind == "number" and not LOWEST <= operand.value <= HIGHEST:
            raise ListingError(
                instruction.place,
                f"{instruction.operation}: the number {operand.value} is wider than a word",
            )


def _check_jump(program: Program, index: int) -> None:
    instruction = program.instructions[index]
    name = instruction.operands[0].name
    if name not in program.labels:
        known = ", ".join(sorted(program.labels)) or "none"
        raise ListingError(instruction.place, f"undeclared label {name!r}; known: {known}")
    is_back = program.labels[name] <= index
    if is_back and instruction.bound is None:
        raise ListingError(
            instruction.place,
            f"unbounded loop: a jump back to {name!r} says how often at most (JMP_C {name}, N)",
        )
    if is_back and (instruction.bound or 0) < 0:
        raise ListingError(instruction.place, f"a loop of {instruction.bound} rounds")
    if not is_back and instruction.bound is not None:
        raise ListingError(instruction.place, f"{name!r} is below: a jump forward has no bound")


def _check_skip(program: Program, index: int) -> None:
    target = program.target(index)
    if not index + 1 < target <= len(program.instructions):
        raise ListingError(
            program.instructions[index].place,
            f"skips {target - index - 1} instructions, {len(program.instructions) - index - 1} "
            "follow: control would fall through the end of the program",
        )


def _check_registers(program: Program) -> None:
    """Follow all paths and see which registers are set for certain at each instruction."""
    size = len(program.instructions)
    known: list[frozenset[str] | None] = [None] * (size + 1)
    known[0] = frozenset()
    todo = [0] if size else []
    while todo:
        index = todo.pop()
        before = known[index]
        instruction = program.instructions[index]
        if before is None:
            continue
        after = before | _sets(instruction)
        for following in program.successors(index):
            held = known[following]
            joined = after if held is None else held & after
            if joined != held:
                known[following] = joined
                if following < size:
                    todo.append(following)
    for index, instruction in enumerate(program.instructions):
        set_before = known[index]
        if set_before is None:
            raise ListingError(instruction.place, f"nothing reaches '{instruction}'")
        for name in sorted(_uses(instruction) - set_before):
            raise ListingError(
                instruction.place, f"'{instruction}' uses {name}, which is not set on every path"
            )


def _sets(instruction: Instruction) -> frozenset[str]:
    operation = OPERATIONS[instruction.operation]
    if instruction.operation in ("LT", "GE", "EQ"):
        return frozenset({_FLAG})
    if operation.writes_register and instruction.operands[0].kind == "reg":
        return frozenset({instruction.operands[0].name})
    return frozenset()


def _uses(instruction: Instruction) -> frozenset[str]:
    operands = instruction.operands
    if OPERATIONS[instruction.operation].writes_register:
        operands = operands[1:]
    names = {operand.name for operand in operands if operand.kind == "reg"}
    if instruction.operation in ("SEL", "SKP_C", "JMP_C"):
        names.add(_FLAG)
    return frozenset(names)
