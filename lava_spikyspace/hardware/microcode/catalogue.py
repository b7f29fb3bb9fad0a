"""The programs that come with the package, by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.microcode.expansion import Expanded, expand
from lava_spikyspace.hardware.microcode.listing import Listing, parse_listing
from lava_spikyspace.hardware.microcode.lowering import lower
from lava_spikyspace.hardware.microcode.program import Program
from lava_spikyspace.hardware.microcode.validation import validate

_FOLDER = files("lava_spikyspace.hardware.microcode") / "programs"
_SUFFIX = ".lmc"


@cache
def listing_text(name: str) -> str:
    """Return the text of a listing, or of a part that listings include.

    Parameters
    ----------
    name : str
        Without the suffix.

    Raises
    ------
    KeyError
        There is none.
    """
    path = _FOLDER / (name + _SUFFIX)
    if not path.is_file():
        raise KeyError(name)
    return path.read_text(encoding="utf-8")


@cache
def listing_names() -> tuple[str, ...]:
    """Return the names of all programs, and none of the parts that they include."""
    return tuple(name for name in _all_names() if _is_program(listing_text(name)))


@cache
def part_names() -> tuple[str, ...]:
    """Return the names of all parts that programs include."""
    return tuple(name for name in _all_names() if not _is_program(listing_text(name)))


def _all_names() -> list[str]:
    names = (p.name for p in _FOLDER.iterdir())
    return sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def _is_program(text: str) -> bool:
    return any(line.startswith("program ") for line in text.splitlines())


@cache
def read_listing(name: str) -> Listing:
    """Return a program's listing, read.

    Parameters
    ----------
    name : str
        One of `listing_names`.
    """
    try:
        text = listing_text(name)
    except KeyError:
        known = ", ".join(listing_names())
        raise InternalError(f"there is no program {name}; there are {known}") from None
    return parse_listing(text, listing_text, name)


def assemble(name: str, params: Mapping[str, int]) -> tuple[Expanded, Program]:
    """Return a program for the sizes of a layer.

    Parameters
    ----------
    name : str
        One of `listing_names`.
    params : mapping of str to int
        Values of its parameters.

    Returns
    -------
    Expanded, Program
        The statements, and the instructions that they have become.
    """
    return _assemble(name, tuple(sorted(params.items())))


@cache
def _assemble(name: str, params: tuple[tuple[str, int], ...]) -> tuple[Expanded, Program]:
    expanded = expand(read_listing(name), dict(params))
    program = lower(expanded)
    validate(program)
    return expanded, program
