"""Every command line of README and documentation runs, in the order of its page.

What makes a command line is in `tests/docs/command_lines.py`, with the table of lines that are
shortened and of those that are checked in another way. A new line needs nothing here, unless it
reads a file that no line before it has made and that `FILES` does not know.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from lava_spikyspace.cli.app import main
from lava_spikyspace.datasets import read_table
from lava_spikyspace.demo import demo_data_path
from tests.conftest import PROJECT_ROOT
from tests.docs.command_lines import (
    CHECKED_OTHERWISE,
    SLOW_PAGES,
    STATUS,
    CommandLine,
    command_lines,
    is_complete,
    pages,
    shortened,
    unknown_parts,
)
from tests.netx.stock.building import chain_of_dense_layers, write_stock

LINES = {
    str(page.relative_to(PROJECT_ROOT)): list(command_lines(page, PROJECT_ROOT))
    for page in pages(PROJECT_ROOT)
}


def to_run(lines: list[CommandLine]) -> list[CommandLine]:
    """Return the lines to run: all of blocks, and once those of sentences that can be."""
    chosen: dict[str, CommandLine] = {}
    for line in lines:
        if line.text.startswith(CHECKED_OTHERWISE) or (line.inline and not is_complete(line)):
            continue
        chosen.setdefault(line.text, line)
    return list(chosen.values())


def speeds(path: Path) -> None:
    """Write a table as a reader may have it: four roads over five days."""
    table = read_table(demo_data_path())
    header = ",".join(table.names[:4])
    np.savetxt(path, table.values[-480:, :4], "%.2f", ",", header=header, comments="")


def published(path: Path) -> None:
    """Write a checkpoint in the published layout and its ``model.json``, for `speeds`."""
    torch = pytest.importorskip("torch")
    from tests.published_model import PublishedModel

    bits = {"c": 2, "s": 2, "delta": 2, "pts": 5, "delta1": 2, "x": 2, "y": 2, "y1": 5}
    sizes = {"d_model": 4, "window": 6, "horizon": 2, "layers": 1, "d_inner": 3, "d_state": 2}
    config = {**sizes, "dt_rank": 1, "d_conv": 2, "bits": bits, "zero_point": "published"}
    torch.manual_seed(0)
    model = PublishedModel(config)
    model(torch.randn(16, 6, 4))
    torch.save(model.state_dict(), path.with_name("published.pt"))
    values = read_table(demo_data_path()).values[-480:, :4]
    config["scaler"] = {"mean": values.mean(axis=0).tolist(), "scale": values.std(axis=0).tolist()}
    path.with_name("model.json").write_text(json.dumps(config))


def plain_network(path: Path) -> None:
    """Write a plain NetX file of lava-dl and an input for it."""
    layers = chain_of_dense_layers()
    write_stock(path.with_name("network.net"), layers)
    spikes = np.random.default_rng(0).integers(0, 2, size=(32, layers[0]["weight"].shape[1]))
    np.save(path.with_name("input.npy"), spikes.astype(np.int32))


def real_data(path: Path) -> None:
    """Write a folder like that of the real data sets, with one small table."""
    path.mkdir(parents=True)
    values = np.random.default_rng(0).normal(size=(80, 4)).cumsum(axis=0).astype(np.float32)
    names = np.array([f"s{i}" for i in range(4)])
    np.savez(path / "metr_la_week_207.npz", values=values, names=names, timestamps=np.arange(80))


FILES: dict[str, Callable[[Path], None]] = {
    "speeds.csv": speeds,
    "published.pt": published,
    "model.json": published,
    "network.net": plain_network,
    "input.npy": plain_network,
    "../shared/data": real_data,
}
"""Files that pages name and that a reader has: how to make one in the folder of the test."""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A folder that looks like a clone to commands that are called in it."""
    for name, extra in (("greenlet", "lava"), ("torch", "export"), ("plotly", "report")):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"the pages need the extra {extra}: {name} is not installed")
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("examples", "hardware_profiles", "constraints.txt"):
        (clone / name).symlink_to(PROJECT_ROOT / name)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, call in (("python", ""), ("lss", "-m lava_spikyspace"), ("lava-spikyspace", "")):
        module = call or ("-m lava_spikyspace" if name != "python" else "")
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        (programs / name).chmod(0o755)
    (clone / ".venv").mkdir()
    (clone / ".venv" / "bin").symlink_to(programs)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(PROJECT_ROOT))
    monkeypatch.chdir(clone)
    return clone


def provide(line: CommandLine, folder: Path) -> None:
    """Make the files that a line reads and that are not there."""
    words = line.words
    for before, word in zip(["", *words], words, strict=False):
        made = before in ("-o", "--out", "--folder")
        if word in FILES and not made and not (folder / word).exists():
            FILES[word](folder / word)


