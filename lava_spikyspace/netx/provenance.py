"""Provenance as JSON text: strict in what it writes and what it takes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from lava_spikyspace.netx.storage import MAX_TEXT_BYTES

_MAX_DIGITS = 400


def to_json(provenance: Mapping[str, Any]) -> str:
    """Return the one text of a provenance: sorted keys, ASCII, no spaces.

    Raises
    ------
    ValueError
        It holds something that JSON has no form for, or is longer than `MAX_TEXT_BYTES`.
    """
    try:
        text = json.dumps(dict(provenance), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    if len(text) > MAX_TEXT_BYTES:
        raise ValueError(f"{len(text)} bytes, at most {MAX_TEXT_BYTES}")
    return text


def from_json(text: str) -> dict[str, Any]:
    """Return the provenance that a text holds.

    Raises
    ------
    ValueError
        It is no JSON object, repeats a key, or holds a number that is not finite.
    """
    if len(text) > MAX_TEXT_BYTES:
        raise ValueError(f"{len(text)} bytes, at most {MAX_TEXT_BYTES}")
    try:
        found = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError(f"found {type(found).__name__}, expected an object")  # noqa: TRY004
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"found {name}, expected finite numbers")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        _refuse(digits[:40])
    return number


def _integer(digits: str) -> int:
    # Converting digits to an integer takes time quadratic in their number.
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"found a number of {len(digits)} digits")
    return int(digits)
