"""Mutate model files and read them: a program of its own, because a crash must not end the tests.

``python -m tests.netx.fuzz FILE SEED COUNT`` reads COUNT mutants of FILE and prints a JSON object:
how many were refused and how many were valid, and the largest resident memory. Anything but a
refusal with a clear message or a valid network ends the program with a traceback.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.describe import describe
from lava_spikyspace.netx.lint import lint_file
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.plan import make_plan
from tests.netx.editing import edited, put

ADDRESS_SPACE = 3 << 30
"""Bytes; a mutant that makes the reader allocate more fails with a MemoryError."""

MAX_BYTES = 500_000_000
"""Resident memory that reading any mutant may take."""

Mutator = Callable[[np.random.Generator, bytes], bytes]


def flip_bits(rng: np.random.Generator, content: bytes) -> bytes:
    changed = bytearray(content)
    for place in rng.integers(len(changed), size=rng.integers(1, 9)):
        changed[place] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def set_bytes(rng: np.random.Generator, content: bytes) -> bytes:
    changed = bytearray(content)
    for place in rng.integers(len(changed), size=rng.integers(1, 9)):
        changed[place] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF]))
    return bytes(changed)


def overwrite(rng: np.random.Generator, content: bytes) -> bytes:
    start, length = int(rng.integers(len(content))), int(rng.integers(1, 200))
    return content[:start] + rng.bytes(length) + content[start + length :]


def cut(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: rng.integers(len(content))]


def remove(rng: np.random.Generator, content: bytes) -> bytes:
    start = int(rng.integers(len(content)))
    return content[:start] + content[start + int(rng.integers(1, 100)) :]


def repeat(rng: np.random.Generator, content: bytes) -> bytes:
    start, length = int(rng.integers(len(content))), int(rng.integers(1, 5000))
    return content[: start + length] + content[start:]


BYTES: tuple[Mutator, ...] = (flip_bits, set_bytes, overwrite, cut, remove, repeat)


def change_content(rng: np.random.Generator, file: h5py.File) -> None:
    """Do something to the HDF5 content: with h5py, so that the file itself is sound."""
    paths: list[str] = []
    file.visit(lambda name: paths.append("/" + name))
    path = str(rng.choice(paths))
    other = str(rng.choice(paths))
    item = file[path]
    match int(rng.integers(9)):
        case 0:
            del file[path]
        case 1 if isinstance(item, h5py.Dataset):
            put(file, path, random_value(rng))
        case 2 if isinstance(item, h5py.Dataset):
            put(file, path, perturbed(rng, item[()]))
        case 3 if isinstance(item, h5py.Dataset):
            put(file, path, np.resize(item[()], rng.integers(1, 6, size=rng.integers(4))))
        case 4:
            put(file, f"{path}@{rng.choice(['name', 'inputs', 'x'])}", random_value(rng))
        case 5 if isinstance(item, h5py.Group):
            file[f"{path}/added"] = random_value(rng)
        case 6 if isinstance(item, h5py.Group):
            link = rng.choice([h5py.SoftLink(other), h5py.ExternalLink("x", other), file[other]])
            item["added"] = link
        case 7:
            file.move(path, f"{path}{rng.integers(10)}")
        case _:
            names = list(item.attrs)
            if names:
                name = str(rng.choice(names))
                put(file, f"{path}@{name}", perturbed(rng, item.attrs[name]))


def random_value(rng: np.random.Generator) -> np.ndarray:
    shape = tuple(rng.integers(0, 5, size=rng.integers(4)))
    dtype = rng.choice(["i1", "i8", "u8", "f4", "f8", "S1", "S7", "c16", "?"])
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    octets = rng.integers(0, 2 if dtype == "?" else 128, size=size, dtype=np.uint8)
    return octets.view(dtype).reshape(shape) if size else np.zeros(shape, dtype)


def perturbed(rng: np.random.Generator, value: object) -> np.ndarray:
    """Return a value with one element changed, slightly or wildly."""
    array = np.array(value)
    if array.dtype.kind not in "iuf" or not array.size:
        return random_value(rng)
    steps = [1, -1, 0, 127, -128, 1 << 31, -(1 << 62), (1 << 63) - 1]
    step = float(rng.choice(steps)) if array.dtype.kind == "f" else int(rng.choice(steps))
    with np.errstate(over="ignore"):
        array.flat[rng.integers(array.size)] += np.array(step).astype(array.dtype)
    return array


def outcome(path: Path) -> str:
    """Read a mutant; a valid one is described, linted and run as well."""
    try:
        network = read_network(path)
    except ModelFileError as error:
        if not error.message.startswith(str(path)) or "\n" in error.message:
            raise AssertionError(f"unclear message: {error.message!r}") from error
        return "refused"
    describe(network)
    lint_file(path)
    if network.golden is not None and network.golden.inputs.shape[0] <= 4:
        with np.errstate(over="ignore"):
            BatchBackend().run(make_plan(network, "graded"), network.golden.inputs)
    return "valid"


def run_fuzz(
    arguments: list[str],
    change: Callable[[np.random.Generator, Path, Path], None],
    judge: Callable[[Path], str],
) -> int:
    """Judge mutants of a file, every other one changed in its bytes, and print what came out.

    ``change(rng, source, target)`` writes a mutant whose HDF5 is sound; ``judge(path)`` names the
    outcome.
    """
    source, seed, count = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    os.environ["LSS_STRICT"] = "0"  # a mutant may be valid whose ranges nobody has proven
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
                change(rng, source, mutant)
            outcomes[judge(mutant)] += 1
    # Not ru_maxrss: that starts with what the parent had when it forked.
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
    sys.stdout.write(json.dumps({**outcomes, "peak_bytes": peak}) + "\n")
    return 0


def mutate(rng: np.random.Generator, source: Path, target: Path) -> None:
    """Change the content of a file, and seal it again where it still can be read."""

    def edit(file: h5py.File) -> None:
        for _ in range(int(rng.integers(1, 4))):
            change_content(rng, file)

    try:
        edited(source, target, edit, seal=bool(rng.random() < 0.8))
    except ModelFileError:
        return  # no digest to be had of it; the target is changed all the same
    except (OSError, ValueError, KeyError, RuntimeError, TypeError):
        return  # h5py itself refused the edit; the target is as far as it got


if __name__ == "__main__":
    sys.exit(run_fuzz(sys.argv[1:], mutate, outcome))
