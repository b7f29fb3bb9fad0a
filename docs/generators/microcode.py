"""The page of the neuron programs: operations, split of a network, listings, mutants."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from generators.markdown import code, page, table
from lava_spikyspace.hardware.microcode.catalogue import (
    listing_names,
    listing_text,
    part_names,
)
from lava_spikyspace.hardware.microcode.operations import OPERATIONS
from lava_spikyspace.hardware.microcode.splitting import split_plan
from lava_spikyspace.hardware.microcode.words import LIMB_BITS, WORD_BITS
from lava_spikyspace.inputs import resolve_network
from lava_spikyspace.plan import make_plan

_CHANGES = Path(__file__).resolve().parents[2] / "tests/hardware/microcode/mutation.json"


def neuron_programs_page() -> str:
    """Return the page of all neuron programs."""
    return page(
        "Neuron programs",
        "Each process of a network is also written in the operations that Intel has published for "
        "the neuron engine of Loihi 2, and an interpreter runs whole networks of such programs "
        "with the codes of the simulator. `lss inspect --microcode MODEL [LAYER]` shows them for "
        "the sizes of a model, with constants, state, message widths and instruction counts.",
        '!!! note "What is public and what is ours"\n'
        "    Public are the names of the operations and what kind each is (Intel, *Taking "
        "Neuromorphic Computing with Loihi 2 to the Next Level*, technology brief, 2021). "
        "Encodings, operand forms, the number of registers, the length of a program, the width of "
        "the multiplier and the cycles of an operation are not. The meanings below are our "
        "definitions. What a program shows is that the neuron can be computed in these operations "
        f"on words of {WORD_BITS} bits, bit for bit; it does not run on a chip as it stands.",
        "## Operations",
        f"Registers, state, inputs, constants and payloads are words of {WORD_BITS} bits in two's "
        "complement, and results wrap to them. A wider value takes several words: low ones of "
        f"{LIMB_BITS} bits, so that two and a carry add up within a word, and a signed top one. An "
        "operation on wide values stands for several instructions, and the counts show them.",
        table(
            ("operation", "kind (public)", "operands", "meaning (ours)"),
            [
                (code(o.name), o.kind, ", ".join(o.operands) or "-", o.meaning)
                for o in OPERATIONS.values()
            ],
        ),
        "A jump to a label above says how often it is taken at most, so every program ends. Lines "
        "with a dot are bound to the sizes of a layer before it is a program: `.if` chooses, "
        "`.repeat` copies, `include` takes in a part. `param` names those sizes.",
        "## Kinds of neurons",
        "A process is one kind of neurons or two: a scan and the diagonal state space of the "
        "second family have neurons for their states and for their channels, a root mean square "
        "has neurons that square a channel each and one that takes the root. The kinds are the "
        "rows of the counts, and one definition says which synapses carry what "
        "(`hardware/wiring.py`); programs, `check`, placement and `estimate` go by both. This is "
        "the bundled model with graded messages:",
        table(("kind", "program", "neurons", "input", "from", "synapses"), _split()),
        "## Listings",
        *_listings(listing_names()),
        "## Parts",
        "Lines that several programs include.",
        *_listings(part_names()),
        "## Changed programs",
        *_changes(),
    )


def _split() -> Iterator[tuple[str, ...]]:
    graph = split_plan(make_plan(resolve_network(None), "graded"))
    for kind in graph.kinds:
        first = (code(kind.name), code(kind.program.name), str(kind.neurons))
        incoming = graph.onto(kind.name) or (None,)
        for synapses in incoming:
            if synapses is None:
                yield (*first, "from the host", "", "")
            else:
                weight = "int8" if synapses.weight is not None else "unit"
                yield (
                    *first,
                    code(synapses.cell),
                    f"{code(synapses.source)} ({synapses.port})",
                    f"{synapses.pattern.synapses}, {weight}, delay {synapses.delay}",
                )
            first = ("", "", "")


def _listings(names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield f"### {name}"
        yield f"```text\n{listing_text(name).rstrip()}\n```"


def _changes() -> Iterator[str]:
    if not _CHANGES.exists():
        yield "`python -m tests.hardware.microcode.mutation --write` makes this table."
        return
    stored: dict[str, Any] = json.loads(_CHANGES.read_text(encoding="utf-8"))
    rows, reasons = stored["programs"], stored["reasons"]
    total, caught = (sum(row[key] for row in rows) for key in ("mutants", "caught"))
    yield (
        "A script changes one instruction of one program at a time: its operation, each operand, "
        "the value of each constant. The programs are those of random networks with values of one "
        "word, of two, and at the limits of their widths, in both codings, and of others with "
        "messages of two words and with first states of their own. "
        f"Of {total} changes the trials and the validator notice {caught}, "
        f"{100 * caught / total:.2f} %."
    )
    programs = sorted({row["program"] for row in rows})
    yield table(
        ("program", "variants", "changes", "noticed", "by the validator", *reasons),
        [_row(p, [r for r in rows if r["program"] == p], reasons) for p in programs],
    )
    yield "The last columns say why the others are not noticed:"
    yield table(("reason", "meaning"), [(code(k), v) for k, v in reasons.items()])
    yield (
        "Every single one is listed with its place, both instructions, its reason and the number "
        "of executions that it was looked for in, in `tests/hardware/microcode/mutation.json`."
    )


def _row(program: str, rows: list[dict[str, Any]], reasons: Mapping[str, str]) -> tuple[str, ...]:
    found = Counter(survivor["reason"] for row in rows for survivor in row["survivors"])
    counts = [len(rows)]
    counts += [sum(row[key] for row in rows) for key in ("mutants", "caught", "by_validator")]
    counts += [found[name] for name in reasons]
    return (code(program), *map(str, counts))
