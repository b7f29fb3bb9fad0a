"""Change each instruction of each program in turn and see whether the trials notice.

``python -m tests.hardware.microcode.mutation`` changes all programs and prints a row for each;
``--write`` also stores rows and survivors in ``mutation.json``, from which the documentation is
made and which a test holds against a sample; ``--new`` leaves out programs that are stored there as
they are now. Every program is changed once, however many layers run it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path

from lava_spikyspace.errors import SpikySpaceError
from lava_spikyspace.hardware.microcode.kinds import KindGraph, NeuronKind
from lava_spikyspace.hardware.microcode.program import Program
from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.hardware.microcode.validation import validate
from lava_spikyspace.plan import Plan, make_plan
from tests.hardware.microcode.mutants import Mutant, mutants
from tests.hardware.microcode.reasons import REASONS, reason_for
from tests.hardware.microcode.sharpening import sharpened
from tests.hardware.microcode.trials import Trial, failures, make_trial, side_by_side
from tests.random_networks import random_network
from tests.random_spike_ssm import random_spike_ssm

STORED = Path(__file__).with_name("mutation.json")
"""Result of all changes."""

DEMANDED = 0.95
"""Share of changes that has to be noticed."""

NETWORKS = {
    "narrow": {"seed": 1},
    "wide": {"seed": 3, "wide": True},
    "tight": {"seed": 4, "tight": True},
    "first": {"seed": 1, "first": (-1.4, 0.6, 0)},
    "first, wide": {"seed": 3, "wide": True, "first": (0.7, -2.3)},
}
"""Networks whose programs are changed: values of one word, of two, and at the limits; states that
have offsets at the first elements of a window."""

BROAD = {"broad": {"seed": 5, "broad": True}}
"""Networks with messages of two words, which are planned in one coding: messages are the same in
both."""

OTHERS = {
    "refractory": {"seed": 5},
    "soft reset": {"seed": 6, "neuron": "soft_reset", "wide": True},
    "hard reset": {"seed": 7, "neuron": "hard_reset", "wide": True, "classification": False},
    "bernoulli": {"seed": 8, "neuron": "bernoulli"},
}
"""Networks of the second family; their codes have one bit, so they are planned in one coding."""

_BASE = 7
"""Seed of the variant whose program is changed."""

SMALL = {"blocks": 1, "golden": 0, "window": 4, "bits": {"y1": 4, "pts": 4}}


@dataclass(frozen=True)
class Size:
    """How much a program is tried on.

    Parameters
    ----------
    variants : int
        Layers with other constants, side by side.
    lanes, windows : int
        Copies of each, and windows that follow each other.
    """

    variants: int
    lanes: int
    windows: int


SHORT = Size(variants=12, lanes=4, windows=3)
LONG = Size(variants=60, lanes=10, windows=4)
"""Trials, and those that a change goes through which the short ones do not notice."""


@cache
def plan_of(network: str, coding: str) -> Plan:
    """Return the plan of one of `NETWORKS`, `BROAD` or `OTHERS`."""
    if network in OTHERS:
        return make_plan(random_spike_ssm(**OTHERS[network], blocks=1, window=4), coding)
    return make_plan(random_network(**{**SMALL, **{**NETWORKS, **BROAD}[network]}), coding)


@cache
def graph_of(network: str, coding: str) -> KindGraph:
    """Return its neuron kinds."""
    return split_plan(plan_of(network, coding))


def trial_of(plan: Plan, graph: KindGraph, layer: str, size: Size, seed: int) -> Trial:
    """Return a layer as it is and with other constants, as lanes of one trial.

    Only constants with which its programs stay the same are taken.
    """
    sizes = {"lanes": size.lanes, "windows": size.windows}
    # All trials of a layer have the program of the same variant.
    base = _sharp_trial(plan, graph, layer, _BASE, sizes)
    usual = [kind.program.instructions for kind in base.graph.kinds]
    found = [base, make_trial(plan, layer, seed, **sizes, graph=graph)]
    found += [_sharp_trial(plan, graph, layer, seed + i, sizes) for i in range(size.variants)]
    return side_by_side(
        [t for t in found if [kind.program.instructions for kind in t.graph.kinds] == usual]
    )


def _sharp_trial(
    plan: Plan, graph: KindGraph, layer: str, seed: int, sizes: Mapping[str, int]
) -> Trial:
    """Return a trial of a layer with constants in which differences show."""
    rough = make_trial(plan, layer, seed, **sizes, graph=graph)
    changed = sharpened(rough.layer, rough)
    if changed is rough.layer:
        return rough
    layers = tuple(changed if known.name == layer else known for known in plan.network)
    aimed = make_plan(replace(plan.network, layers=layers), plan.coding)
    return make_trial(aimed, layer, seed, **sizes, graph=split_plan(aimed), aim=rough.layer)


def noticed(mutant: Mutant, trial: Trial) -> str | None:
    """Return how a change is noticed: by the validator, a fault or a trial; None if it is not."""
    try:
        validate(mutant.kind.program)
    except SpikySpaceError:
        return "validator"
    kinds = tuple(mutant.kind if k.name == mutant.kind.name else k for k in trial.graph.kinds)
    try:
        if any(islice(failures(trial, KindGraph(kinds, trial.graph.synapses)), 1)):
            return "trial"
    except SpikySpaceError:
        return "fault"
    return None


@dataclass
class Tally:
    """How the changes of one program fared.

    Parameters
    ----------
    network, coding, layer, kind, program : str
        Where the program stands.
    digest : str
        Of its instructions.
    mutants, caught, by_validator : int
        Changes.
    survivors : list of dict
        Those that nothing noticed, with place, both instructions and reason.
    """

    network: str
    coding: str
    layer: str
    kind: str
    program: str
    digest: str
    mutants: int = 0
    caught: int = 0
    by_validator: int = 0
    survivors: list[dict[str, object]] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.network:8} {self.coding:7} {self.kind:28} {self.program:18} "
            f"{self.caught:5} of {self.mutants:5} ({self.by_validator} by validator)"
        )


@dataclass
class Bench:
    """A layer whose programs are changed.

    Parameters
    ----------
    network, coding, layer : str
        Which.
    kinds : tuple of str
        Those kinds whose programs no other bench has.
    """

    network: str
    coding: str
    layer: str
    kinds: tuple[str, ...]

    @cached_property
    def short(self) -> Trial:
        return self._trial(SHORT, 0)

    @cached_property
    def long(self) -> Trial:
        return self._trial(LONG, 1000)

    def _trial(self, size: Size, seed: int) -> Trial:
        plan, graph = plan_of(self.network, self.coding), graph_of(self.network, self.coding)
        return trial_of(plan, graph, self.layer, size, seed)

    def changed(self, kind: str) -> NeuronKind:
        """Return the kind whose program is changed: that of the trials."""
        return next(k for k in self.short.graph.kinds if k.name == kind)

    def changes(self, kind: str) -> Iterator[Mutant]:
        """Yield the changes of the program of a kind that do change it."""
        return (m for m in mutants(self.changed(kind)) if m.before != m.after)

    def survives(self, mutant: Mutant) -> bool:
        """Whether neither trial notices a change."""
        return noticed(mutant, self.short) is None and self._survives_long(mutant)

    def _survives_long(self, mutant: Mutant) -> bool:
        return noticed(self._with_constants(mutant, self.long), self.long) is None

    def _with_constants(self, mutant: Mutant, trial: Trial) -> Mutant:
        """Return a change of the same program with the constants of another trial."""
        kind = next(k for k in trial.graph.kinds if k.name == mutant.kind.name)
        return mutant.on(kind)

    def tally(self, kind: str, every: int = 1) -> Tally:
        """Change the program of a kind and count.

        Parameters
        ----------
        kind : str
            One of `kinds`.
        every : int
            Only every so many changes.
        """
        program = self.changed(kind).program
        usual = graph_of(self.network, self.coding).by_name[kind].program
        where = (self.network, self.coding, self.layer, kind)
        tally = Tally(*where, program.name, digest_of(usual))
        for mutant in islice(self.changes(kind), 0, None, every):
            how = noticed(mutant, self.short)
            if how is None and not self._survives_long(mutant):
                how = "trial"
            tally.mutants += 1
            tally.caught += how is not None
            tally.by_validator += how == "validator"
            if how is None:
                long = self._with_constants(mutant, self.long)
                reason, seen = reason_for(long, program, self.long)
                place = program.instructions[mutant.at].place
                tally.survivors.append(
                    {
                        "place": str(place),
                        "at": mutant.at,
                        "before": mutant.before,
                        "after": mutant.after,
                        "reason": reason,
                        "executions": seen,
                    }
                )
        return tally


def benches() -> list[Bench]:
    """Return the layers of all networks in both codings whose programs no earlier one has."""
    seen: set[str] = set()
    found = []
    planned = [(network, coding) for network in NETWORKS for coding in ("graded", "unary")]
    planned += [(network, "graded") for network in (*BROAD, *OTHERS)]
    for network, coding in planned:
        plan, graph = plan_of(network, coding), graph_of(network, coding)
        for layer in plan.network:
            kinds = [k for k in graph.kinds if k.layer == layer.name]
            new = tuple(k.name for k in kinds if digest_of(k.program) not in seen)
            seen.update(digest_of(k.program) for k in kinds)
            if new:
                found.append(Bench(network, coding, layer.name, new))
    return found


def digest_of(program: Program) -> str:
    """Return a digest of the instructions of a program."""
    return sha256("\n".join(program.lines()).encode()).hexdigest()[:16]


def with_places(tally: Tally, program: Program) -> Tally:
    """Return a tally whose survivors name the lines that the listing has now."""
    places = [program.instructions[survivor["at"]].place for survivor in tally.survivors]
    moved = [
        {**survivor, "place": str(place)}
        for survivor, place in zip(tally.survivors, places, strict=True)
    ]
    return replace(tally, survivors=moved)


def stored(path: Path = STORED) -> list[Tally]:
    """Return what is stored."""
    if not path.exists():
        return []
    return [Tally(**row) for row in json.loads(path.read_text(encoding="utf-8"))["programs"]]


def _work(task: tuple[Bench, str, int]) -> Tally:
    bench, kind, every = task
    return bench.tally(kind, every)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each program and every change that nothing noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=1, help="only every so many changes")
    parser.add_argument("--program", help="only programs of this name")
    parser.add_argument(
        "--network", choices=[*NETWORKS, *BROAD, *OTHERS], nargs="*", help="only of these"
    )
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="store the result")
    parser.add_argument("--file", type=Path, default=STORED, help=f"default: {STORED.name}")
    parser.add_argument("--new", action="store_true", help="only programs that are not stored")
    chosen = parser.parse_args(arguments)
    known = {tally.digest: tally for tally in stored(chosen.file)} if chosen.new else {}
    tasks, tallies = [], []
    for bench in benches():
        for kind in bench.kinds:
            program = graph_of(bench.network, bench.coding).by_name[kind].program
            if digest_of(program) in known:
                tallies.append(with_places(known[digest_of(program)], bench.changed(kind).program))
            elif chosen.program in (None, program.name) and (
                not chosen.network or bench.network in chosen.network
            ):
                tasks.append((bench, kind, chosen.every))
    with multiprocessing.Pool(chosen.processes) as pool:
        for tally in pool.imap(_work, tasks):
            tallies.append(tally)
            if chosen.write:
                chosen.file.write_text(as_text(tallies), encoding="utf-8")
            print(tally)
            for survivor in tally.survivors:
                print("    {place}: {before}  ->  {after}  [{reason}]".format(**survivor))
            sys.stdout.flush()
    total, caught = sum(t.mutants for t in tallies), sum(t.caught for t in tallies)
    print(f"{caught} of {total} changes noticed: {100 * caught / total:.2f} %")
    return 0 if caught >= DEMANDED * total else 1


def as_text(tallies: Sequence[Tally]) -> str:
    """Return tallies as JSON, a survivor a line."""
    rows = []
    for tally in tallies:
        shown = {k: v for k, v in vars(tally).items() if k != "survivors"}
        lines = ",\n  ".join(json.dumps(survivor) for survivor in tally.survivors)
        inner = f"\n  {lines}\n " if lines else ""
        rows.append(json.dumps(shown)[:-1] + f', "survivors": [{inner}]}}')
    head = json.dumps({"reasons": REASONS}, indent=1)[:-2]
    return head + ',\n "programs": [\n ' + ",\n ".join(rows) + "\n]}\n"


if __name__ == "__main__":
    sys.exit(main())
