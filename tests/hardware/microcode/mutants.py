"""Changes of single instructions: one of the operation, one of every operand and constant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lava_spikyspace.hardware.microcode.kinds import NeuronKind
from lava_spikyspace.hardware.microcode.program import Instruction, Operand, Program, number

INSTEAD = {
    "ADD": "MIN",
    "MIN": "ADD",
    "AND": "OR",
    "OR": "AND",
    "SHL": "ADD",
    "SEL": "MIN",
    "NEG": "MOV",
    "MOV": "NEG",
    "RDC": "MOV",
    "LT": "GE",
    "GE": "LT",
    "EQ": "LT",
}
"""What an operation is changed to."""

_CHANGED = "'"


@dataclass(frozen=True)
class Mutant:
    """A program with one change.

    Parameters
    ----------
    kind : NeuronKind
        With the changed program.
    at : int
        Which instruction.
    what : str
        ``operation``, ``operand`` or ``constant``.
    changed : Instruction
        Instead of the one that stands there.
    before, after : str
        The instruction.
    """

    kind: NeuronKind
    at: int
    what: str
    changed: Instruction
    before: str
    after: str

    def on(self, kind: NeuronKind) -> Mutant:
        """Return the same change of the same program with other constants."""
        return _mutant(kind, self.at, self.what, self.changed)


def mutants(kind: NeuronKind) -> Iterator[Mutant]:
    """Yield all changes of a kind's program."""
    for at, instruction in enumerate(kind.program.instructions):
        for what, changed in _changes(kind.program, at, instruction):
            yield _mutant(kind, at, what, changed)


def _mutant(kind: NeuronKind, at: int, what: str, changed: Instruction) -> Mutant:
    before = kind.program.instructions[at]
    constants = dict(kind.constants)
    names = list(kind.program.constants)
    for operand in changed.operands:
        if operand.kind == "const" and operand.name.endswith(_CHANGED):
            constants[operand.name] = constants[operand.name.removesuffix(_CHANGED)] + 1
            names.append(operand.name)
    code = list(kind.program.instructions)
    code[at] = changed
    program = replace(kind.program, instructions=tuple(code), constants=tuple(names))
    made = replace(kind, program=program, constants=constants)
    return Mutant(made, at, what, changed, str(before), str(changed))


def _changes(program: Program, at: int, old: Instruction) -> Iterator[tuple[str, Instruction]]:
    """Yield what an instruction is changed to, and which part of it."""
    other = _other_operation(program, at, old)
    if other is not None:
        yield "operation", other
    for index, operand in enumerate(old.operands):
        for what, changed in _other_operands(program, at, index, operand):
            operands = (*old.operands[:index], changed, *old.operands[index + 1 :])
            bound = old.bound
            if changed.kind == "label":
                is_back = program.labels[changed.name] <= at
                bound = (bound if bound is not None else 99) if is_back else None
            yield what, replace(old, operands=operands, bound=bound)
    if old.bound:
        yield "operand", replace(old, bound=old.bound - 1)


def _other_operation(program: Program, at: int, old: Instruction) -> Instruction | None:
    name, operands = old.operation, old.operands
    if name == "RMW":
        return replace(old, operation="MOV", operands=(operands[0], operands[1]))
    if name == "MUL_SHR":
        return replace(old, operation="ADD", operands=operands[:3])
    if name in ("JMP_C", "SPIKE") or (name == "MOV" and operands[1] == number(0)):
        # Gone: what it would do is not done.
        return replace(
            old,
            operation="SEL",
            operands=(Operand("reg", "$gone"), number(0), number(0)),
            bound=None,
        )
    return replace(old, operation=INSTEAD[name])


def _other_operands(
    program: Program, at: int, index: int, operand: Operand
) -> Iterator[tuple[str, Operand]]:
    if operand.kind == "number":
        yield "operand", number(operand.value + 1 if operand.value < (1 << 23) - 1 else 0)
    elif operand.kind == "reg":
        yield "operand", Operand("reg", _neighbour(operand.name, program.registers))
    elif operand.kind == "const":
        yield "constant", Operand("const", operand.name + _CHANGED)
        if len(program.constants) > 1:
            yield "operand", Operand("const", _neighbour(operand.name, program.constants))
    elif operand.kind == "label":
        yield "operand", Operand("label", _neighbour(operand.name, tuple(program.labels)))
    else:
        names = {"state": program.states, "input": program.inputs, "port": program.outputs}
        known = names[operand.kind]
        if len(known) > 1:
            yield "operand", Operand(operand.kind, _neighbour(operand.name, known))


def _neighbour(name: str, names: Sequence[str]) -> str:
    """Return the name beside a name: the one before, or the next of the first."""
    at = names.index(name)
    return names[at - 1] if at else names[min(1, len(names) - 1)]
