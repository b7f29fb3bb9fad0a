"""Why a change of a program is not noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from lava_spikyspace.hardware.microcode import interpreter
from lava_spikyspace.hardware.microcode.interpreter import Neurons, _Run
from lava_spikyspace.hardware.microcode.kinds import KindGraph
from lava_spikyspace.hardware.microcode.operations import OPERATIONS
from lava_spikyspace.hardware.microcode.program import Instruction, Program
from tests.hardware.microcode.mutants import Mutant
from tests.hardware.microcode.trials import Trial, failures

REASONS = {
    "unread": "what differs is overwritten before anything reads it, on every path (proved from "
    "the program's text)",
    "same": "the changed instruction does the same for every value that reaches it: over the "
    "proven ranges, at their ends and about all thresholds",
    "lost": "it computes something else, but what follows does not depend on the difference: bits "
    "that are shifted or masked away, a value that the next instruction bounds",
    "idle": "no value of the trials reaches the instruction",
}
"""Names of reasons and what they mean."""


def reason_for(mutant: Mutant, original: Program, trial: Trial) -> tuple[str, int]:
    """Return the name of the reason and how many executions it was looked for in.

    Parameters
    ----------
    mutant : Mutant
        A change that no trial notices.
    original : Program
        The program without it.
    trial : Trial
        What arrives.
    """
    if _is_unread(original, mutant):
        return "unread", 0
    watch = _Watch(original, mutant)
    kinds = tuple(
        replace(mutant.kind, program=watch.program) if kind.name == mutant.kind.name else kind
        for kind in trial.graph.kinds
    )
    with watch.watching():
        for _ in failures(trial, KindGraph(kinds, trial.graph.synapses)):
            raise AssertionError(f"{original.name} fails without a change")
    if not watch.executions:
        return "idle", 0
    return ("lost" if watch.differs else "same"), watch.executions


class _Watch:
    """Executes a changed instruction beside the one that it stands for, and compares."""

    def __init__(self, original: Program, mutant: Mutant) -> None:
        changed = mutant.kind.program
        self.at = mutant.at
        self.original = original
        self.changed = changed
        self.executions = 0
        self.differs = False
        # Both programs in one, so that there is a place for every operand of either.
        code = (*original.instructions, changed.instructions[mutant.at])
        self.program = replace(changed, instructions=code)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Let the interpreter run the original, and watch."""
        watch = self

        class Watched(_Run):
            def __init__(self, neurons: Neurons) -> None:
                self.is_watched = neurons.program is watch.program
                super().__init__(neurons)
                if self.is_watched:
                    self.other = self.code[-1]
                    self.code = self.code[:-1]
                    self.program = watch.original

            def _execute(self, here: int, mask: np.ndarray | None) -> None:
                if not (self.is_watched and here == watch.at):
                    super()._execute(here, mask)
                    return
                before, flag, usual = list(self.cells), self.flag, self.code
                self.code = [*usual[:here], self.other, *usual[here + 1 :]]
                if self.other[0] in ("JMP_C", "SKP_C"):
                    watch.differs = True
                else:
                    super()._execute(here, mask)
                found, found_flag = self.cells, self.flag
                self.cells, self.flag, self.code = before, flag, usual
                super()._execute(here, mask)
                watch.note(self, mask, found, found_flag)

            def _branch(self, here: int, mask: np.ndarray | None) -> np.ndarray:
                onward = super()._branch(here, mask)
                if self.is_watched and here == watch.at:
                    watch.note_branch(self, here, mask, onward)
                return onward

        usual = interpreter._Run
        interpreter._Run = Watched
        try:
            yield
        finally:
            interpreter._Run = usual

    def note(self, run: _Run, mask, found: list, found_flag) -> None:
        shape = run.blank.shape
        here = np.ones(shape, dtype=bool) if mask is None else mask
        self.executions += int(here.sum())
        pairs = [(run.flag, found_flag)]
        pairs += [(a, b) for a, b in zip(run.cells, found, strict=True) if a is not b]
        if any(np.any(np.not_equal(a, b) & here) for a, b in pairs):
            self.differs = True

    def note_branch(self, run: _Run, here: int, mask, onward) -> None:
        inside = np.ones(run.blank.shape, dtype=bool) if mask is None else mask
        self.executions += int(inside.sum())
        changed = self.changed.instructions[here]
        if changed.operation != self.original.instructions[here].operation:
            other = np.full(run.blank.shape, here + 1)  # the jump is gone
        else:
            other = np.where(run.flag, self.changed.target(here), here + 1)
        if np.any((other != onward) & inside):
            self.differs = True


def _is_unread(original: Program, mutant: Mutant) -> bool:
    """Whether what both instructions write is dead behind them, in both programs."""
    old, new = original.instructions[mutant.at], mutant.kind.program.instructions[mutant.at]
    if {old.operation, new.operation} & {"JMP_C", "SKP_C", "SPIKE", "LT", "GE", "EQ"}:
        return False
    alive = live_after(original, mutant.at)
    if (old.operation, new.operation) == ("RDC", "MOV") and old.operands == new.operands:
        # Both read the same; only one clears what it reads.
        return (old.operands[1].kind, old.operands[1].name) not in alive
    return not (written(old) | written(new)) & alive


def written(instruction: Instruction) -> frozenset[tuple[str, str]]:
    """Return kind and name of what an instruction writes."""
    operands = instruction.operands
    found = set()
    if OPERATIONS[instruction.operation].writes_register:
        found.add((operands[0].kind, operands[0].name))
    if instruction.operation in ("RMW", "RDC"):
        found.add((operands[1].kind, operands[1].name))
    return frozenset(found)


def read(instruction: Instruction) -> frozenset[tuple[str, str]]:
    """Return kind and name of what an instruction reads."""
    operands = instruction.operands
    if OPERATIONS[instruction.operation].writes_register:
        operands = operands[1:]
    return frozenset((o.kind, o.name) for o in operands if o.kind in ("reg", "state", "input"))


def live_after(program: Program, at: int) -> frozenset[tuple[str, str]]:
    """Return what may be read behind an instruction; state and inputs live on to the next step."""
    code = program.instructions
    size = len(code)
    lasting = frozenset(("state", name) for name in program.states)
    lasting |= frozenset(("input", name) for name in program.inputs)
    alive: list[frozenset[tuple[str, str]]] = [frozenset()] * size + [lasting]
    # State lives on only if the next step may read it before it writes it.
    while True:
        before = list(alive)
        for index in reversed(range(size)):
            onward = frozenset().union(*(alive[n] for n in program.successors(index)))
            killed = frozenset() if code[index].operation == "RMW" else written(code[index])
            alive[index] = (onward - killed) | read(code[index])
        ends = alive[0] & lasting if size else lasting
        alive[size] = ends
        if alive == before:
            break
    return frozenset().union(*(alive[n] for n in program.successors(at)))
