"""Typed access to PyTorch's custom autograd functions."""

from __future__ import annotations

from typing import Any, TypeAlias

from torch import Tensor
from torch.autograd import Function

Context: TypeAlias = Any
"""Context of an autograd function; PyTorch makes its attributes up on the way."""


def apply(function: type[Function], x: Tensor) -> Tensor:
    """Return ``function.apply(x)`` of a function with one input and one output."""
    y: Tensor = function.apply(x)  # type: ignore[no-untyped-call]
    return y
