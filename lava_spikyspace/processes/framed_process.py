"""Interface that the processes of the network share: schedule, counters, records, limb ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from lava_spikyspace.network import Layer
from lava_spikyspace.plan import MAX_LIMBS, MESSAGE, limb_port, limb_role
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.tally import new_counters

MessageLimbs = Mapping[str, tuple[int, ...]]
"""Widths of the low limbs by the in port (of the lowest) that a wide message arrives at."""

WHOLE: MessageLimbs = {}
"""No message arrives in limbs."""


@dataclass(frozen=True)
class Watch:
    """What is checked and kept while a process runs.

    Parameters
    ----------
    proof : Layer, optional
        Layer whose proven ranges every value is held against; without it nothing is checked.
    record : bool
        Keep what is sent in each frame (Var `record`) and codes that stay inside (`inner_record`).
    """

    proof: Layer | None = None
    record: bool = False


UNWATCHED = Watch()
"""No checks, no records."""


def sum_port(limb: int) -> str:
    """Return the name of the in port for the sums of one limb's synapses."""
    return f"a_in_{limb}"


def sum_ports(limbs: Sequence[int]) -> tuple[str, ...]:
    """Return the in ports that a neuron needs whose input comes in limbs of the given widths."""
    return tuple(sum_port(limb) for limb in range(len(limbs) + 1))


class FramedProcess(AbstractProcess):
    """A process that works in frames.

    Parameters
    ----------
    shape : tuple of int
        Shape of the message that it sends.
    inputs : tuple of str
        In ports that are connected; those of limbs that do not exist are not waited for, those
        of further limbs in `message_limbs` need not be named.
    schedule : Schedule
        When it works.
    watch : Watch
        What is checked and kept.
    name : str, optional
        Name of the process.
    bits : int, optional
        Width of the code that it sends; None where it sends messages (or sums).
    output_limbs : tuple of int
        Widths of the unsigned low limbs that its message is also sent in.
    message_limbs : mapping of str to tuple of int
        In ports at which a wide message arrives in limbs.
    sends_events : bool
        Whether it sends events, which are counted and recorded; sums of synapses are none.
    counts_synops : bool
        Whether it counts its synaptic operations itself.
    **parameters
        Further parameters for the process model.

    Attributes
    ----------
    counters : Var, int64
        Counts of what it has sent, see `processes.tally`.
    record : Var, int64, shape (frame, *shape)
        What it sent in each frame; no frames unless recorded.
    event_ports : tuple of str
        Out ports whose events are counted.
    """

    INNER: ClassVar[str] = "code"
    """What records call the codes of `inner_record`."""

    def __init__(
        self,
        *,
        shape: tuple[int, ...],
        inputs: tuple[str, ...],
        schedule: Schedule,
        watch: Watch,
        name: str | None = None,
        bits: int | None = None,
        output_limbs: tuple[int, ...] = (),
        message_limbs: MessageLimbs = WHOLE,
        sends_events: bool = True,
        counts_synops: bool = False,
        **parameters: object,
    ) -> None:
        limbs = len(output_limbs) + 1 if output_limbs else 0
        ports = (MESSAGE, *map(limb_port, range(limbs))) if sends_events else ()
        named = {} if name is None else {"name": name}
        super().__init__(
            inputs=tuple(
                limb_role(port, limb)
                for port in inputs
                for limb in range(len(message_limbs.get(port, ())) + 1)
            ),
            message_limbs=dict(message_limbs),
            schedule=schedule,
            proof=watch.proof,
            bits=bits,
            output_limbs=output_limbs,
            event_ports=ports,
            **named,
            **parameters,
        )
        self.event_ports = ports
        counters = new_counters(ports, prod(shape), counts_synops=counts_synops)
        self.counters = Var(shape=counters.shape, init=counters)
        frames = schedule.frames if watch.record and sends_events else 0
        self.record = Var(shape=(frames, *shape), init=0)

    @property
    def counter_names(self) -> tuple[str, ...]:
        """Vars that hold counts, one for each row of the plan, in its order."""
        passing = ("passing_counters",) if hasattr(self, "passing_counters") else ()
        return (*passing, "counters")

    @property
    def results(self) -> list[Var]:
        """Vars that hold results after a run: counters, and what was kept."""
        names = (*self.counter_names, "record", "inner_record", "forecast")
        known = [getattr(self, name) for name in names if hasattr(self, name)]
        return [var for var in known if prod(var.shape)]

    def add_sum_ports(self, shape: tuple[int, ...]) -> None:
        """Add the in ports for the sums of `MAX_LIMBS` limbs."""
        for limb in range(MAX_LIMBS):
            setattr(self, sum_port(limb), InPort(shape=shape))

    def add_message_ports(self, port: str, shape: tuple[int, ...]) -> None:
        """Add an in port for a message, and those for further limbs of a wide one."""
        for limb in range(MAX_LIMBS):
            setattr(self, limb_role(port, limb), InPort(shape=shape))

    def add_limb_ports(self, shape: tuple[int, ...]) -> None:
        """Add the out ports for `MAX_LIMBS` limbs of the message."""
        for limb in range(MAX_LIMBS):
            setattr(self, limb_port(limb), OutPort(shape=shape))

    def add_passing_counters(self, neurons: int) -> None:
        """Add the Var `passing_counters`: counts of what one kind of neurons sends to another."""
        counters = new_counters((MESSAGE,), neurons)
        self.passing_counters = Var(shape=counters.shape, init=counters)

    def add_inner_record(self, neurons: int) -> None:
        """Add the Var `inner_record`, shape (frame, neuron), for codes that stay inside."""
        frames = self.record.shape[0]
        self.inner_record = Var(shape=(frames, neurons), init=0)
