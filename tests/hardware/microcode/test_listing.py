"""Listings are read, and refused with the line in which they are wrong."""

import pytest

from lava_spikyspace.hardware.microcode.catalogue import (
    listing_names,
    listing_text,
    read_listing,
)
from lava_spikyspace.hardware.microcode.errors import ListingError
from lava_spikyspace.hardware.microcode.expansion import expand
from lava_spikyspace.hardware.microcode.listing import parse_listing
from lava_spikyspace.hardware.microcode.lowering import lower
from lava_spikyspace.hardware.microcode.program import Program
from lava_spikyspace.hardware.microcode.validation import validate

HEAD = """program trial: a trial
param   N
input   a
state   s
const   c[1..N] : 40
reg     x
reg     w : 40
out     message
code
"""
FIRST = 10
"""Line of the first statement."""


def assembled(body: str, n: int = 2, head: str = HEAD) -> Program:
    parts = {"part": "    ADD x, x, 1\n", "loop": "include loop\n"}
    listing = parse_listing(head + body, parts.__getitem__, "trial")
    program = lower(expand(listing, {"N": n}))
    validate(program)
    return program


def test_what_a_program_is_made_of():
    program = assembled("    RDC x, a ; comment\n    RMW x, s, x\n    SPIKE message, x\nend\n")
    assert [str(i) for i in program.instructions] == ["RDC x, a", "RMW x, s, x", "SPIKE message, x"]
    assert program.inputs == ("a",)
    assert program.states == ("s",)
    assert program.constants == ()
    assert program.outputs == ("message",)
    assert program.registers == ("x",)
    assert program.operations == {"RDC", "RMW", "SPIKE"}
    assert program.instructions[2].place.line == FIRST + 2


def test_copies_choices_and_parts():
    body = """    RDC x, a
.repeat i in 1..N
.if i > 1
    ADD x, x, i
.else
    ADD x, x, 10 * i
.end
.end
    include part
    SPIKE message, x
end
"""
    program = assembled(body, n=3)
    assert [str(i) for i in program.instructions[1:-1]] == [
        "ADD x, x, 10",
        "ADD x, x, 2",
        "ADD x, x, 3",
        "ADD x, x, 1",
    ]
    # An included line is known by the part that it stands in.
    assert str(program.instructions[-2].place) == "part:1"


WRONG = {
    "    DIV x, x, 2\nend\n": (0, "unknown operation 'DIV'; known: RMW"),
    "    MOV x, y\nend\n": (0, "undeclared name 'y'"),
    "    MOV x, 1\n    MOV z, x\nend\n": (1, "undeclared name 'z'"),
    "    MOV x, c[3]\nend\n": (0, "c has no element c[3]"),
    "    MOV x, c[M]\nend\n": (0, "undeclared name 'M'"),
    "    MOV x, c[1]{2}\nend\n": (0, "c[1] has 2 words, found word 2"),
    "    ADD x, x\nend\n": (0, "ADD takes 3 operands"),
    "    ADD x, s, 1\nend\n": (0, "ADD: found state s, expected register, constant or number"),
    "    MOV c[1], x\nend\n": (0, "MOV: found const c[1], expected register or state"),
    "    SPIKE x, 1\nend\n": (0, "SPIKE: found reg x, expected out port"),
    "    RDC x, s\n    SPIKE message, w\nend\n": (1, "SPIKE: w is wider than a word"),
    "    MOV x, 8388608\nend\n": (0, "the number 8388608 is wider than x"),
    "    MOV x, 1 +\nend\n": (0, "found '1 +', expected a number or name"),
    "    MOV x, max(1)\nend\n": (0, "undeclared name 'max'"),
    "    MOV x, 1.5\nend\n": (0, "expected whole-number arithmetic"),
    # Falling through.
    "    MOV x, 1\n    SPIKE message, x\n": (1, "control falls through the end of the program"),
    ".repeat i in 1..N\n    MOV x, 1\nend\n": (2, "found 'end', expected one of .end"),
    "    EQ 0, 0\n    SKP_C 2\n    MOV x, 1\nend\n": (1, "fall through the end of the program"),
    "    EQ 0, 0\n    SKP_C 0\n    MOV x, 1\nend\n": (1, "skips 0 statements"),
    "    MOV x, 1\nend\n    MOV x, 2\n": (2, "found 'MOV x, 2' after the end"),
    # Jumps and loops.
    "    EQ 0, 0\n    JMP_C away\nend\n": (1, "undeclared label 'away'"),
    "    EQ 0, 0\n    JMP_C at[2]\nat[1]:\nend\n": (1, "undeclared label 'at[2]'; known: at[1]"),
    "again:\n    EQ 0, 1\n    JMP_C again\nend\n": (2, "unbounded loop"),
    "again:\n    EQ 0, 1\n    JMP_C again, -1\nend\n": (2, "a loop of -1 rounds"),
    "    EQ 0, 1\n    JMP_C over, 3\nover:\nend\n": (1, "a jump forward has no bound"),
    "here:\nhere:\n    MOV x, 1\nend\n": (1, "label 'here' stands twice"),
    "    RDC x, a\n    MOV w, x\n    SHL w, w, x\nend\n": (2, "unbounded loop"),
    # What is used has to be set.
    "    ADD x, x, 1\nend\n": (0, "'ADD x, x, 1' uses x, which is not set on every path"),
    "    JMP_C over\nover:\n    MOV x, 1\nend\n": (0, "uses the flag"),
    "    RDC x, a\n    LT x, 0\n    SKP_C 1\n    MOV w, 0\n    LT x, w\nend\n": (
        4,
        "uses w.1, which is not set",
    ),
    ".if M > 1\n    MOV x, 1\n.end\nend\n": (0, "undeclared name 'M'"),
    ".repeat i from 1\n    MOV x, 1\n.end\nend\n": (0, "expected '.repeat NAME in FIRST..LAST'"),
    "    include missing\nend\n": (0, "there is no part 'missing'"),
}


