"""Run the command line on mutated files: a program of its own, for a crash must not end the tests.

``python -m tests.cli.fuzz net|csv FOLDER SEED COUNT`` runs ``lss run`` on COUNT mutants of
``m.net`` or ``t.csv`` in FOLDER, each with a sound other file, and prints a JSON object: how many
were refused (exit 3) and how many ran (exit 0), and the largest resident memory. Anything else, a
traceback, something left behind or more than `SECONDS` ends the program.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from lava_spikyspace.cli.app import main
from tests.netx.fuzz import ADDRESS_SPACE, BYTES, mutate

SECONDS = 120
"""Time for one mutant; a hundred times what it needs, on a busy machine."""

CELLS = (
    *(
        "",
        " ",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "1e-999",
        "-0",
        "0x10",
        "1_000",
        "1,5",
        '"',
        '"1',
        "'",
    ),
    *(
        "9" * 400,
        "1e15",
        "2024-01-01",
        "2024-13-45",
        "ä",
        "\u0661",
        "\x00",
        "\ufeff",
        "=1+1",
        "true",
    ),
)


def change_text(rng: np.random.Generator, content: bytes) -> bytes:
    """Change a table as an editor, a spreadsheet or a broken logger would."""
    lines = content.decode().split("\n")
    for _ in range(int(rng.integers(1, 3))):
        row = int(rng.integers(len(lines)))
        cells = lines[row].split(",")
        column = int(rng.integers(len(cells)))
        match int(rng.integers(9)):
            case 0 | 1 | 2:
                cells[column] = str(rng.choice(CELLS))
            case 3:
                del cells[column]
            case 4:
                cells.insert(column, cells[column])
            case 5:
                lines.insert(row, lines[row])
            case 6:
                del lines[row + 1 :]
            case 7:
                other = int(rng.integers(len(lines)))
                lines[row], lines[other] = lines[other], lines[row]
                continue
            case _:
                separator = str(rng.choice([";", "\t", "|", "  "]))
                lines = [line.replace(",", separator) for line in lines]
                continue
        if row < len(lines):
            lines[row] = ",".join(cells)
        if not lines:
            break
    encoding = str(rng.choice(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    return "\n".join(lines).encode(encoding, "replace")


def run(arguments: list[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


def judge(model: Path, table: Path, mutant: Path, out: Path) -> str:
    """Run a model on a table, of which one is the mutant."""
    flags = ["--data", str(table), "--backend", "batch", "--out", str(out), "--quiet"]
    signal.alarm(SECONDS)
    code, printed, said = run(["run", str(model), *flags])
    signal.alarm(0)
    text = f"exit {code}\n{printed[-500:]}\n{said[-3000:]}"
    if code not in (0, 3) or "Traceback" in printed + said:
        raise AssertionError(text)
    if code == 0:
        if not (out / "run.json").exists():
            raise AssertionError(f"no run directory: {text}")
        shutil.rmtree(out)
        return "ran"
    errors = re.findall(r"^error: .*", said, re.MULTILINE)
    if printed or len(errors) != 1 or str(mutant) not in errors[0]:
        raise AssertionError(f"unclear: {text}")
    left = [path for path in out.parent.iterdir() if path != mutant]
    if left:
        raise AssertionError(f"left behind: {left}")
    return "refused"


def fuzz(kind: str, folder: Path, seed: int, count: int) -> Counter[str]:
    sound = folder / ("m.net" if kind == "net" else "t.csv")
    content = sound.read_bytes()
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as name:
        mutant, out = Path(name) / sound.name, Path(name) / "out"
        for number in range(count):
            rng = np.random.default_rng([seed, number])
            sys.stderr.write(f"\rmutant {number}")
            if number % 2:
                mutant.write_bytes(BYTES[number // 2 % len(BYTES)](rng, content))
            elif kind == "net":
                mutate(rng, sound, mutant)
            else:
                mutant.write_bytes(change_text(rng, content))
            model = mutant if kind == "net" else folder / "m.net"
            table = mutant if kind == "csv" else folder / "t.csv"
            outcomes[judge(model, table, mutant, out)] += 1
    return outcomes


if __name__ == "__main__":
    os.environ["LSS_STRICT"] = "0"  # a mutant may be valid whose ranges nobody has proven
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    found = fuzz(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    # Not ru_maxrss: that starts with what the parent had when it forked.
    status = Path("/proc/self/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024
    sys.stdout.write(json.dumps({**found, "peak_bytes": peak}) + "\n")
