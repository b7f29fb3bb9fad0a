"""Turn a plain function into a command that speaks like all the others."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import typer

from lava_spikyspace.cli.options import (
    JsonFlag,
    NoProgressFlag,
    OutputOptions,
    QuietFlag,
    VerboseFlag,
)
from lava_spikyspace.cli.session import Session
from lava_spikyspace.cli.stdout import stdout_guard
from lava_spikyspace.errors import InternalError

_SHARED_FLAGS = {
    "json": JsonFlag,
    "quiet": QuietFlag,
    "verbose": VerboseFlag,
    "no_progress": NoProgressFlag,
}
_NUMPYDOC_SECTION = re.compile(r"^\w[\w ]*\n-{3,}$", re.MULTILINE)


Command: TypeAlias = Callable[..., None]
"""Takes a `Session` first, then options and arguments annotated as typer wants them."""


@dataclass(frozen=True)
class CommandGroup:
    """Commands that share the first word of their names: ``profiles list``, ``profiles show``.

    Parameters
    ----------
    summary : str
        Help of the group.
    commands : mapping of str to callable
        Second word to function, in the order of the help page.
    """

    summary: str
    commands: Mapping[str, Command]


@dataclass
class Invocation:
    """What is known about the call of the program; lives from the first flag to the exit code.

    Parameters
    ----------
    guessed : OutputOptions
        The shared flags as they look on the unparsed command line; for errors in it.
    options : OutputOptions
        The shared flags before the name of the command.
    session : Session, optional
        The running command, once there is one.
    """

    guessed: OutputOptions
    options: OutputOptions = field(default_factory=OutputOptions)
    session: Session | None = None

    def session_for(self, command: str | None) -> Session:
        """Return the session; one of the guessed flags if the command has not begun."""
        if self.session is None:
            self.session = Session(command, self.guessed.merge(self.options))
        return self.session


def add_group(app: typer.Typer, name: str, group: CommandGroup) -> None:
    """Register the commands of a group under the word `name`.

    Parameters
    ----------
    app : typer.Typer
        The application.
    name : str
        First word on the command line.
    group : CommandGroup
        The commands.
    """
    below = typer.Typer(help=group.summary)
    # Without a callback, typer would make a group of one command that command itself.
    below.callback()(lambda: None)
    for word, function in group.commands.items():
        add_command(below, word, function)
    app.add_typer(below, name=name)


def add_command(app: typer.Typer, name: str, function: Command) -> None:
    """Register `function` as the command `name`.

    The command takes the parameters of the function, except the first, and ``--json``,
    ``--quiet``, ``--verbose`` and ``--no-progress``. Its help is the docstring up to the first
    numpydoc section. While it runs, only its `Session` can write to stdout.

    Parameters
    ----------
    app : typer.Typer
        The application, or a group of commands.
    name : str
        Name on the command line.
    function : callable
        Takes a `Session` first, then options and arguments annotated as typer wants them; it has
        to call `Session.emit` once.
    """

    def run(ctx: typer.Context, **values: Any) -> None:  # noqa: ANN401 - whatever it declares
        invocation = ctx.ensure_object(Invocation)
        flags = OutputOptions(**{flag: values.pop(flag) for flag in _SHARED_FLAGS})
        with stdout_guard() as stdout:
            session = Session(command_name(ctx), invocation.options.merge(flags), stdout)
            invocation.session = session
            with session.logging():
                _call(function, session, values)

    signature = _command_signature(function)
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__annotations__ = {key: value.annotation for key, value in signature.parameters.items()}
    app.command(name, help=_help_text(function))(run)


def command_name(context: typer.Context) -> str:
    """Return the name of the command without the program: ``profiles list``."""
    return " ".join(context.command_path.split()[1:])


def _call(function: Command, session: Session, values: dict[str, Any]) -> None:
    try:
        function(session, **values)
    except BrokenPipeError as error:
        # Results are written by the session, which has an error of its own for a closed stdout;
        # this pipe is another one, and typer would take it for stdout and exit without a word.
        raise InternalError(f"a pipe between processes broke: {error}") from error
    if session.result is None:
        raise InternalError(f"command {session.command} gave no result")


def _command_signature(function: Command) -> inspect.Signature:
    """Return the signature that typer shall see: no session, but a context and the shared flags."""
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Signature(
        [
            inspect.Parameter("ctx", kind, annotation=typer.Context),
            *(parameter.replace(kind=kind) for parameter in own),
            *(
                inspect.Parameter(name, kind, annotation=annotation, default=False)
                for name, annotation in _SHARED_FLAGS.items()
            ),
        ]
    )


def _help_text(function: Command) -> str:
    docstring = inspect.getdoc(function) or ""
    text = _NUMPYDOC_SECTION.split(docstring, maxsplit=1)[0].strip()
    return text.replace("[", r"\[")  # or rich takes "[windows]" for markup and drops it
