"""Every command with `--json`: one JSON object on stdout, nothing else; with Lava and without."""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import typer

from lava_spikyspace.cli.app import app
from netx_export.writer import write_network
from tests.conftest import PROJECT_ROOT
from tests.netx.stock.building import chain_of_dense_layers, write_stock
from tests.run_cases import small_network, walk_values, write_csv


class Case(NamedTuple):
    """A call of a command.

    Attributes
    ----------
    command : str
        Name of the command.
    words : str
        The rest of the command line.
    code : int
        Exit code.
    without_lava : int or None
        Exit code where Lava cannot be imported; None where it is the same.
    is_slow : bool
        Trains, exports or measures: only the slow tests call it.
    """

    command: str
    words: str
    code: int = 0
    without_lava: int | None = None
    is_slow: bool = False


CASES = (
    Case("run", "m.net --data d.csv --backend batch --record-spikes --out a"),
    Case("run", "m.net --data d.csv --backend batch --coding unary --record-spikes --out b"),
    Case("run", "m.net --data d.csv --windows 1 --out c", without_lava=4),
    Case("run", "plain.net --data input.npy", without_lava=4),
    Case("run", "m.net --data d.csv --backend loihi2", 4),
    Case("run", "nowhere.net", 3),
    Case("run", "--no-such-flag", 2),
    Case(
        "train",
        "--data d.csv --out m.pt --window 6 --horizon 2 --layers 1 --d-inner 3 --d-state 2 "
        "--epochs 1",
        is_slow=True,
    ),
    Case("export", "m.pt -o e.net --calibration d.csv", is_slow=True),
    Case("evaluate", "m.net --data d.csv --clip-input"),
    Case("sweep", "m.net --data d.csv --grid coding=unary,graded"),
    Case("compare", "e.net --checkpoint m.pt --data d.csv --windows 4", is_slow=True),
    Case(
        "compare",
        "e.net --checkpoint m.pt --data d.csv --windows 1 --against sim",
        without_lava=4,
        is_slow=True,
    ),
    Case("bench", "--size tiny --quick --only engine --repeats 1", is_slow=True),
    Case("bench", "--size tiny --quick --only runtime --repeats 1", without_lava=4, is_slow=True),
    Case("inspect", "m.net"),
    Case("inspect", "m.net --microcode", is_slow=True),
    Case("inspect", "plain.net"),
    Case("lint", "m.net"),
    Case("verify", "m.net --backend batch"),
    Case("verify", "m.net --backend sim", without_lava=4),
    Case("check", "m.net --profile loihi2", 1),
    Case("estimate", "m.net --profile loihi2"),
    Case("estimate", "--activity a --profile cmos45"),
    Case("profile", "a"),
    Case("profile", "a --versus b --by layer"),
    Case("report", "a b -o r.html"),
    Case("report", "a -o r.md"),
    Case("plot raster", "a -o raster.png"),
    Case("plot rates", "a -o rates.svg"),
    Case("plot forecast", "a -o forecast.pdf"),
    Case("plot forecast", "m.net -o no.pdf", 3),
    Case("profiles list", ""),
    Case("profiles show", "loihi2"),
    Case("profiles schema", ""),
    Case("profiles validate", f"{PROJECT_ROOT}/hardware_profiles/loihi1.toml"),
    Case("backends", ""),
    Case("task", "recall -o recall.npz --delay 4 --train 8 --test 4", is_slow=True),
    # Here a Lava that is installed, as its metadata say, and cannot be imported: a failed check.
    Case("doctor", "", without_lava=1, is_slow=True),
)
"""Calls in an order in which each finds what it reads."""


def commands(group, words: tuple[str, ...] = ()) -> set[str]:
    """Return the full names of all commands of the program."""
    if not hasattr(group, "commands"):
        return {" ".join(words)}
    names = [commands(below, (*words, word)) for word, below in group.commands.items()]
    return set().union(*names)


def test_every_command_has_a_case():
    assert commands(typer.main.get_command(app)) == {case.command for case in CASES}


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with a model, a table, and a plain network with its input."""
    folder: Path = tmp_path
    network = small_network(golden=2)
    write_network(network, folder / "m.net")
    values = walk_values(network, 90)
    write_csv(folder / "d.csv", network.variates, values)
    layers = chain_of_dense_layers()
    write_stock(folder / "plain.net", layers)
    np.save(folder / "input.npy", np.ones((4, layers[0]["weight"].shape[1]), dtype=np.int32))
    return folder


def called(folder: Path, cases: Sequence[Case], *, with_lava: bool) -> list[dict]:
    """Call cases in one process; return exit code and stdout of each."""
    calls = [{"words": [*case.command.split(), *case.words.split(), "--json"]} for case in cases]
    listed = folder / "calls.json"
    listed.write_text(json.dumps(calls))
    without = {} if with_lava else {"LSS_WITHOUT_LAVA": "1"}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("json_driver.py")), str(listed)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), **without},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == ""
    lines = [line[1:] for line in done.stderr.splitlines() if line.startswith('@{"code"')]
    assert len(lines) == len(cases), done.stderr[-3000:]
    return [json.loads(line) for line in lines]


def check_object(case: Case, found: dict, code: int) -> None:
    """Hold stdout of a call against the envelope that the documentation promises."""
    told = f"lss {case.command} {case.words} --json"
    assert found["code"] == code, f"{told}: {found}"
    assert found["stdout"].endswith("\n")
    assert found["stdout"].count("\n") == 1, f"{told}: {found['stdout'][:500]}"
    envelope = json.loads(found["stdout"])
    assert isinstance(envelope, dict)
    assert envelope["ok"] == (code == 0)
    assert envelope["command"] == case.command
    assert envelope["schema"] == f"lava-spikyspace/{case.command.replace(' ', '-')}@1"
    assert {"data", "diagnostics", "timings_s", "versions", "model", "backend"} <= set(envelope)
    if code > 1:
        assert any(entry["severity"] == "error" for entry in envelope["diagnostics"]), told


def check_cases(folder: Path, cases: Sequence[Case], *, with_lava: bool) -> None:
    needed = {"plotly": "report"}
    if any(case.is_slow for case in cases):
        needed["torch"] = "export"
    if with_lava:
        needed["greenlet"] = "lava"
    for module, extra in needed.items():
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"some commands need the extra {extra}: {module} is not installed")
    for case, found in zip(cases, called(folder, cases, with_lava=with_lava), strict=True):
        lacks = not with_lava and case.without_lava is not None
        check_object(case, found, case.without_lava if lacks else case.code)


LAVA = pytest.mark.parametrize("with_lava", [True, False], ids=["with Lava", "without Lava"])


@LAVA
def test_one_object_and_nothing_else(folder, with_lava):
    check_cases(folder, [case for case in CASES if not case.is_slow], with_lava=with_lava)


@pytest.mark.slow
@LAVA
def test_one_object_and_nothing_else_of_all_commands(folder, with_lava):
    check_cases(folder, CASES, with_lava=with_lava)
