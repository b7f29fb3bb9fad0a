"""What a network is on the chip: kinds of neurons with programs, and the synapses between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware.microcode.program import Program
from lava_spikyspace.hardware.patterns import Dense, FanIn, FanOut, Pattern, Strided
from lava_spikyspace.network import IntArray, Interval


@dataclass(frozen=True, eq=False, kw_only=True)
class NeuronKind:
    """Neurons that run one program.

    Parameters
    ----------
    name : str
        Of the row of the counts.
    layer : str
        Layer of the network.
    program : Program
        What each of them runs in every time step.
    neurons : int
        How many.
    constants : mapping of str to ndarray, int64
        Words of the constants: a number that all share, or one entry for each neuron.
    initial : mapping of str to int
        State before the first step; 0 where absent.
    offset : int
        Step at which the first frame of its input begins.
    payloads : mapping of str to Interval
        Range of what it sends, by out port.
    """

    name: str
    layer: str
    program: Program
    neurons: int
    constants: Mapping[str, IntArray] = field(default_factory=dict)
    initial: Mapping[str, int] = field(default_factory=dict)
    offset: int = 0
    payloads: Mapping[str, Interval] = field(default_factory=dict)

    @property
    def state_words(self) -> int:
        """Words of state of each neuron."""
        return len(self.program.states)

    @property
    def own_words(self) -> int:
        """Words of constants that each neuron has for itself."""
        return sum(array.ndim > 0 for array in self.constants.values())

    @property
    def shared_words(self) -> int:
        """Words of constants that all of them share."""
        return len(self.constants) - self.own_words


@dataclass(frozen=True, eq=False, kw_only=True)
class Synapses:
    """Synapses from an out port of one kind to an input of another.

    Parameters
    ----------
    source, port : str
        Kind that sends, and its out port.
    target, cell : str
        Kind that receives, and the accumulator that the synapses add to.
    role : str
        What the layer of the target takes the events for.
    pattern : Pattern
        Who reaches whom.
    weight : ndarray, int64, optional
        Shape (target, source) for a dense pattern, (target,) for one to one; 1 without.
    delay : int
        Steps from sending to arriving.
    """

    source: str
    port: str
    target: str
    cell: str
    role: str
    pattern: Pattern
    weight: IntArray | None = None
    delay: int = 0

    def deliver(self, payload: IntArray) -> IntArray:
        """Return what arrives when neurons send.

        Parameters
        ----------
        payload : ndarray, int64, shape (..., source)
            What each of them sends.

        Returns
        -------
        ndarray, int64, shape (..., target)
            Sums over the synapses of each target.
        """
        pattern = self.pattern
        if isinstance(pattern, Dense):
            if self.weight is None:
                total = payload.sum(axis=-1, keepdims=True)
                return np.repeat(total, pattern.targets, axis=-1)
            # Sums of at most 24 bits are exact in float64.
            return np.asarray(payload.astype(np.float64) @ self._matrix).astype(np.int64)
        if isinstance(pattern, FanOut):
            spread = np.repeat(payload, pattern.targets // pattern.sources, axis=-1)
            return spread if self.weight is None else spread * self.weight
        if isinstance(pattern, Strided):
            return np.tile(payload, pattern.targets // pattern.sources)
        if isinstance(pattern, FanIn):
            return np.asarray(payload.reshape(*payload.shape[:-1], pattern.targets, -1).sum(-1))
        raise InternalError(f"no delivery by {type(pattern).__name__}")

    @cached_property
    def _matrix(self) -> npt.NDArray[np.float64]:
        return np.asarray(self.weight, dtype=np.float64).T


@dataclass(frozen=True, eq=False)
class KindGraph:
    """All kinds and synapses of a network, or of a part of it.

    Parameters
    ----------
    kinds : tuple of NeuronKind
        In the order of the data.
    synapses : tuple of Synapses
        In the order of their targets.
    """

    kinds: tuple[NeuronKind, ...]
    synapses: tuple[Synapses, ...]

    @cached_property
    def by_name(self) -> dict[str, NeuronKind]:
        """Kinds by name."""
        return {kind.name: kind for kind in self.kinds}

    def onto(self, target: str) -> tuple[Synapses, ...]:
        """Return the synapses that end at a kind."""
        return self._onto.get(target, ())

    @cached_property
    def _onto(self) -> dict[str, tuple[Synapses, ...]]:
        found: dict[str, tuple[Synapses, ...]] = {}
        for synapses in self.synapses:
            found[synapses.target] = (*found.get(synapses.target, ()), synapses)
        return found
