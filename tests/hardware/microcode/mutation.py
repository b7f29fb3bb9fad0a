"""Change each instruction of each program in turn and see whether the trials notice.

Run ``python -m tests.hardware.microcode.mutation`` for the whole table; ``--help`` says more. For
every instruction there is one change of the operation, one of every operand, and one of the value
of every constant.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from itertools import islice

import numpy as np

from lava_spikyspace.arithmetic import pt_softplus
from lava_spikyspace.arithmetic.activations import SILU_BREAK, SOFTPLUS_BREAK
from lava_spikyspace.errors import SpikySpaceError
from lava_spikyspace.hardware.microcode.kinds import KindGraph, NeuronKind
from lava_spikyspace.hardware.microcode.program import Instruction, Operand, Program, number
from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.hardware.microcode.validation import validate
from lava_spikyspace.network import (
    ConvLayer,
    GateLayer,
    HeadLayer,
    Layer,
    LinearLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.plan import Plan, make_plan
from tests.hardware.microcode.trials import Trial, failures, make_trial
from tests.random_networks import random_network

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

SHORT = {"lanes": 40, "windows": 3}
LONG = {"lanes": 1500, "windows": 4}
"""Size of the trials, and of those that a change goes through which the short ones do not see."""

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
    before, after : str
        The instruction.
    """

    kind: NeuronKind
    at: int
    what: str
    before: str
    after: str


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
    return Mutant(made, at, what, str(before), str(changed))


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


def noticed(mutant: Mutant, trials: Sequence[Trial]) -> str | None:
    """Return how a change is noticed: by the validator, a fault or a trial; None if it is not."""
    if mutant.before == mutant.after:
        return "same"
    try:
        validate(mutant.kind.program)
    except SpikySpaceError:
        return "validator"
    for trial in trials:
        kinds = tuple(mutant.kind if k.name == mutant.kind.name else k for k in trial.graph.kinds)
        try:
            if any(islice(failures(trial, KindGraph(kinds, trial.graph.synapses)), 1)):
                return "trial"
        except SpikySpaceError:
            return "fault"
    return None


@dataclass
class Tally:
    """How the changes of one program fared."""

    program: str
    mutants: int = 0
    caught: int = 0
    by_validator: int = 0
    survivors: list[Mutant] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self.survivors = []


def try_layer(
    plan: Plan, layer: str, *, seed: int = 0, every: int = 1, graph: KindGraph | None = None
) -> dict[str, Tally]:
    """Change the programs of a layer and count.

    Parameters
    ----------
    plan : Plan
        Network and coding.
    layer : str
        The layer.
    seed : int
        Draws what arrives.
    every : int
        Only every so many changes.
    graph : KindGraph, optional
        The kinds of the plan.
    """
    rough = make_trial(plan, layer, seed, **SHORT, graph=graph)
    sharp = sharpened(plan.network[layer], rough)
    if sharp is not plan.network[layer]:
        layers = tuple(sharp if known.name == layer else known for known in plan.network)
        plan, graph = make_plan(replace(plan.network, layers=layers), plan.coding), None
    short = [make_trial(plan, layer, seed, **SHORT, graph=graph)]
    long = None
    tallies: dict[str, Tally] = {}
    for kind in short[0].graph.kinds:
        tally = tallies.setdefault(kind.program.name, Tally(kind.program.name))
        for mutant in islice(mutants(kind), seed % every, None, every):
            how = noticed(mutant, short)
            if how is None:
                if long is None:
                    long = [make_trial(plan, layer, seed + 1, **LONG, graph=graph)]
                how = noticed(mutant, long)
            if how == "same":
                continue
            tally.mutants += 1
            tally.caught += how is not None
            tally.by_validator += how == "validator"
            if how is None:
                tally.survivors.append(mutant)
    return tallies


@singledispatch
def sharpened(layer: Layer, trial: Trial) -> Layer:
    """Return a layer in which small differences inside show in its codes."""
    return layer


@sharpened.register
def _(layer: ConvLayer, trial: Trial) -> Layer:
    elements = np.arange(trial.frames) % trial.plan.network.window
    theta = layer.theta.copy()
    for row in range(len(theta)):
        seen = trial.arriving["acc"][elements == min(row, elements.max())]
        theta[row] = _reached(seen, theta.shape[2], trial.rng)
    return replace(layer, theta=theta)


