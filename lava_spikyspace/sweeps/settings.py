"""What a sweep can vary: name, values, and the step of the way that it belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lava_spikyspace.arithmetic.exp2 import MAX_FRAC_BITS, MAX_TERMS
from lava_spikyspace.errors import UsageError
from lava_spikyspace.network import EXACT_BITS
from lava_spikyspace.plan import CODINGS

Stage = Literal["export", "network", "run"]
"""``export``: how a checkpoint is lowered. ``network``: a change of the integer network. ``run``:
how it is run."""

ENGINES = ("batch", "sim")

_WINDOWS = re.compile(r"[+-]?\d*:[+-]?\d*|\d+", re.ASCII)


@dataclass(frozen=True)
class Setting:
    """One thing that a sweep can vary.

    Parameters
    ----------
    name : str
        In a grid.
    stage : str
        See `Stage`.
    meaning : str
        For the documentation.
    expected : str
        The values it takes, in words.
    parse : callable
        From the text of a value to the value; raises ValueError or KeyError.
    """

    name: str
    stage: Stage
    meaning: str
    expected: str
    parse: Callable[[str], Any]


def _choice(*names: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return parse


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise ValueError(text)
        return value

    return parse


def _truth(text: str) -> bool:
    return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text]


def _windows(text: str) -> str:
    if _WINDOWS.fullmatch(text) is None:
        raise ValueError(text)
    return text


def _fraction_bits(name: str, what: str) -> Setting:
    words = f"1 to {MAX_FRAC_BITS}"
    meaning = f"fraction bits of {what}; the format search leaves them alone"
    return Setting(name, "export", meaning, words, _whole(1, MAX_FRAC_BITS))


_ALL = (
    Setting(
        "coding",
        "run",
        "how a code travels; for the counts, forecasts do not depend on it",
        " or ".join(CODINGS),
        _choice(*CODINGS),
    ),
    Setting(
        "backend",
        "run",
        "engine; all numbers are the same",
        " or ".join(ENGINES),
        _choice(*ENGINES),
    ),
    Setting("windows", "run", "windows to score, instead of a part", "A:B or N", _windows),
    Setting(
        "clip_input", "run", "saturate values outside the input range", "true or false", _truth
    ),
    Setting("strict", "run", "fail when a value leaves its proven range", "true or false", _truth),
    Setting(
        "exp2_terms",
        "network",
        "terms of the shift-and-add power of two in PTSiLU and PTSoftplus; 0 is Mitchell's",
        f"0 to {MAX_TERMS}",
        _whole(0, MAX_TERMS),
    ),
    Setting(
        "width",
        "export",
        "widest accumulator and state in bits",
        f"16 to {EXACT_BITS}",
        _whole(16, EXACT_BITS),
    ),
    _fraction_bits("residual_bits", "the residual stream"),
    _fraction_bits("gate_bits", "PTSiLU"),
    _fraction_bits("b_bits", "B"),
    _fraction_bits("c_bits", "C"),
    _fraction_bits("state_bits", "the scan's state"),
)

SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in _ALL}
"""All settings by name, in the order of the docs."""


def parse_value(name: str, text: str) -> Any:  # noqa: ANN401 - each setting has its own type
    """Return the value of a setting.

    Parameters
    ----------
    name : str
        A key of `SETTINGS`.
    text : str
        The value as it was typed.

    Raises
    ------
    UsageError
        The setting has no such value.
    """
    setting = SETTINGS[name]
    try:
        return setting.parse(text)
    except (ValueError, KeyError):
        raise UsageError(
            f"grid: {name} has the value {text!r}, expected {setting.expected}"
        ) from None
