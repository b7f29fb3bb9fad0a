"""One value of the file against its schema entry: kind, axes, bounds, text."""

from __future__ import annotations

import numpy as np

from lava_spikyspace.netx.schema import MAY_BE_EMPTY, Entry
from lava_spikyspace.netx.tree import Value

Typed = int | float | str | tuple[str, ...] | Value
"""A checked value: a scalar as Python has it, texts as a tuple, else an array in the dtype of the
schema."""

_KINDS = {"i": "integer", "u": "integer", "f": "real", "S": "text"}
_FIXED_AXES = {"one": 1, "bound": 2}


class MisfitError(Exception):
    """A value does not fit its entry; caught where the finding is made.

    Parameters
    ----------
    code : str
        Rule that it breaks.
    message : str
        What was found and what was expected.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def typed(value: Value, entry: Entry) -> Typed:
    """Return a value as the schema has it.

    Parameters
    ----------
    value : ndarray
        As it stands in the file.
    entry : Entry
        What it should be.

    Raises
    ------
    MisfitError
        It is of another kind or shape, out of bounds, or a text of another form.
    """
    kind = _KINDS.get(value.dtype.kind)
    if kind != entry.kind:
        raise MisfitError("entry-kind", f"found {value.dtype.name}, expected {entry.kind}")
    _check_shape(value.shape, entry)
    if kind == "text":
        texts = tuple(_text(bytes(item), entry) for item in value.ravel())
        return texts if entry.axes else texts[0]
    if kind == "integer":
        _check_bounds(value, entry)
        return value.astype(entry.dtype) if entry.axes else int(value)
    return value.astype(entry.dtype) if entry.axes else float(value)


def _check_shape(shape: tuple[int, ...], entry: Entry) -> None:
    axes = f"({', '.join(entry.axes)})"
    if len(shape) != len(entry.axes):
        raise MisfitError("entry-shape", f"found shape {shape}, expected the axes {axes}")
    for axis, size in zip(entry.axes, shape, strict=True):
        fixed = _FIXED_AXES.get(axis)
        if fixed not in (None, size) or (size == 0 and axis not in MAY_BE_EMPTY):
            expected = fixed or "at least 1"
            raise MisfitError(
                "entry-shape", f"found shape {shape}, expected {expected} along {axis} of {axes}"
            )


def _check_bounds(value: Value, entry: Entry) -> None:
    bounds = entry.bounds
    if bounds is None or not value.size:
        return
    for extreme in (int(value.min()), int(value.max())):
        if not bounds.lo <= extreme <= bounds.hi:
            place = ""
            if value.ndim:
                at = np.argwhere(value == extreme)[0]
                place = f" at ({', '.join(map(str, at))})"
            raise MisfitError(
                "value-bounds", f"found {extreme}{place}, expected {bounds.lo} to {bounds.hi}"
            )


def _text(item: bytes, entry: Entry) -> str:
    try:
        text = item.decode()
    except UnicodeDecodeError:
        raise MisfitError("entry-text", f"found {item[:60]!r}, expected UTF-8") from None
    if not entry.pattern.fullmatch(text):
        raise MisfitError(
            "entry-text", f"found {text[:60]!r}, expected a text like {entry.pattern.pattern}"
        )
    return text