@pytest.mark.parametrize("body", WRONG, ids=[message for _, message in WRONG.values()])
def test_a_wrong_line_is_named(body):
    line, message = WRONG[body]
    with pytest.raises(ListingError) as caught:
        assembled(body)
    assert message in caught.value.message
    assert caught.value.message.startswith(f"trial:{FIRST + line}: ")


def test_a_part_that_includes_itself():
    with pytest.raises(ListingError, match="loop:1: loop includes itself"):
        assembled("    include loop\nend\n")


WRONG_HEADS = {
    "": (1, "the listing is empty"),
    "code\nend\n": (1, "expected 'program NAME: TITLE'"),
    "program p: t\nreg x\n": (2, "found no code"),
    "program p: t\nword x\ncode\nend\n": (2, "found 'word', expected one of param"),
    "program p: t\nreg x\nstate x\ncode\nend\n": (3, "'x' is declared twice"),
    "program p: t\nreg x[4]\ncode\nend\n": (2, "found [4], expected [FIRST..LAST]"),
    "program p: t\nreg 7\ncode\nend\n": (2, "found '7', expected NAME"),
    "program p: t\nreg x : B\ncode\nend\n": (2, "undeclared name 'B'"),
    "program p: t\nreg x : 0\ncode\nend\n": (2, "x has 0 bits"),
}


@pytest.mark.parametrize("text", WRONG_HEADS, ids=[message for _, message in WRONG_HEADS.values()])
def test_a_wrong_declaration_is_named(text):
    line, message = WRONG_HEADS[text]
    with pytest.raises(ListingError) as caught:
        expand(parse_listing(text, {}.__getitem__, "trial"), {})
    assert message in caught.value.message
    assert caught.value.message.startswith(f"trial:{line}: ") or message == "x has 0 bits"


def test_a_parameter_without_a_value():
    listing = parse_listing(HEAD + "end\n", {}.__getitem__, "trial")
    with pytest.raises(ListingError, match="no value for N"):
        expand(listing, {})


def test_programs_that_come_with_the_package():
    assert listing_names() == (
        "bernoulli_neuron",
        "channel_norm",
        "classification_head",
        "convolution",
        "forecast_head",
        "gated_residual",
        "leaky_neuron",
        "linear_neuron",
        "norm_encoder",
        "product",
        "projection",
        "pt_sigmoid",
        "pt_silu",
        "pt_softplus",
        "residual",
        "rms_root",
        "rms_square",
        "s4d_output",
        "s4d_state",
        "scan_output",
        "scan_state",
        "spiking_neuron",
        "threshold_encoder",
        "window_source",
    )
    for name in listing_names():
        listing = read_listing(name)
        assert listing.name == name
        # Every parameter is used for something.
        for param in listing.params:
            used = sum(param in listing_text(part) for part in (name, *_parts(name)))
            assert used, (name, param)


def _parts(name: str) -> list[str]:
    lines = listing_text(name).splitlines()
    return [line.split()[1] for line in lines if line.strip().startswith("include ")]
