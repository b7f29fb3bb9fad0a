"""What an exception means to the user: exit code, message, hint, and how much of the traceback."""

from __future__ import annotations

import errno
import re
import traceback
from dataclasses import dataclass
from typing import Literal

import typer

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import SimulationError, SpikySpaceError

EXIT_USAGE = 2
EXIT_INPUT = 3
EXIT_BUG = 70
EXIT_INTERRUPTED = 130

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Failure:
    """How a command ended that could not finish.

    Parameters
    ----------
    exit_code : int
        Exit status of the process.
    diagnostic : Diagnostic
        Code, message and hint.
    traceback : str, optional
        Where it happened: in the process model for a failed simulation, in our code for a bug.
    traceback_when : {"always", "verbose"}
        Whether people see the traceback at once or with ``-v`` only; JSON always holds it.
    """

    exit_code: int
    diagnostic: Diagnostic
    traceback: str | None = None
    traceback_when: Literal["always", "verbose"] = "verbose"

    def to_dict(self) -> dict[str, str | None]:
        """Return the diagnostic for the JSON envelope, with the traceback if there is one."""
        entry = self.diagnostic.to_dict()
        return entry if self.traceback is None else {**entry, "traceback": self.traceback}


def failure_from(error: BaseException) -> Failure:
    """Translate an exception that ended a command.

    Parameters
    ----------
    error : BaseException
        A `SpikySpaceError` has its own exit code; an error of the command line is 2, a file that
        the system refuses is 3, an interrupt is 130, and all else is a bug of ours, 70.
    """
    if isinstance(error, SpikySpaceError):
        return _ours(error)
    if isinstance(error, typer.TyperException):
        return _usage(error)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return _failure(EXIT_INTERRUPTED, "interrupted", "interrupted")
    if isinstance(error, OSError) and (error.filename is not None or error.errno in _DISK_FULL):
        place = "" if error.filename is None else f"{error.filename}: "
        return _failure(EXIT_INPUT, "file", f"{place}{error.strerror}")
    return Failure(
        EXIT_BUG,
        Diagnostic(
            "bug",
            "error",
            f"this is a bug of lava-spikyspace: {type(error).__name__}: {error}",
            hint="please report it, with the traceback that -v shows",
        ),
        traceback="".join(traceback.format_exception(error)),
    )


def _failure(exit_code: int, code: str, message: str, hint: str | None = None) -> Failure:
    return Failure(exit_code, Diagnostic(code, "error", message, hint=hint))


def _ours(error: SpikySpaceError) -> Failure:
    is_simulation = isinstance(error, SimulationError)
    text = error.traceback if isinstance(error, SimulationError) else None
    if error.exit_code == EXIT_BUG:
        text = "".join(traceback.format_exception(error))
    return Failure(
        error.exit_code,
        Diagnostic(
            _code_of(error),
            "error",
            error.message,
            where=error.process if isinstance(error, SimulationError) else None,
            hint=error.hint,
        ),
        traceback=text,
        traceback_when="always" if is_simulation else "verbose",
    )


def _code_of(error: SpikySpaceError) -> str:
    """Return the name of the error's class in kebab case: ModelFileError is ``model-file``."""
    name = type(error).__name__.removesuffix("Error")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _usage(error: typer.TyperException) -> Failure:
    context: typer.Context | None = getattr(error, "ctx", None)
    hint = None if context is None else f"{context.command_path} --help"
    return _failure(EXIT_USAGE, "usage", error.format_message(), hint)
