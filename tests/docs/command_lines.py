"""Finds the command lines in Markdown pages, and says of the few that cannot run as they stand why.

Every line that begins with ``$`` in a fenced block is a command line, and so is an inline `lss ...`
that is complete and names no placeholder. `tests/docs/test_command_lines.py` runs them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from lava_spikyspace.cli.app import PROGRAM_NAMES, app

FENCED = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`((?:lss|lava-spikyspace|make|pip) [^`]+)`(?!`)")

PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b|…|\.\.\.|<[a-z ]+>")
"""A word in capitals stands for something of the reader's own."""


@dataclass(frozen=True)
class CommandLine:
    """A command line of a page.

    Parameters
    ----------
    page : str
        The page.
    text : str
        As it stands there, without ``$`` and comment.
    inline : bool
        Whether it stands within a sentence.
    """

    page: str
    text: str
    inline: bool = False

    @property
    def words(self) -> list[str]:
        """The words of the line."""
        return shlex.split(self.text, comments=True)

    @property
    def is_ours(self) -> bool:
        """Whether it is one call of our program and nothing else."""
        plain = not re.search(r"[|&;<>]", self.text)
        return plain and self.words[0] in PROGRAM_NAMES

    @property
    def is_slow(self) -> bool:
        """Whether it takes longer than a default run should."""
        return any(text in self.text for text in SLOW)


SHORTER = {
    "--epochs 30": "--epochs 1",
    "--epochs 40": "--epochs 1",
    "examples/train_demo.py": "examples/train_demo.py --epochs 1",
    "--data ../shared/data --folder results": "--data ../shared/data --folder results"
    " --cells metr_la_week-h3-persistence-s0,metr_la_week-h3-ridge-s0",
    "lss bench": "lss bench --size tiny --quick --only engine",
}
"""What stands in a page, and what is run in its place: the same with less to train or to time.
Nothing else of a line is changed."""

SLOW = ("train_demo.py", "lss bench", "lss doctor", "--runtime multiprocessing")
"""Lines with one of these are run by the slow tests, on their own."""

SLOW_PAGES = (
    "docs/getting-started.md",
    "docs/seeing.md",
    "docs/results.md",
    "docs/spike-ssm.md",
)
"""Pages whose lines the slow tests run; what their lines name is looked up in any case."""

CHECKED_OTHERWISE = ("make ", "pip install", "git clone")
"""Lines that begin so change this machine, or take the whole test suite: `make` targets are
expanded without running them (`make demo` runs in `tests/project`, with pretended interpreters, and
its one command is run from the page as well), and the extras and files of `pip` are looked up."""

STATUS = {
    "lss check": 1,
    "lss check --profile loihi2": 1,
    "lss run --backend loihi2": 4,
    "run --backend loihi2": 4,
}
"""Exit codes other than 0 that a page announces: the demo does not fit a chip in its exact form,
and no chip is here."""


def pages(root: Path) -> list[Path]:
    """Return all pages written by hand."""
    return [root / "README.md", root / "hardware_profiles/README.md", *root.glob("docs/**/*.md")]


def command_lines(page: Path, root: Path) -> Iterator[CommandLine]:
    """Yield the command lines of a page in their order."""
    name, text = str(page.relative_to(root)), page.read_text(encoding="utf-8")
    place = 0
    for block in FENCED.finditer(text):
        yield from _inline(name, text[place : block.start()])
        yield from _in_block(name, block.group(1).strip(), block.group(2))
        place = block.end()
    yield from _inline(name, text[place:])


def _in_block(page: str, language: str, block: str) -> Iterator[CommandLine]:
    lines = block.replace("\\\n", " ").splitlines()
    commands = [line[2:] for line in lines if line.startswith("$ ")]
    if commands and language != "console":
        raise AssertionError(f"{page}: a block with `$ ` is {language!r}, expected console")
    bare = [line for line in lines if re.match(r"(lss|lava-spikyspace|make|python|pip) ", line)]
    if bare:
        raise AssertionError(f"{page}: command lines without `$ `: {bare}")
    yield from (CommandLine(page, command) for command in commands)


def _inline(page: str, text: str) -> Iterator[CommandLine]:
    yield from (CommandLine(page, " ".join(found.split()), True) for found in INLINE.findall(text))


def shortened(line: CommandLine) -> CommandLine:
    """Return the line that is run."""
    text = line.text
    for long, short in SHORTER.items():
        text = text.replace(long, short)
    return replace(line, text=text)


def unknown_parts(line: CommandLine) -> list[str]:
    """Return what our program does not know in a line that begins with its name."""
    words = line.words[1:]
    command = typer.main.get_command(app)
    shared = {flag for parameter in command.params for flag in parameter.opts}
    while words and hasattr(command, "commands"):
        word = words.pop(0)
        if word.startswith("-"):
            if word not in shared:
                return [word]
            continue
        if word not in command.commands:
            return [] if PLACEHOLDER.search(word) else [word]
        command = command.commands[word]
    flags = {flag for p in command.params for flag in (*p.opts, *p.secondary_opts)} | {"--help"}
    return [word for word in words if re.match(r"--?[a-z]", word) and word not in flags]


def is_complete(line: CommandLine) -> bool:
    """Whether a line says all that its command needs, and leaves nothing to the reader."""
    if PLACEHOLDER.search(line.text):
        return False
    words = line.words[1:]
    command = typer.main.get_command(app)
    while words and words[0] in getattr(command, "commands", ()):
        command = command.commands[words.pop(0)]
    if hasattr(command, "commands"):
        return False
    given = [word for word in words if not word.startswith("-")]
    needed = [p for p in command.params if p.required]
    arguments = sum(p.param_type_name == "argument" for p in needed)
    options = [p for p in needed if p.param_type_name == "option"]
    return len(given) >= arguments and all(set(p.opts) & set(words) for p in options)
