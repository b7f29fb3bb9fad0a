"""What a guard and its worker tell each other, and how it travels.

The guard sends one request, through a file; the worker answers with messages, through a pipe.
Either is one pickle whose large buffers (arrays) follow it uncopied: a header with the sizes, the
pickle, the buffers.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from lava_spikyspace.errors import SpikySpaceError


@dataclass(frozen=True)
class Request:
    """What the worker shall do.

    Attributes
    ----------
    job : callable
        Module-level function.
    arguments : tuple
        Its arguments.
    """

    job: Callable[..., object]
    arguments: tuple[object, ...]


@dataclass(frozen=True)
class Built:
    """The process models are built and wait for the first time step.

    Attributes
    ----------
    processes : mapping of int to str
        Name of the Lava process that each OS process (by its id) runs.
    """

    processes: Mapping[int, str]


@dataclass(frozen=True)
class Progress:
    """Some time steps are done.

    Attributes
    ----------
    step : int
        Time steps done.
    steps : int
        Time steps that the run has in all.
    """

    step: int
    steps: int


@dataclass(frozen=True)
class Result:
    """The job returned.

    Attributes
    ----------
    value : object
        What it returned.
    """

    value: object


@dataclass(frozen=True)
class Failure:
    """The job raised.

    Attributes
    ----------
    error : SpikySpaceError or None
        The exception, where it is one of ours; None for any other.
    summary : str
        Type and message of the exception in one line.
    traceback : str
        Its traceback in the worker.
    """

    error: SpikySpaceError | None
    summary: str
    traceback: str


Message = Built | Progress | Result | Failure


def send(stream: BinaryIO, message: object) -> None:
    """Write one message and flush.

    Parameters
    ----------
    stream : binary file
        Where to write.
    message : object
        Any picklable object. Nothing is written where pickling fails.
    """
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    pickle.dump([len(body), *(view.nbytes for view in views)], stream)
    stream.write(body)
    for view in views:
        stream.write(view)
    stream.flush()


def receive(stream: BinaryIO) -> object:
    """Read one message.

    Parameters
    ----------
    stream : binary file
        Where to read; must be buffered.

    Returns
    -------
    object
        What was sent; arrays in it are writable.

    Raises
    ------
    EOFError
        The stream ends before the message does.
    """
    body_size, *buffer_sizes = pickle.load(stream)
    body = _read_exactly(stream, body_size)
    buffers = [_read_exactly(stream, size) for size in buffer_sizes]
    return pickle.loads(body, buffers=buffers)


def _read_exactly(stream: BinaryIO, size: int) -> bytearray:
    content = bytearray(size)
    view = memoryview(content)
    filled = 0
    while filled < size:
        count = stream.readinto(view[filled:])  # type: ignore[attr-defined]
        if not count:
            raise EOFError
        filled += count
    return content
