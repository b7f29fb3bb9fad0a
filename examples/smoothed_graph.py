"""The graph of a network with a smoother behind its source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from input_smoother.process import InputSmoother
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var
from numpy.typing import NDArray

from lava_spikyspace.assembly import LavaGraph, build_processes, connect_processes
from lava_spikyspace.backends.base import EngineResult
from lava_spikyspace.plan import MESSAGE, Link, Plan

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class SmoothedGraph:
    """What `lava_spikyspace.backends.simulation.simulate` needs of a graph.

    Parameters
    ----------
    network : LavaGraph
        The processes of the network.
    smoother : InputSmoother
        Ours.
    """

    network: LavaGraph
    smoother: InputSmoother

    @property
    def source(self) -> AbstractProcess:
        """A process of the graph; compiling it compiles all."""
        return self.network.source

    @property
    def time_steps(self) -> int:
        """Time steps of the run: the smoother answers at once, so they stay the same."""
        return self.network.time_steps

    def variables(self) -> Mapping[str, Var]:
        """Return the Vars that are read after the last step, one of ours among them."""
        return {**self.network.variables(), "smoother.changed": self.smoother.changed}

    def collect(self, values: Mapping[str, Integers]) -> tuple[EngineResult, int]:
        """Return the result of the network, and how many values the smoother has changed."""
        return self.network.collect(values), int(values["smoother.changed"][0])


def smoothed_graph(plan: Plan, messages: Integers, shift: int) -> SmoothedGraph:
    """Build the processes of a plan and write the smoother into every link of its source.

    Parameters
    ----------
    plan : Plan
        The network in one coding.
    messages : ndarray, int64, shape (window, element, variate)
        Windows as integers.
    shift : int
        How strongly they are smoothed.
    """
    source = plan.processes[0].name
    if plan.ports(source) != (MESSAGE,):
        raise SystemExit("the windows of this model travel in limbs, which cannot be smoothed")
    smoother = InputSmoother(
        channels=plan.network.channels,
        shift=shift,
        window=plan.network.window,
        frame_steps=plan.frame_steps,
        name="smoother",
    )
    processes = build_processes(plan, messages)
    processes[source].message.connect(smoother.a_in)

    def connect(link: Link, sender: OutPort, receiver: InPort) -> None:
        if link.source == source:
            smoother.a_out.connect(receiver)
        else:
            sender.connect(receiver)

    return SmoothedGraph(connect_processes(plan, processes, len(messages), connect), smoother)
