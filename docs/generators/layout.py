"""The page of the layout of model files, from the schema that reader, writer and lint go by."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator

from generators.markdown import code, page, table
from lava_spikyspace.network import Layer
from lava_spikyspace.netx.schema import (
    DEPLOYMENT,
    GOLDEN,
    HEADER,
    LAYER_ENTRIES,
    PROVENANCE,
    Entry,
)

_INTRODUCTION = """
A model file is HDF5 in the manner of lava-dl's NetX: `/layer/<i>` holds one layer each, in an order
in which every layer comes after those that it reads. All that is computed with is an integer;
floats normalise the input, and tell where the numbers came from. A path with `@` is an attribute.
Bounds hold for every element. How versions differ is on [Versions](../file-format.md).
""".strip()

_PARTS = (
    ("Header", "Attributes of the root.", HEADER),
    (
        "Deployment",
        "Below `/deployment`: sizes, variates, widths of the quantisers, fraction bits, and how "
        "windows are normalised (outside the integers).",
        DEPLOYMENT,
    ),
    (
        "Golden windows",
        "Below `/golden`, which may be missing: inputs as the network gets them, forecasts, and "
        "the SHA-256 of every record's codes (little-endian int32 in the order window, element, "
        "channel). `lss verify` replays them.",
        GOLDEN,
    ),
    (
        "Provenance",
        "JSON: checkpoint and calibration data with their SHA-256, settings, versions, the scales "
        "of the float model, agreement at export. Nothing is computed with it.",
        PROVENANCE,
    ),
)


def file_layout_page() -> str:
    """Return the page: every value that a file may hold."""
    return page(
        "File layout",
        _INTRODUCTION,
        *(part for title, text, entries in _PARTS for part in _section(title, text, entries)),
        "## Layers",
        "Below `/layer/<i>`. A layer is told by its type, the type of its neuron and the number of "
        "layers that it reads. `width/…` are proven ranges, least and greatest.",
        *(part for kind, entries in LAYER_ENTRIES.items() for part in _layer(kind, entries)),
    )


def _section(title: str, text: str, entries: Iterable[Entry]) -> Iterator[str]:
    yield f"## {title}"
    yield text
    yield _values(entries)


def _layer(kind: type[Layer], entries: Iterable[Entry]) -> Iterator[str]:
    yield f"### {kind.__name__.removesuffix('Layer')}"
    summary = (inspect.getdoc(kind) or "").split("\n\n", maxsplit=1)[0]
    told = [f"Type {code(kind.netx_type)}"]
    if kind.neuron_type is not None:
        told.append(f"neuron {code(kind.neuron_type)}")
    if kind.INPUT_ROLES:
        told.append("reads " + ", ".join(kind.INPUT_ROLES))
    yield f"{' '.join(summary.split())} {', '.join(told)}."
    yield _values(entries)


def _shown(bound: int) -> str:
    """Return a bound, large ones as powers of two."""
    if abs(bound) < 1 << 16:
        return str(bound)
    exponent, rest = (abs(bound) + 1).bit_length() - 1, abs(bound) & (abs(bound) + 1)
    if rest == 0:
        return f"{'-' if bound < 0 else ''}2^{exponent} - 1"
    is_power = abs(bound) & (abs(bound) - 1) == 0
    return f"{'-' if bound < 0 else ''}2^{abs(bound).bit_length() - 1}" if is_power else str(bound)


def _values(entries: Iterable[Entry]) -> str:
    return table(
        ("path", "dtype", "axes", "bounds", ""),
        [
            (
                code(entry.path),
                "text" if entry.kind == "text" else entry.dtype,
                ", ".join(entry.axes),
                ""
                if entry.bounds is None
                else f"{_shown(entry.bounds.lo)} to {_shown(entry.bounds.hi)}",
                "" if entry.required else "may be missing",
            )
            for entry in entries
        ],
    )
