"""Neuron kinds with their synapses, run step by step."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lava_spikyspace.errors import StrictRangeError
from lava_spikyspace.hardware.microcode.interpreter import Neurons
from lava_spikyspace.hardware.microcode.kinds import KindGraph, Synapses
from lava_spikyspace.hardware.microcode.words import HIGHEST, LOWEST, WORD_BITS
from lava_spikyspace.network import IntArray

Cell = tuple[str, str]
"""A kind and one of its inputs (or of its out ports)."""


@dataclass
class PathCount:
    """Instructions that the neurons of a kind have executed.

    Parameters
    ----------
    executions : int
        How often the program ran: neurons times steps.
    instructions : int
        All instructions together.
    best, worst : int
        Least and most in one execution; both 0 before the first.
    """

    executions: int = 0
    instructions: int = 0
    best: int = 0
    worst: int = 0

    @property
    def mean(self) -> float:
        """Instructions of one execution."""
        return self.instructions / self.executions if self.executions else 0.0

    def add(self, executed: IntArray) -> None:
        """Count one step of all neurons."""
        least, most = int(executed.min()), int(executed.max())
        self.best = min(self.best, least) if self.executions else least
        self.worst = max(self.worst, most)
        self.executions += executed.size
        self.instructions += int(executed.sum())


class Machine:
    """A graph of neuron kinds in some time step.

    Parameters
    ----------
    graph : KindGraph
        What runs.
    lanes : int
        Independent copies of it that run side by side.

    Attributes
    ----------
    neurons : dict of str to Neurons
        By kind.
    """

    def __init__(self, graph: KindGraph, lanes: int = 1) -> None:
        self.graph = graph
        self.neurons = {
            kind.name: Neurons(kind.program, (lanes, kind.neurons), kind.constants, kind.initial)
            for kind in graph.kinds
        }
        longest: dict[Cell, int] = {}
        for synapses in graph.synapses:
            port = (synapses.source, synapses.port)
            longest[port] = max(longest.get(port, 0), synapses.delay)
        self._sent: dict[Cell, deque[IntArray]] = {
            port: deque(maxlen=delay + 1) for port, delay in longest.items()
        }

    def step(self, given: Mapping[Cell, IntArray]) -> None:
        """Run every program once.

        Parameters
        ----------
        given : mapping of (str, str) to ndarray, int64, shape (lane, neuron)
            What arrives from outside, by kind and input.

        Raises
        ------
        StrictRangeError
            Synapses sum up more than an accumulator holds.
        ProgramError
            A program loops longer than it says.
        """
        for kind in self.graph.kinds:
            neurons = self.neurons[kind.name]
            for synapses in self.graph.onto(kind.name):
                self._arrive(neurons, synapses)
            for (name, cell), value in given.items():
                if name == kind.name:
                    neurons.inputs[cell] = neurons.inputs[cell] + value
            neurons.step()
            for port, payload in neurons.sent.items():
                if (kind.name, port) in self._sent:
                    self._sent[kind.name, port].append(payload)

    def _arrive(self, neurons: Neurons, synapses: Synapses) -> None:
        line = self._sent[synapses.source, synapses.port]
        if len(line) <= synapses.delay:
            return
        total = neurons.inputs[synapses.cell] + synapses.deliver(line[-1 - synapses.delay])
        if total.min() < LOWEST or total.max() > HIGHEST:
            raise StrictRangeError(
                f"{synapses.target}: synapses from {synapses.source} sum up to {total.min()} to "
                f"{total.max()}, more than an accumulator of {WORD_BITS} bits holds",
                process=synapses.target,
            )
        neurons.inputs[synapses.cell] = np.asarray(total)
