"""Which neuron of a group reaches which neuron of another: the shapes of connectivity.

A pattern connects ``sources`` sending neurons (numbered from `first` in their group) with
``targets`` receiving neurons. Placement asks what a run of receiving neurons needs: how many
synapses end there, from which senders they come, and how many words of synaptic memory they take.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import IntArray


@dataclass(frozen=True)
class SynapseSize:
    """How many words the synapses of one axon take on one core.

    Parameters
    ----------
    weight_bits : int
        Bits of a weight.
    index_bits : int
        Bits beside the weight of each synapse.
    header_bits : int
        Bits once per axon.
    word_bits : int
        Bits of a word.
    """

    weight_bits: int
    index_bits: int
    header_bits: int
    word_bits: int

    def words(self, synapses: int) -> int:
        """Return the words of an axon with so many synapses; none where there are none."""
        if synapses == 0:
            return 0
        bits = synapses * (self.weight_bits + self.index_bits) + self.header_bits
        return -(-bits // self.word_bits)

    def kernel_words(self, weights: int) -> int:
        """Return the words of weights that are stored without an index."""
        return -(-weights * self.weight_bits // self.word_bits)


@dataclass(frozen=True)
class Pattern(ABC):
    """Connectivity between two groups of neurons.

    Parameters
    ----------
    sources, targets : int
        Neurons that send and that receive.
    first : int
        Number of the first sender in its group.
    """

    sources: int
    targets: int
    first: int = 0

    def __post_init__(self) -> None:
        if self.sources < 1 or self.targets < 1:
            raise InternalError(f"a pattern of {self.sources} senders and {self.targets} receivers")

    @property
    def synapses(self) -> int:
        """Number of all synapses."""
        return self.synapses_onto(0, self.targets)

    @abstractmethod
    def synapses_onto(self, start: int, stop: int) -> int:
        """Return the number of synapses that end at the receivers ``start..stop - 1``."""

    @abstractmethod
    def reaching(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return which senders reach the receivers ``start..stop - 1``, shape (sources,)."""

    @abstractmethod
    def words_onto(self, start: int, stop: int, size: SynapseSize) -> int:
        """Return the words of synaptic memory for the receivers ``start..stop - 1``."""

    def axons_onto(self, start: int, stop: int) -> int:
        """Return the number of senders that reach the receivers ``start..stop - 1``."""
        return int(np.count_nonzero(self.reaching(start, stop)))

    def destinations(self, runs: Sequence[tuple[int, int]]) -> IntArray:
        """Return how many of the given runs of receivers each sender reaches, shape (sources,)."""
        counts = np.zeros(self.sources, dtype=np.int64)
        for start, stop in runs:
            counts += self.reaching(start, stop)
        return counts

    def part(self, start: int, stop: int) -> Pattern | None:
        """Return the pattern of the senders ``start..stop - 1`` alone; None if it has no parts."""
        return None

    def _every(self) -> npt.NDArray[np.bool_]:
        return np.ones(self.sources, dtype=np.bool_)

    def _none(self) -> npt.NDArray[np.bool_]:
        return np.zeros(self.sources, dtype=np.bool_)


