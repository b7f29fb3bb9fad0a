"""Mutate plain NetX files and read them: a program of its own, because a crash must not end tests.

``python -m tests.netx.stock.fuzz FILE SEED COUNT`` reads COUNT mutants of FILE and prints a JSON
object: how many were refused and how many were valid. Anything but a refusal with a clear message,
or a network that can be described, linted and planned, ends the program with a traceback.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

import h5py
import numpy as np

from lava_spikyspace.errors import ModelFileError, UsageError
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.stock.describe import describe_stock
from lava_spikyspace.netx.stock.reader import read_stock
from lava_spikyspace.netx.stock.selection import Settings, select_layers
from lava_spikyspace.stock.plan import make_stock_plan
from tests.netx.fuzz import BYTES, change_content

ADDRESS_SPACE = 3 << 30
"""Bytes; a mutant that makes the reader allocate more fails with a MemoryError."""


def mutate(rng: np.random.Generator, source: Path, target: Path) -> None:
    """Change the content of a file with h5py, as far as h5py lets it."""
    shutil.copy(source, target)
    try:
        with h5py.File(target, "r+") as file:
            for _ in range(int(rng.integers(1, 4))):
                change_content(rng, file)
    except (OSError, ValueError, KeyError, RuntimeError, TypeError):
        return


def outcome(path: Path) -> str:
    try:
        network = read_stock(path)
    except ModelFileError as error:
        if not error.message.startswith(str(path)) or "\n" in error.message:
            raise AssertionError(f"unclear message: {error.message!r}") from error
        return "refused"
    describe_stock(network)
    if any(found.severity == "error" for found in lint_file(path)):
        raise AssertionError("lint finds errors in a file that was read")
    try:
        make_stock_plan(select_layers(network, Settings()))
    except UsageError:  # nothing but an input layer without neurons
        return "empty"
    return "valid"


def main(arguments: list[str]) -> int:
    source, seed, count = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    content = source.read_bytes()
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        mutant = Path(folder) / "mutant.net"
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            sys.stderr.write(f"\rmutant {number}")
            sys.stderr.flush()
            if number % 2:
                mutant.write_bytes(BYTES[number // 2 % len(BYTES)](rng, content))
            else:
                mutate(rng, source, mutant)
            outcomes[outcome(mutant)] += 1
    sys.stdout.write(json.dumps(outcomes) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
