"""Mutants of files, and what reading them may do: be refused in one line, or work."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lava_spikyspace.errors import SpikySpaceError
from tests.netx.fuzz import BYTES

REFUSALS = (2, 3)
"""Exit codes of flags that do not fit and of files that cannot be used."""

LONGEST_MESSAGE = 6000
"""Characters; a list of findings is cut, whatever the file holds."""


def judge(read: Callable[[Path], object], path: Path) -> str:
    """Read a file: ``refused`` with one clear line, or ``valid``; all else is an error."""
    try:
        read(path)
    except SpikySpaceError as error:
        message = error.message
        if error.exit_code not in REFUSALS or str(path) not in message or "\n" in message:
            raise AssertionError(f"unclear: exit {error.exit_code}, {message!r}") from error
        if len(message) > LONGEST_MESSAGE:
            raise AssertionError(f"too long: {message[:200]!r}") from error
        return "refused"
    return "valid"


def judge_mutants(
    read: Callable[[Path], object], path: Path, count: int, seed: int = 0
) -> Counter[str]:
    """Judge mutants that stand in the place of a file, which is whole again at the end."""
    content = path.read_bytes()
    outcomes: Counter[str] = Counter()
    try:
        for number in range(count):
            change = BYTES[number % len(BYTES)]
            path.write_bytes(change(np.random.default_rng([seed, number]), content))
            outcomes[judge(read, path)] += 1
    finally:
        path.write_bytes(content)
    return outcomes


class PeakMemory:
    """Resident memory that a block adds at its peak, in bytes; Linux only."""

    def __enter__(self) -> PeakMemory:
        Path("/proc/self/clear_refs").write_text("5")
        self._before = self._read("VmRSS")
        self.added = 0
        return self

    def __exit__(self, *_: object) -> None:
        self.added = self._read("VmHWM") - self._before

    @staticmethod
    def _read(name: str) -> int:
        status = Path("/proc/self/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024