@dataclass(frozen=True)
class Dense(Pattern):
    """Every sender reaches every receiver."""

    def synapses_onto(self, start: int, stop: int) -> int:
        """Return ``sources`` for every receiver."""
        return self.sources * (stop - start)

    def reaching(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return all senders."""
        return self._every()

    def axons_onto(self, start: int, stop: int) -> int:
        """Return the number of all senders."""
        return self.sources

    def words_onto(self, start: int, stop: int, size: SynapseSize) -> int:
        """Return one list of synapses for each sender."""
        return self.sources * size.words(stop - start)

    def part(self, start: int, stop: int) -> Pattern | None:
        """Return the pattern of some of the senders."""
        return replace(self, sources=stop - start, first=self.first + start)


@dataclass(frozen=True)
class FanOut(Pattern):
    """Sender i reaches the receivers ``i*k .. i*k + k - 1``, with k = targets / sources.

    One to one for k = 1.

    Parameters
    ----------
    taps : int
        Synapses between each pair; a causal convolution has one for each delay.
    """

    taps: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.targets % self.sources:
            raise InternalError(f"{self.targets} receivers for {self.sources} senders to share")

    @property
    def _each(self) -> int:
        return self.targets // self.sources

    def synapses_onto(self, start: int, stop: int) -> int:
        """Return `taps` for every receiver."""
        return self.taps * (stop - start)

    def reaching(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return a run of senders."""
        found = self._none()
        if stop > start:
            found[start // self._each : (stop - 1) // self._each + 1] = True
        return found

    def words_onto(self, start: int, stop: int, size: SynapseSize) -> int:
        """Return one list of synapses for each sender, shorter ones at the ends of the run."""
        each = self._each
        first_whole, last_whole = -(-start // each), stop // each
        if first_whole > last_whole:  # all within the receivers of one sender
            return size.words((stop - start) * self.taps)
        runs = (first_whole * each - start, stop - last_whole * each)
        ends = sum(size.words(run * self.taps) for run in runs)
        return ends + (last_whole - first_whole) * size.words(each * self.taps)


@dataclass(frozen=True)
class Strided(Pattern):
    """Sender i reaches the receivers ``i, i + sources, i + 2*sources, ...``."""

    def synapses_onto(self, start: int, stop: int) -> int:
        """Return one for every receiver."""
        return stop - start

    def reaching(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return the senders modulo their number."""
        found = self._none()
        found[np.arange(start, min(stop, start + self.sources)) % self.sources] = True
        return found

    def words_onto(self, start: int, stop: int, size: SynapseSize) -> int:
        """Return one list of synapses for each sender."""
        rounds, more = divmod(stop - start, self.sources)
        return more * size.words(rounds + 1) + (self.sources - more) * size.words(rounds)


@dataclass(frozen=True)
class FanIn(Pattern):
    """Receiver i is reached by the senders ``i*k .. i*k + k - 1``, with k = sources / targets."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sources % self.targets:
            raise InternalError(f"{self.sources} senders for {self.targets} receivers to share")

    @property
    def _each(self) -> int:
        return self.sources // self.targets

    def synapses_onto(self, start: int, stop: int) -> int:
        """Return k for every receiver."""
        return self._each * (stop - start)

    def reaching(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return a run of senders."""
        found = self._none()
        found[start * self._each : stop * self._each] = True
        return found

    def words_onto(self, start: int, stop: int, size: SynapseSize) -> int:
        """Return a list of one synapse for each sender."""
        return self.synapses_onto(start, stop) * size.words(1)


@dataclass(frozen=True)
class Convolution(Pattern):
    """A two-dimensional convolution; a core stores its kernel once.

    Receivers are numbered channel last: ``(row * columns + column) * channels + channel``, and
    senders alike. Words are an upper bound: the whole kernel of the receivers' channels.

    Parameters
    ----------
    in_shape, out_shape : tuple of int
        (rows, columns, channels) of senders and receivers.
    kernel, stride, padding, dilation : tuple of int
        By row and column.
    groups : int
        Parts of the channels that do not see each other.
    """

    in_shape: tuple[int, int, int] = (1, 1, 1)
    out_shape: tuple[int, int, int] = (1, 1, 1)
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1

    @property
    def _channels_seen(self) -> int:
        """Input channels that an output channel reads."""
        return self.in_shape[2] // self.groups

    def _taps(self, axis: int) -> IntArray:
        """Return how many kernel positions of each output row (column) lie inside the input."""
        first = np.arange(self.out_shape[axis]) * self.stride[axis] - self.padding[axis]
        places = first[:, None] + np.arange(self.kernel[axis]) * self.dilation[axis]
        inside = (places >= 0) & (places < self.in_shape[axis])
        return np.asarray(inside.sum(axis=1), dtype=np.int64)

    def _pixels(self, start: int, stop: int) -> IntArray:
        """Return the pixels that a run of receivers touches."""
        channels = self.out_shape[2]
        return np.arange(start // channels, -(-stop // channels))

    def synapses_onto(self, start: int, stop: int) -> int:
        """Return the kernel positions inside the input for every receiver."""
        channels, columns = self.out_shape[2], self.out_shape[1]
        pixels = self._pixels(start, stop)
        first = np.maximum(pixels * channels, start)
        last = np.minimum((pixels + 1) * channels, stop)
        per_pixel = self._taps(0)[pixels // columns] * self._taps(1)[pixels % columns]
        return int(((last - first) * per_pixel).sum()) * self._channels_seen

    def reaching(self, start: int, stop: int) -> npt.NDArray[np.bool_]:
        """Return the senders under the kernel of any of the receivers."""
        rows, columns, channels = self.in_shape
        pixels = self._pixels(start, stop)
        found = np.zeros((self.groups, rows, columns), dtype=np.bool_)
        for group in range(self.groups):
            mine = pixels[self._reads_group(pixels, group, start, stop)]
            for step_row in range(self.kernel[0]):
                for step_column in range(self.kernel[1]):
                    at_row = self._place(mine // self.out_shape[1], 0, step_row)
                    at_column = self._place(mine % self.out_shape[1], 1, step_column)
                    inside = (at_row >= 0) & (at_row < rows)
                    inside &= (at_column >= 0) & (at_column < columns)
                    found[group, at_row[inside], at_column[inside]] = True
        return np.repeat(found.transpose(1, 2, 0), channels // self.groups, axis=2).ravel()

    def _reads_group(
        self, pixels: IntArray, group: int, start: int, stop: int
    ) -> npt.NDArray[np.bool_]:
        """Return at which pixels a run has receivers that read a group of channels."""
        channels = self.out_shape[2]
        each = channels // self.groups
        first = np.maximum(pixels * channels + group * each, start)
        last = np.minimum(pixels * channels + (group + 1) * each, stop)
        return np.asarray(first < last)

    def _place(self, out: IntArray, axis: int, tap: int) -> IntArray:
        """Return which input row (column) a tap of the kernel reads for output rows (columns)."""
        return out * self.stride[axis] - self.padding[axis] + tap * self.dilation[axis]

    def words_onto(self, start: int, stop: int, size: SynapseSize) -> int:
        """Return the words of the whole kernel."""
        lists = self.kernel[0] * self.kernel[1] * self._channels_seen
        return lists * size.kernel_words(min(self.out_shape[2], stop - start))