@sharpened.register
def _(layer: ScanLayer, trial: Trial) -> Layer:
    theta = _reached(trial.arriving["acc"], layer.theta.shape[1], trial.rng)
    return replace(layer, theta=theta)


def _reached(acc: np.ndarray, levels: int, rng: np.random.Generator) -> np.ndarray:
    """Return ascending thresholds for each channel: values that occur, or are just missed."""
    flat = acc.reshape(-1, acc.shape[-1])
    chosen = [rng.choice(channel, levels) + rng.integers(0, 2, levels) for channel in flat.T]
    return np.sort(np.stack(chosen), axis=1)


@sharpened.register
def _(layer: GateLayer, trial: Trial) -> Layer:
    return replace(layer, table=_telling(layer, SILU_BREAK, trial.rng))


@sharpened.register
def _(layer: SoftplusLayer, trial: Trial) -> Layer:
    table = _telling(layer, SOFTPLUS_BREAK, trial.rng)
    values = np.unique(pt_softplus(table, layer.frac_bits, layer.exp2_terms))
    # Between two values, a code turns either just above the lower one or at the upper one.
    even = np.arange(len(values) - 1) % 2 == 0
    turns = np.where(even, values[1:], values[:-1] + 1)
    levels = (1 << len(turns).bit_length()) - 1
    rest = turns[-1] + np.arange(1, levels - len(turns) + 1)
    return replace(layer, table=table, theta_out=np.concatenate([turns, rest]))


@sharpened.register(LinearLayer)
@sharpened.register(HeadLayer)
def _(layer: LinearLayer | HeadLayer, trial: Trial) -> Layer:
    """Let a sum of each channel be one below where its value turns."""
    seen = trial.arriving["acc"].reshape(-1, len(layer.mult))
    acc = np.array([trial.rng.choice(channel) for channel in seen.T])
    half = np.left_shift(np.int64(1), layer.shift - 1)
    over = (acc * layer.mult + layer.add + half + 1) % (2 * half)
    return replace(layer, add=layer.add - over)


def _telling(layer: GateLayer | SoftplusLayer, turn: float, rng: np.random.Generator) -> np.ndarray:
    """Return arguments on both sides of the turn, at whole exponents and anywhere else."""
    unit = 1 << layer.frac_bits
    at = math.ceil(turn * unit)
    special = [at - 1, at, at + 1, -1, unit - 1, -unit, -2 * unit - 1]
    anywhere = rng.integers(-4 * unit, 2 * unit, layer.table.size)
    return np.sort(np.concatenate([special, anywhere])[: layer.table.size])


NETWORKS = {
    "narrow": {"seed": 1},
    "wide": {"seed": 3, "wide": True},
    "tight": {"seed": 4, "tight": True},
}
"""Networks whose programs are changed: values of one word, of two, and at the limits."""

SMALL = {"blocks": 1, "golden": 0, "window": 4, "bits": {"y1": 4, "pts": 4}}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each program and every change that nothing noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", choices=[*NETWORKS, "all"], default="all")
    parser.add_argument("--coding", choices=["graded", "unary", "both"], default="both")
    parser.add_argument("--every", type=int, default=1)
    chosen = parser.parse_args(arguments)
    names = list(NETWORKS) if chosen.network == "all" else [chosen.network]
    codings = ["graded", "unary"] if chosen.coding == "both" else [chosen.coding]
    total = caught = 0
    for name in names:
        network = random_network(**{**SMALL, **NETWORKS[name]})
        for coding in codings:
            plan = make_plan(network, coding)
            graph = split_plan(plan)
            for layer in network:
                for tally in try_layer(plan, layer.name, every=chosen.every, graph=graph).values():
                    total, caught = total + tally.mutants, caught + tally.caught
                    print(
                        f"{name:7} {coding:7} {layer.name:22} {tally.program:18} "
                        f"{tally.caught:5} of {tally.mutants:5} ({tally.by_validator} by validator)"
                    )
                    for mutant in tally.survivors:
                        place = mutant.kind.program.instructions[mutant.at].place
                        print(f"    {place}: {mutant.before}  ->  {mutant.after}")
                    sys.stdout.flush()
    print(f"{caught} of {total} changes noticed: {100 * caught / total:.2f} %")
    return 0 if caught >= 0.95 * total else 1


if __name__ == "__main__":
    sys.exit(main())
