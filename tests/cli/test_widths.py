"""Tables in a terminal of 80 columns: no line is wider, and no number is cut or broken."""

import re

import pytest

import lava_spikyspace as lss
from lava_spikyspace.cli.app import main
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values, write_csv

COMMANDS = (
    "run m.net --data d.csv --backend batch --windows 4",
    "evaluate m.net --data d.csv",
    "sweep m.net --data d.csv --grid coding=unary,graded",
    "inspect m.net",
    "inspect m.net --layer blocks.0.*",
    "check m.net",
    "check m.net --cores",
    "estimate m.net",
    "estimate m.net --processes",
    "estimate m.net --profile cmos45",
    "profile g",
    "profile g --by layer",
    "profile g --by payload",
    "profile g --by channel",
    "profile g --by window",
    "profile g --versus u",
    "profiles show loihi1",
)
NUMBER = re.compile(r"(?<![\w.])-?\d[\d.,e+-]*(?![\w.])")
RULE = "─"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model whose numbers are long, its table, and runs in both codings."""
    folder = tmp_path_factory.mktemp("widths")
    network = small_network(blocks=2, channels=9, d_inner=8, d_state=4, golden=2)
    write_network(network, folder / "m.net")
    values = walk_values(network, 300)
    write_csv(folder / "d.csv", network.variates, values)
    for name, coding in (("g", "graded"), ("u", "unary")):
        lss.run(folder / "m.net", values, backend="batch", coding=coding, record=True).save(
            folder / name
        )
    return folder


def tables(printed: str) -> list[str]:
    """Return the lines of tables: those around a rule, up to blank ones."""
    blocks = re.split(r"\n\s*\n", printed)
    return [line for block in blocks if RULE in block for line in block.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_wider_than_the_terminal(folder, monkeypatch, capfd, command):
    monkeypatch.chdir(folder)
    printed = {}
    for columns in ("80", "1000"):
        monkeypatch.setenv("COLUMNS", columns)
        capfd.readouterr()
        assert main(command.split()) in (0, 1)
        printed[columns] = tables(capfd.readouterr().out)
    assert printed["80"]
    assert max(len(line.rstrip()) for line in printed["80"]) <= 80
    whole = {number for line in printed["1000"] for number in NUMBER.findall(line)}
    changing = re.compile(r"seconds|\bms\b")
    if not any(changing.search(line) for line in printed["1000"]):
        found = {number for line in printed["80"] for number in NUMBER.findall(line)}
        assert found <= whole


def test_a_note_says_what_was_left_out(folder, monkeypatch, capfd):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["profile", "g"]) == 0
    assert "columns that do not fit: " in capfd.readouterr().err


def test_no_colour_and_no_bar_in_a_pipe(folder, monkeypatch, capfd):
    monkeypatch.chdir(folder)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert main(["evaluate", "m.net", "--data", "d.csv"]) == 0
    captured = capfd.readouterr()
    for text in (captured.out, captured.err):
        assert "\x1b" not in text
        assert "\r" not in text
