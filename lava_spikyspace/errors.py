"""Errors that a user can meet, each with the exit code that the command line documents.

Raise the most specific class. The message is one or two sentences that name the file, the place
inside it, what was found and what was expected; `hint` says what would help.
"""

from __future__ import annotations


class SpikySpaceError(Exception):
    """Base of every error that lava-spikyspace raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong: file, place, found, expected.
    hint : str, optional
        What the user can do about it; printed on a line of its own.

    Attributes
    ----------
    exit_code : int
        Exit status of a command that ends with this error.
    """

    exit_code = 70

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(SpikySpaceError):
    """The flags or arguments do not fit together (exit 2)."""

    exit_code = 2


class InputError(SpikySpaceError):
    """A file or its content cannot be used (exit 3)."""

    exit_code = 3


class ModelFileError(InputError):
    """A model file (NetX HDF5) is malformed, inconsistent or of an unknown version."""


class CheckpointError(InputError):
    """A checkpoint or its configuration cannot be used."""


class DataError(InputError):
    """A table of time series cannot be used."""


class BackendUnavailableError(SpikySpaceError):
    """A backend needs software or hardware that is not here (exit 4)."""

    exit_code = 4


class SimulationError(SpikySpaceError):
    """A simulation failed: a process model raised (exit 5).

    Parameters
    ----------
    message : str
        What failed; names the process where it is known.
    process : str, optional
        Name of the process whose model raised.
    traceback : str, optional
        Traceback text of the process model.
    hint : str, optional
        What the user can do about it.
    """

    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        process: str | None = None,
        traceback: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.process = process
        self.traceback = traceback


class StrictRangeError(SimulationError):
    """In strict mode a value left the range that the file proves for it (exit 5)."""


class SimulationTimeoutError(SpikySpaceError):
    """A simulation took longer than it was given (exit 6)."""

    exit_code = 6


class InternalError(SpikySpaceError):
    """A bug of ours: an invariant that the code relies on does not hold (exit 70)."""