def run_line(line: CommandLine, folder: Path, capfd) -> None:
    """Run a line; fail with what it prints where it does not end as the page says."""
    run = shortened(line)
    provide(run, folder)
    capfd.readouterr()
    if run.is_ours:
        code = main(run.words[1:])
    else:
        code = subprocess.run(
            ["bash", "-o", "pipefail", "-c", run.text],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            timeout=600,
            check=False,
        ).returncode
    out, err = capfd.readouterr()
    expected = STATUS.get(line.text, 0)
    assert code == expected, f"{line.page}: `{run.text}` gave {code}\n{out[-2000:]}\n{err[-3000:]}"
    if expected == 0:
        assert "Traceback" not in err, err


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(name, marks=pytest.mark.slow if name in SLOW_PAGES else ())
        for name, lines in LINES.items()
        if to_run(lines)
    ],
)
def test_command_lines_of(page, folder, capfd):
    for line in to_run(LINES[page]):
        if not line.is_slow:
            run_line(line, folder, capfd)


SLOW_LINES = [line for lines in LINES.values() for line in to_run(lines) if line.is_slow]


@pytest.mark.slow
@pytest.mark.parametrize("line", SLOW_LINES, ids=lambda line: f"{line.page}: {line.text}")
def test_slow_command_line(line, folder, capfd):
    run_line(line, folder, capfd)


def test_every_line_is_run_or_checked_otherwise():
    """A line in a block is one of ours, of the shell, or of the three kinds with a check below."""
    for page, lines in LINES.items():
        run = {line.text for line in to_run(lines)}
        for line in lines:
            otherwise = line.text.startswith(CHECKED_OTHERWISE)
            assert line.inline or line.text in run or otherwise, f"{page}: {line.text}"
    assert sum(len(to_run(lines)) for lines in LINES.values()) > 40


def all_lines(generated) -> list[CommandLine]:
    """Return the lines of the pages, and the inline ones of pages that are made from the code."""
    from tests.docs.command_lines import _inline

    made = [line for name, text in generated.items() for line in _inline(name, text)]
    return [line for lines in LINES.values() for line in lines] + made


def test_commands_and_flags_in_sentences_exist(generated):
    unknown = [
        f"{line.page}: `{line.text}`: {parts}"
        for line in all_lines(generated)
        if line.words[0] in ("lss", "lava-spikyspace") and "|" not in line.text
        for parts in [unknown_parts(line)]
        if parts
    ]
    assert unknown == []


def test_targets_of_make_exist(generated):
    named = {line.words[1] for line in all_lines(generated) if line.words[0] == "make"}
    assert {"demo", "test", "docs"} <= named
    for target in sorted(named):
        done = subprocess.run(
            ["make", "--dry-run", target],
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"make {target}: {done.stderr}"
        assert done.stdout.strip()


def test_extras_and_files_of_pip_exist(generated):
    described = (PROJECT_ROOT / "pyproject.toml").read_text()
    lines = [line for line in all_lines(generated) if line.text.startswith("pip install")]
    assert lines
    for line in lines:
        for extra in re.findall(r"\.\[([\w,]+)\]", line.text):
            for name in extra.split(","):
                assert re.search(rf"^{name} = \[", described, re.MULTILINE), line.text
        for word in line.words:
            if word.endswith(".txt"):
                assert (PROJECT_ROOT / word).is_file(), line.text


def test_the_table_in_the_readme_is_what_the_demo_prints(capfd):
    """Rows of the README's output of `make demo` are rows of what it runs (without Lava: batch)."""
    text = (PROJECT_ROOT / "README.md").read_text()
    block = text.split("```\nForecasts of window")[1].split("```")[0]
    rows = [line.split() for line in block.splitlines()[1:] if re.search(r"\d", line)]
    assert len(rows) == 7
    capfd.readouterr()
    assert main(["run", "--backend", "batch", "--windows", "4", "--quiet"]) == 0
    printed = [line.split() for line in capfd.readouterr().out.splitlines()]
    for row in rows:
        assert any(found[: len(row)] == row for found in printed), row


def test_an_unknown_line_would_fail(folder, capfd):
    with pytest.raises(AssertionError, match="gave 3"):
        run_line(CommandLine("page", "lss lint nowhere.net"), folder, capfd)
    with pytest.raises(AssertionError, match="gave 127"):
        run_line(CommandLine("page", "frobnicate --all"), folder, capfd)
    assert unknown_parts(CommandLine("page", "lss run --no-such-flag")) == ["--no-such-flag"]
    assert unknown_parts(CommandLine("page", "lss frobnicate")) == ["frobnicate"]
    assert shutil.which("lss", path=str(folder / ".venv" / "bin"))
