"""In-memory channels between ports: what stands in for Lava's shared memory and semaphores.

A channel is a bounded first-in-first-out queue with a sending and a receiving end. The ends derive
from Lava's own channel ends, so that Lava's builders and ports accept them, and treat the data
exactly as Lava's do: the sender's array is copied on sending, in C order and in the dtype that the
sending port declares (casting as NumPy assignment does, so an int32 port wraps); the receiver gets
an array of that dtype that nobody else holds.

An end that cannot go on calls its `Waiter`, which lets other models run until it can.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
from lava.magma.compiler.channels.pypychannel import CspRecvPort, CspSendPort
from lava.utils.sparse import find
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray


ChannelEnd: TypeAlias = "InProcessSendPort | InProcessRecvPort"


class Waiter(Protocol):
    """What a channel end turns to when it cannot go on."""

    def wait(self, end: ChannelEnd) -> None:
        """Return once ``end.probe()`` is true, or raise."""


@dataclass(frozen=True)
class PortAddress:
    """A port as messages to the user name it.

    Attributes
    ----------
    process : str or None
        Display name of the process; None for the program outside the graph (the other side of an
        Injector or Extractor).
    port : str
        Name of the port.
    """

    process: str | None
    port: str

    def __str__(self) -> str:
        return f"{self.process}.{self.port}" if self.process else "the program outside the graph"


class MessageQueue(deque[Any]):
    """Messages under way, oldest first."""

    def qsize(self) -> int:
        """Return the number of messages, under the name that Lava's Injector asks for."""
        return len(self)


class Channel:
    """A bounded queue from one port to another.

    Parameters
    ----------
    source, target : PortAddress
        The ports that it joins.
    shape : tuple of int
        Shape of every message.
    dtype : dtype
        Type that every message is cast to.
    capacity : int
        Number of messages that fit; the sender of one more waits.
    waiter : Waiter
        Asked to let others run when an end cannot go on.
    accesses_var : bool
        True between a RefPort and a VarPort, whose requests are served in management phases only.
    """

    def __init__(
        self,
        source: PortAddress,
        target: PortAddress,
        *,
        shape: tuple[int, ...],
        dtype: DTypeLike,
        capacity: int,
        waiter: Waiter,
        accesses_var: bool = False,
    ) -> None:
        self.source = source
        self.target = target
        self.shape = shape
        self.dtype = np.dtype(dtype)
        self.capacity = capacity
        self.accesses_var = accesses_var
        self.messages = MessageQueue()
        self.send_port = InProcessSendPort(self, waiter)
        self.recv_port = InProcessRecvPort(self, waiter)

    def close(self) -> None:
        """Drop all messages and take no more."""
        self.messages.clear()
        self.send_port.close()


class InProcessSendPort(CspSendPort):
    """Sending end of a `Channel`."""

    def __init__(self, channel: Channel, waiter: Waiter) -> None:
        # Lava's constructor wants shared memory and semaphores; its properties want these names.
        self._name = channel.source.port
        self._shape = channel.shape
        self._dtype = channel.dtype
        self._size = channel.capacity
        self.observer = None
        self.channel = channel
        self._messages = channel.messages
        self._waiter = waiter

    def start(self) -> None:
        """Do nothing: there is no thread to start."""

    def join(self) -> None:
        """Do nothing: there is no thread to join."""

    def close(self) -> None:
        """Make `send` wait: for ever, as nobody empties the channel any more."""
        self._size = 0

    def probe(self) -> bool:
        """Return whether `send` would go through without waiting."""
        return len(self._messages) < self._size

    def send(self, data: NDArray[Any]) -> None:
        """Put a copy of `data` into the channel.

        Parameters
        ----------
        data : ndarray
            Of the channel's shape; cast to the channel's dtype.

        Raises
        ------
        ValueError
            If `data` has another shape than the channel.
        """
        if data.shape != self._shape:
            raise ValueError(
                f"{self.channel.source} sends an array of shape {tuple(data.shape)} "
                f"but was declared with shape {self._shape}"
            )
        messages = self._messages
        if len(messages) >= self._size:
            self._waiter.wait(self)
        if type(data) is not np.ndarray and isinstance(data, csr_matrix):
            data = np.broadcast_to(find(data, explicit_zeros=True)[2], self._shape)
        messages.append(np.array(data, dtype=self._dtype, order="C"))


class InProcessRecvPort(CspRecvPort):
    """Receiving end of a `Channel`."""

    def __init__(self, channel: Channel, waiter: Waiter) -> None:
        self._name = channel.target.port
        self._shape = channel.shape
        self._dtype = channel.dtype
        self._size = channel.capacity
        self.observer = None
        self.channel = channel
        # Lava's Injector and Extractor look into this attribute for the number of messages.
        self._queue = channel.messages
        self._waiter = waiter

    def start(self) -> None:
        """Do nothing: there is no thread to start."""

    def join(self) -> None:
        """Do nothing: there is no thread to join."""

    def probe(self) -> bool:
        """Return whether `recv` would return without waiting."""
        return len(self._queue) > 0

    def peek(self) -> NDArray[Any]:
        """Return a copy of the oldest message and leave it in the channel."""
        if not self._queue:
            self._waiter.wait(self)
        oldest: NDArray[Any] = self._queue[0]
        return oldest.copy()

    def recv(self) -> NDArray[Any]:
        """Take the oldest message out of the channel and return it."""
        if not self._queue:
            self._waiter.wait(self)
        message: NDArray[Any] = self._queue.popleft()
        return message

    def receiver_as(self, dtype: np.dtype[Any]) -> Callable[[], NDArray[Any]]:
        """Return `recv`, or a function like it that gives messages in another dtype."""
        if dtype == self._dtype:
            return self.recv
        queue, waiter = self._queue, self._waiter

        def receive() -> NDArray[Any]:
            if not queue:
                waiter.wait(self)
            message: NDArray[Any] = queue.popleft().astype(dtype)
            return message

        return receive
