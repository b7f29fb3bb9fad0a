"""The operations of neuron programs: their public names and kinds, and the meaning that we give.

Source of names and kinds: Intel, "Taking Neuromorphic Computing with Loihi 2 to the Next Level"
(technology brief, 2021), table of the neuron engine's operations. Encodings, operand forms, the
number of registers, the length of a program and the width of the multiplier are not public; what
stands under ``meaning`` is our definition, not Intel's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

REGISTER = "register"
VALUE = "register, constant or number"
ANY = "register, constant, number or state"
TARGET = "register or state"
STATE = "state"
CELL = "state or input"
COUNT = "number"
LABEL = "label"
PORT = "out port"


@dataclass(frozen=True)
class Operation:
    """One operation.

    Parameters
    ----------
    name : str
        Public name.
    kind : str
        What the public table says that it does.
    operands : tuple of str
        What each operand may be, the destination first.
    meaning : str
        Our definition.
    """

    name: str
    kind: str
    operands: tuple[str, ...]
    meaning: str

    @property
    def writes_register(self) -> bool:
        """Whether the first operand is a register (or state) that receives the result."""
        return bool(self.operands) and self.operands[0] in (REGISTER, TARGET)


_ACCESS = "read-modify-write, read-and-clear: access to state in the neuron's memory"
_COPY = "copy a neuron variable or parameter between registers and memory"
_LOGIC = "and, or, shift left"
_SUM = "add, negate, minimum"
_COMPARE = "compare and write the result to the condition flag"
_BRANCH = "skip operations or jump, by the condition flag"
_TWO = (REGISTER, VALUE, VALUE)

OPERATIONS: Mapping[str, Operation] = {
    operation.name: operation
    for operation in (
        Operation(
            "RMW",
            _ACCESS,
            (REGISTER, STATE, VALUE),
            "d = m + x, and the sum is written back to m",
        ),
        Operation("RDC", _ACCESS, (REGISTER, CELL), "d = m, and m becomes 0"),
        Operation("MOV", _COPY, (TARGET, ANY), "d = x"),
        Operation("SEL", _COPY, _TWO, "d = x if the flag is set, else y"),
        Operation("AND", _LOGIC, _TWO, "d = x and y, bit by bit"),
        Operation("OR", _LOGIC, _TWO, "d = x or y, bit by bit"),
        Operation(
            "SHL",
            _LOGIC,
            _TWO,
            "d = x shifted left by y; by -y to the right with its sign where y < 0",
        ),
        Operation("ADD", _SUM, _TWO, "d = x + y"),
        Operation("NEG", _SUM, (REGISTER, VALUE), "d = -x"),
        Operation("MIN", _SUM, _TWO, "d = the smaller of x and y"),
        Operation(
            "MUL_SHR",
            "fixed-precision multiplication with shift right",
            (REGISTER, VALUE, VALUE, COUNT),
            "d = (x * y) >> n: the product is exact, 48 bits, before the shift",
        ),
        Operation("LT", _COMPARE, (VALUE, VALUE), "flag = x < y"),
        Operation("GE", _COMPARE, (VALUE, VALUE), "flag = x >= y"),
        Operation("EQ", _COMPARE, (VALUE, VALUE), "flag = x == y"),
        Operation("SKP_C", _BRANCH, (COUNT,), "leaves out the next n instructions if the flag"),
        Operation(
            "JMP_C",
            _BRANCH,
            (LABEL, COUNT),
            "goes to the label if the flag; to a label above at most n times in a row",
        ),
        Operation(
            "SPIKE",
            "fire the neuron or send a graded payload",
            (PORT, VALUE),
            "sends the payload x on the axons of the port; a payload of 0 is no event",
        ),
    )
}
"""All operations by name. Results are wrapped to 24 bits (two's complement)."""
