"""Whole-number expressions in listings: sizes, indices, shifts."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

from lava_spikyspace.hardware.microcode.errors import ListingError, Place

_BINARY: Mapping[type[ast.operator], Callable[[Any, Any], int]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
}

_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class Expression:
    """An expression over parameters and indices.

    Parameters
    ----------
    text : str
        Python's syntax for whole numbers: ``+ - * // % << >>``, comparisons, names.
    place : Place
        Where it stands.
    """

    def __init__(self, text: str, place: Place) -> None:
        self.text = text.strip()
        self.place = place
        try:
            self._body = ast.parse(self.text, mode="eval").body
        except SyntaxError:
            raise ListingError(place, f"found {self.text!r}, expected a number or name") from None
        self.names = frozenset(n.id for n in ast.walk(self._body) if isinstance(n, ast.Name))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def value(self, names: Mapping[str, int]) -> int:
        """Return the value where names have the given values."""
        return int(self._value(self._body, names))

    def _value(self, node: ast.expr, names: Mapping[str, int]) -> int:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.Name):
            if node.id in names:
                return names[node.id]
            raise ListingError(
                self.place, f"undeclared name {node.id!r} in {self.text!r}; known: {_list(names)}"
            )
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._value(node.operand, names)
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            left, right = self._value(node.left, names), self._value(node.right, names)
            return _BINARY[type(node.op)](left, right)
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            right = self._value(node.comparators[0], names)
            return _COMPARISONS[type(node.ops[0])](self._value(node.left, names), right)
        raise ListingError(self.place, f"found {self.text!r}, expected whole-number arithmetic")


def _list(names: Mapping[str, int]) -> str:
    return ", ".join(sorted(names)) or "none"
