"""The page of all commands, from the commands themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from generators.markdown import code, page, table
from lava_spikyspace.cli.app import app
from lava_spikyspace.cli.failure import EXIT_INTERRUPTED

_INTRODUCTION = """
`lava-spikyspace COMMAND`, or `lss` for short. Results go to stdout, everything else to stderr.
With `--json` stdout holds one JSON object and nothing more. A file is never overwritten without
`--force`, and appears under its name only when it is complete.
""".strip()

_EXIT_CODES = {
    0: "done, nothing found",
    1: "done, but a gate failed: findings, divergence, does not fit",
    2: "usage",
    3: "bad input: file, version, data",
    4: "a backend, or an optional package, is not available",
    5: "the simulation failed: a process model raised, or a value left its range in strict mode",
    6: "timed out",
    70: "a bug of ours",
    EXIT_INTERRUPTED: "interrupted",
}

_ENVELOPE = """
```json
{
  "schema": "lava-spikyspace/evaluate@1",
  "ok": true,
  "command": "evaluate",
  "backend": "batch",
  "versions": {"lava-spikyspace": "...", "python": "...", "numpy": "..."},
  "model": {"path": "model.net", "sha256": "..."},
  "data": {},
  "diagnostics": [{"code": "", "severity": "", "where": "", "message": "", "hint": ""}],
  "timings_s": {"total": 1.0}
}
```
""".strip()


def command_line_page() -> str:
    """Return the page: every command with every flag and its help."""
    program: Any = typer.main.get_command(app)
    commands = list(_commands(program, ""))
    return page(
        "Command line",
        _INTRODUCTION,
        "## Commands",
        table(
            ("command", "does"),
            [(f"[`{name}`](#{_anchor(name)})", _summary(found)) for name, found in commands],
        ),
        "## Exit codes",
        table(("code", "meaning"), [(str(key), text) for key, text in _EXIT_CODES.items()]),
        "## JSON",
        "One envelope for all commands; what is in `data` depends on the command.",
        _ENVELOPE,
        "## Flags of all commands",
        "Before or after the name of the command.",
        _flags(program, {"--json", "--quiet", "--verbose", "--no-progress"}),
        *(part for name, found in commands for part in _section(name, found)),
    )


def _commands(group: Any, words: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - typer's own
    """Yield the commands of a group and of the groups in it, with their full names."""
    for word, command in group.commands.items():
        name = f"{words}{word}"
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} ")
        else:
            yield name, command


def _section(name: str, command: Any) -> Iterator[str]:  # noqa: ANN401
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    usage = " ".join([f"lss {name}", *(p.metavar or p.name.upper() for p in arguments), "[FLAGS]"])
    yield f"## {name} {{ #{_anchor(name)} }}"
    yield f"```text\n{usage}\n```"
    yield command.help.replace("\\[", "[")
    if arguments:
        yield table(
            ("argument", "meaning"),
            [(code(p.metavar or p.name.upper()), p.help or "") for p in arguments],
        )
    flags = {p.opts[0] for p in command.params if p.rich_help_panel != "Output"}
    if flags - {p.opts[0] for p in arguments}:
        yield _flags(command, flags)


def _flags(command: Any, wanted: set[str]) -> str:  # noqa: ANN401
    """Return the table of the flags whose first name is wanted."""
    context = typer.Context(command, info_name=command.name)
    return table(
        ("flag", "value", "meaning"),
        [
            (
                ", ".join(code(name) for name in [*flag.opts, *flag.secondary_opts]),
                "" if flag.is_flag else code(flag.display_type(context)),
                _meaning(flag),
            )
            for flag in command.params
            if flag.param_type_name == "option" and flag.opts[0] in wanted
        ],
    )


def _meaning(flag: Any) -> str:  # noqa: ANN401
    """Return the help of a flag with its default."""
    text = _plain(flag.help or "")
    if flag.is_flag or flag.required or flag.default in (None, (), []) or not flag.show_default:
        return text
    return f"{text} Default: `{flag.default}`."


def _summary(command: Any) -> str:  # noqa: ANN401
    return _plain(command.help).split("\n\n", maxsplit=1)[0]


def _plain(text: str) -> str:
    """Return help as Markdown that shows what the terminal shows."""
    return text.replace("\\[", "[").replace("<", "&lt;")


def _anchor(name: str) -> str:
    return "lss-" + re.sub(r"\W+", "-", name)
