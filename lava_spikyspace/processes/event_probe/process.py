"""Interface of the event probe."""

from __future__ import annotations

from collections.abc import Sequence

from lava.magma.core.process.ports.ports import InPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import IntArray


class EventProbe(AbstractProcess):
    """Counts what another process sends: events, and the weights that they meet.

    An event is an element of a message that is not 0. Processes of `lava.proc` keep no counts of
    their own; a probe that listens beside their receivers changes nothing for them.

    Parameters
    ----------
    shape : tuple of int
        Shape of the messages.
    fan_outs : sequence of ndarray, int64, of that shape
        For each process that receives the messages: the weights other than 0 that an event of each
        element meets there.
    recorded_steps : int
        Time steps whose messages are kept, from the first on.
    name : str, optional
        Name of the process.

    Attributes
    ----------
    a_in : InPort
        The messages.
    counters : Var, int64, shape (1 + receivers,)
        Events, and for each receiver its synaptic operations.
    record : Var, int32, shape (step, *shape)
        The messages.
    """

    def __init__(
        self,
        *,
        shape: tuple[int, ...],
        fan_outs: Sequence[IntArray],
        recorded_steps: int,
        name: str | None = None,
    ) -> None:
        named = {} if name is None else {"name": name}
        super().__init__(fan_outs=tuple(fan_outs), **named)
        self.a_in = InPort(shape=shape)
        self.counters = Var(shape=(1 + len(fan_outs),), init=0)
        self.record = Var(shape=(recorded_steps, *shape), init=0)
