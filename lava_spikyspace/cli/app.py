"""The program `lava-spikyspace` (short: `lss`).

To add a command, say ``frobnicate``:

1. Write ``cli/frobnicate.py`` with a function ``frobnicate(session, ...)``. The first parameter
   is the `Session`, the others are options and arguments as typer wants them; those that several
   commands share are in ``cli/options.py``. Numpydoc docstring: the part before ``Parameters`` is
   the help text.
2. Let the function call one public function of the library, show the result with
   ``session.table`` or ``session.line``, and hand it over once with ``session.emit``. Errors are
   exceptions of `lava_spikyspace.errors`; a gate that failed is ``emit(..., ok=False)``.
3. Import the library *inside* the function: ``lss --help`` loads every command file, and must not
   load NumPy, pandas, numba, h5py, Lava or torch (``tests/cli/test_app.py`` watches over it).
4. Add a line to `COMMANDS` below, and ``tests/cli/test_frobnicate.py``. Commands of two words are
   a `CommandGroup`, as in ``cli/profiles.py``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from lava_spikyspace import __version__
from lava_spikyspace.cli.backends import backends
from lava_spikyspace.cli.bench import bench
from lava_spikyspace.cli.check import check
from lava_spikyspace.cli.command import (
    Command,
    CommandGroup,
    Invocation,
    add_command,
    add_group,
    command_name,
)
from lava_spikyspace.cli.compare import compare
from lava_spikyspace.cli.console import OutputClosedError
from lava_spikyspace.cli.doctor import doctor
from lava_spikyspace.cli.estimate import estimate
from lava_spikyspace.cli.evaluate import evaluate
from lava_spikyspace.cli.export import export
from lava_spikyspace.cli.failure import EXIT_INTERRUPTED, Failure, failure_from
from lava_spikyspace.cli.inspect import inspect
from lava_spikyspace.cli.interrupts import sigterm_as_interrupt
from lava_spikyspace.cli.lint import lint
from lava_spikyspace.cli.options import (
    JsonFlag,
    NoProgressFlag,
    OutputOptions,
    QuietFlag,
    VerboseFlag,
)
from lava_spikyspace.cli.plot import PLOTS
from lava_spikyspace.cli.profile import profile
from lava_spikyspace.cli.profiles import PROFILES
from lava_spikyspace.cli.report import report
from lava_spikyspace.cli.run import run
from lava_spikyspace.cli.stdout import stdout_guard
from lava_spikyspace.cli.sweep import sweep
from lava_spikyspace.cli.task import task
from lava_spikyspace.cli.train import train
from lava_spikyspace.cli.verify import verify
from lava_spikyspace.errors import InternalError
from lava_spikyspace.runtime.time_limit import may_end_process

COMMANDS: dict[str, Command | CommandGroup] = {
    "run": run,
    "task": task,
    "train": train,
    "evaluate": evaluate,
    "sweep": sweep,
    "bench": bench,
    "export": export,
    "compare": compare,
    "inspect": inspect,
    "lint": lint,
    "verify": verify,
    "check": check,
    "estimate": estimate,
    "profile": profile,
    "report": report,
    "plot": PLOTS,
    "profiles": PROFILES,
    "backends": backends,
    "doctor": doctor,
}
"""Name on the command line to function or group, in the order of the help page."""

EXIT_GATE_FAILED = 1
EXIT_OUTPUT_CLOSED = 141
"""128 + SIGPIPE: what a shell reports for a program whose reader went away."""

PROGRAM = "lava-spikyspace"
PROGRAM_NAMES = (PROGRAM, "lss")


def program(
    ctx: typer.Context,
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    json: JsonFlag = False,
    quiet: QuietFlag = False,
    verbose: VerboseFlag = False,
    no_progress: NoProgressFlag = False,
) -> None:
    """Export spiking state-space forecasters to integers, run and profile them on Lava."""
    invocation = ctx.ensure_object(Invocation)
    invocation.options = OutputOptions(json, quiet, verbose, no_progress)
    if version:
        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        with redirect_stdout(sys.stderr):
            ctx.get_help()
        ctx.fail("no command given")


def build_app(commands: Mapping[str, Command | CommandGroup]) -> typer.Typer:
    """Return the program with the given commands, in the order of the help page."""
    program_app = typer.Typer(name=PROGRAM, pretty_exceptions_enable=False)
    program_app.callback(invoke_without_command=True)(program)
    for name, command in commands.items():
        if isinstance(command, CommandGroup):
            add_group(program_app, name, command)
        else:
            add_command(program_app, name, command)
    return program_app


app = build_app(COMMANDS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program; default `sys.argv`.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    invocation = Invocation(OutputOptions.guess(words))
    if arguments is None:  # this process is the program
        may_end_process()
    try:
        with sigterm_as_interrupt():
            failure = _run(words, invocation)
            return _finish(invocation, failure)
    except (OutputClosedError, BrokenPipeError):
        # The interpreter flushes stdout when it exits, and would complain about the broken pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OUTPUT_CLOSED


def _run(words: list[str], invocation: Invocation) -> Failure | None:
    """Parse the command line and run the command; return how it failed, if it did."""
    called_as = Path(sys.argv[0]).name
    try:
        status = typer.main.get_command(app).main(
            words,
            prog_name=called_as if called_as in PROGRAM_NAMES else PROGRAM,
            standalone_mode=False,
            obj=invocation,
        )
    except OutputClosedError:
        raise
    except typer.TyperException as error:
        context: typer.Context | None = getattr(error, "ctx", None)
        if context is not None:
            invocation.session_for(command_name(context) or None)
        return failure_from(error)
    except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 - nobody above would report it
        return failure_from(error)
    if status == EXIT_INTERRUPTED:  # what typer makes of Ctrl-C
        return failure_from(KeyboardInterrupt())
    if isinstance(status, int) and status != 0:
        return failure_from(InternalError(f"a command ended with status {status} and no reason"))
    return None


def _finish(invocation: Invocation, failure: Failure | None) -> int:
    """Report the failure, print the JSON object, and return the exit code."""
    session = invocation.session_for(None)
    outcome = failure or session.result
    if failure is not None:
        session.report(failure)
    if session.options.json and outcome is not None:
        with stdout_guard() as stdout:  # buffered, where sys.stdout may drop half of a long line
            stdout.write(session.json_line(outcome) + "\n")
            stdout.flush()
    sys.stdout.flush()
    if failure is not None:
        return failure.exit_code
    return EXIT_GATE_FAILED if session.result is not None and not session.result.ok else 0
