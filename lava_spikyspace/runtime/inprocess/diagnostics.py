"""What the user is told when a simulation cannot go on."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lava_spikyspace.errors import SimulationError
from lava_spikyspace.runtime.inprocess.channels import InProcessSendPort, PortAddress
from lava_spikyspace.runtime.inprocess.naming import plain_name
from lava_spikyspace.runtime.inprocess.phases import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from lava_spikyspace.runtime.inprocess.scheduler import Wait

_OWN_FOLDER = Path(__file__).parent


class DeadlockError(SimulationError):
    """Processes wait for messages that nobody will send (exit 5).

    Parameters
    ----------
    message : str
        Who waits for whom.
    waits : sequence of BlockedProcess, optional
        One entry for every process that waits.
    hint : str, optional
        What the user can do about it.
    """

    def __init__(
        self, message: str, *, waits: Sequence[BlockedProcess] = (), hint: str | None = None
    ) -> None:
        super().__init__(message, process=waits[0].process if waits else None, hint=hint)
        self.waits = tuple(waits)


@dataclass(frozen=True)
class BlockedProcess:
    """A process that waits, and for whom.

    Attributes
    ----------
    process : str
        Name of the process that waits.
    port : str
        Name of the port at which it waits.
    peer : str or None
        Name of the process at the other end; None for the program outside the graph.
    reason : str
        The whole story in one line.
    """

    process: str
    port: str
    peer: str | None
    reason: str


def deadlock(waits: Sequence[Wait], phase: Phase, time_step: int) -> DeadlockError:
    """Explain a deadlock.

    Parameters
    ----------
    waits : sequence of Wait
        Every process that cannot go on.
    phase : Phase
        The phase in which they wait.
    time_step : int
        The time step, from 1.

    Returns
    -------
    DeadlockError
        Names each process, the port at which it waits, who should act, and a cycle if there is one.
    """
    waiting = {wait.task.process for wait in waits}
    blocked = [_blocked(wait, waiting, phase) for wait in waits]
    lines = [f"Deadlock in the {phase} of time step {time_step}:"]
    lines += [f"  {entry.reason}" for entry in blocked]
    cycle = _cycle({wait.task.process: _peer(wait).process for wait in waits})
    if cycle:
        lines.append(f"  In a circle: {' -> '.join([*cycle, cycle[0]])}")
    return DeadlockError("\n".join(lines), waits=blocked, hint=_hint(waits, bool(cycle), phase))


def _blocked(wait: Wait, waiting: set[str], phase: Phase) -> BlockedProcess:
    channel = wait.end.channel
    sends = isinstance(wait.end, InProcessSendPort)
    own, other = channel.source if sends else channel.target, _peer(wait)
    if other.process is None:
        state = "which cannot act during a run"
    elif other.process in waiting:
        state = "which waits itself"
    elif channel.accesses_var and phase in (Phase.SPIKING, Phase.LEARNING):
        state = f"which serves no requests in the {phase}"
    else:
        state = "which is done with this phase"
    if sends:
        want = f"room to send (all {channel.capacity} places are taken) to {other}"
    else:
        want = f"a message from {other}"
    return BlockedProcess(
        process=plain_name(wait.task.process),
        port=own.port,
        peer=plain_name(other.process) if other.process else None,
        reason=f"{own} waits for {want}, {state}",
    )


def _peer(wait: Wait) -> PortAddress:
    channel = wait.end.channel
    return channel.target if isinstance(wait.end, InProcessSendPort) else channel.source


def _cycle(peers: dict[str, str | None]) -> list[str]:
    """Return processes that wait for each other in a circle, or an empty list."""
    for start in peers:
        path: list[str] = []
        current: str | None = start
        while current in peers and current not in path:
            path.append(current)
            current = peers[current]
        if current in path:
            return path[path.index(current) :]
    return []


def _hint(waits: Sequence[Wait], is_cycle: bool, phase: Phase) -> str:
    channels = [wait.end.channel for wait in waits]
    if any(channel.accesses_var for channel in channels) and phase is Phase.SPIKING:
        return "Read and write Vars of other processes in run_post_mgmt, not in run_spk."
    if any(None in (channel.source.process, channel.target.process) for channel in channels):
        return "Send or receive from outside between runs, or choose a non-blocking configuration."
    if is_cycle:
        return "One process of the circle must send before it receives, as Dense and Sparse do."
    return "Every receive needs a send in the same or in an earlier time step."


def model_error(error: Exception, process: str, phase: Phase, time_step: int) -> SimulationError:
    """Wrap what a process model has raised.

    Parameters
    ----------
    error : Exception
        As the model raised it.
    process : str
        Display name of the process, ``name::Class``.
    phase : Phase
        The phase in which it was raised.
    time_step : int
        The time step, from 1.

    Returns
    -------
    SimulationError
        To be raised from `error`. An `error` that is a `SimulationError` already (a strict-range
        error of one of our models) keeps its type, message and hint, and learns its process.
    """
    name = plain_name(process)
    if isinstance(error, SimulationError):
        error.process = error.process or name
        error.traceback = error.traceback or model_traceback(error)
        return error
    return SimulationError(
        f"Process {process} failed in the {phase} of time step {time_step}: "
        f"{type(error).__name__}: {error}",
        process=name,
        traceback=model_traceback(error),
    )


def model_traceback(error: Exception) -> str:
    """Return the traceback text of `error` from the model's own frame on."""
    frames: TracebackType | None = error.__traceback__
    while frames is not None and frames.tb_next is not None and _is_own(frames):
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))


def _is_own(frames: TracebackType) -> bool:
    return Path(frames.tb_frame.f_code.co_filename).parent == _OWN_FOLDER
