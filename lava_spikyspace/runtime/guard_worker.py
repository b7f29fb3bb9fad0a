"""The worker of a guarded run: a fresh interpreter that does one job and leaves nothing behind.

It ends in one of four ways, and in each of them takes its child processes and its shared memory
with it: the job returned, the job raised, the guard closed the worker's standard input (its
lifeline), or the guard is gone. Should the worker itself be killed, its children die with it
(Linux) and the guard removes the rest.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import pickle
import select
import shutil
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

from lava_spikyspace.errors import SpikySpaceError
from lava_spikyspace.runtime.guard_messages import Failure, Message, Request, Result, receive, send
from lava_spikyspace.runtime.guard_processes import (
    RUN_VARIABLE,
    collect_children,
    end_processes_of,
)
from lava_spikyspace.runtime.guard_progress import connect
from lava_spikyspace.runtime.shared_memory import name_objects_with, remove_objects_with

_PR_SET_PDEATHSIG = 1
"""Option of Linux's prctl: the signal a process gets when the one that forked it ends."""

_LOOK_FOR_GUARD_S = 1.0

_leaving = threading.Lock()


def main(request: BinaryIO) -> NoReturn:
    """Do the job of a request file, report to the guard, and end the process.

    Parameters
    ----------
    request : binary file
        At the job and its arguments; lies in the folder of the run, which is removed at the end.
        The environment names the run, the first command-line argument the guard's process id.
    """
    token = os.environ[RUN_VARIABLE]
    folder = Path(request.name).parent
    messages, lifeline = _claim_standard_streams()
    threading.Thread(
        target=_leave_without_guard,
        args=(lifeline, int(sys.argv[1]), token, folder),
        daemon=True,
    ).start()
    faulthandler.enable()
    name_objects_with(token)
    _let_children_follow(messages.fileno())

    def tell(message: Message) -> None:
        send(messages, message)

    connect(tell)
    try:
        with request:
            _do_job(request, messages)
    finally:
        _leave(token, folder)


def _do_job(request: BinaryIO, messages: BinaryIO) -> None:
    try:
        order = cast(Request, receive(request))
        send(messages, Result(order.job(*order.arguments)))
    except BaseException as error:  # noqa: BLE001 - whatever a job raises is for the guard
        with contextlib.suppress(OSError):  # the guard may be gone
            send(messages, _as_failure(error))


def _as_failure(error: BaseException) -> Failure:
    return Failure(
        error=error if isinstance(error, SpikySpaceError) and _travels(error) else None,
        summary="".join(traceback.format_exception_only(type(error), error)).strip(),
        traceback="".join(traceback.format_exception(type(error), error, error.__traceback__)),
    )


def _travels(error: SpikySpaceError) -> bool:
    try:
        copy = pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - pickling runs code of the exception's class
        return False
    return type(copy) is type(error)


def _claim_standard_streams() -> tuple[BinaryIO, int]:
    """Keep stdin and stdout for the guard; what others print goes to stderr, which it collects."""
    lifeline = os.dup(0)
    messages = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return messages, lifeline


def _let_children_follow(messages: int) -> None:
    """Make forked children let go of the guard's pipe, and die when this process does."""
    if not hasattr(os, "register_at_fork"):
        return
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
    parent = os.getpid()

    def remember_parent() -> None:
        nonlocal parent
        parent = os.getpid()

    def follow() -> None:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, messages)
        os.close(nothing)
        if libc is None:
            return
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    os.register_at_fork(before=remember_parent, after_in_child=follow)


def _leave_without_guard(lifeline: int, guard: int, token: str, folder: Path) -> None:
    if sys.platform == "win32":
        os.read(lifeline, 1)  # returns when the other end is closed
    else:
        # The process id is looked at too: a process that the guard forked meanwhile
        # would keep the pipe open after the guard's death.
        while os.getppid() == guard:
            if select.select([lifeline], [], [], _LOOK_FOR_GUARD_S)[0]:
                break
    _leave(token, folder)


def _leave(token: str, folder: Path) -> NoReturn:
    """End every process of the run, remove what they shared, and exit at once.

    An orderly exit would call Lava's destructors, which wait for processes that no longer answer.
    """
    with _leaving:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        # First the names of what is shared, which its users no longer need: among the processes is
        # Python's resource tracker, and whoever kills us after that would leave them behind.
        remove_objects_with(token)
        end_processes_of(token)
        collect_children()
        remove_objects_with(token)
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)
