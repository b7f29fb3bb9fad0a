"""Mutate plain NetX files and read them: a program of its own, because a crash must not end tests.

``python -m tests.netx.stock.fuzz FILE SEED COUNT`` reads COUNT mutants of FILE and prints a JSON
object: how many were refused, valid or empty, and its largest resident memory. Anything but a
refusal with a clear message, or a network that can be described, linted and planned, ends the
program with a traceback.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import h5py
import numpy as np

from lava_spikyspace.errors import ModelFileError, UsageError
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.stock.describe import describe_stock
from lava_spikyspace.netx.stock.reader import read_stock
from lava_spikyspace.netx.stock.selection import Settings, select_layers
from lava_spikyspace.stock.plan import make_stock_plan
from tests.netx.fuzz import change_content, run_fuzz


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


if __name__ == "__main__":
    sys.exit(run_fuzz(sys.argv[1:], mutate, outcome))
