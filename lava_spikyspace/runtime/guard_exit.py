"""Words for the way an OS process ended."""

from __future__ import annotations

import signal

_SIGKILL = 9
_OUT_OF_MEMORY_HINT = (
    "A process that is killed from outside often means that memory ran out: "
    "run fewer windows, or one simulation at a time."
)


def describe_exit(status: int | None) -> str:
    """Say how a process ended.

    Parameters
    ----------
    status : int or None
        Exit status as :mod:`subprocess` and :mod:`multiprocessing` report it: negative for a
        signal, None where it is unknown.

    Returns
    -------
    str
        For instance ``was ended by SIGKILL`` or ``ended with exit status 3``.

    Examples
    --------
    >>> describe_exit(-11)
    'was ended by SIGSEGV'
    """
    if status is None:
        return "ended"
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


def hint_for_exit(status: int | None) -> str | None:
    """Say what may help against a process that ended with a status, where something may.

    Parameters
    ----------
    status : int or None
        As in :func:`describe_exit`.

    Returns
    -------
    str or None
        A hint for a process that was killed, else None.
    """
    return _OUT_OF_MEMORY_HINT if status == -_SIGKILL else None
