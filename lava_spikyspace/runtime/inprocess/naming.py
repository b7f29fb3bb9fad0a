"""How messages name a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lava.magma.core.process.process import AbstractProcess

_SEPARATOR = "::"


def display_name(process: AbstractProcess) -> str:
    """Return ``name::Class``; a process without a name of its own is called Process_17."""
    return f"{process.name}{_SEPARATOR}{type(process).__name__}"


def plain_name(display: str) -> str:
    """Return the name of a process from its display name."""
    return display.rpartition(_SEPARATOR)[0]
