"""What the nodes of one block hold, in arrays that chunks use again and again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.backends.fused.lanes import padded
from lava_spikyspace.backends.fused.network_form import (
    BlockForm,
    CodeArray,
    Float64Array,
    FloatArray,
    Int32Array,
    NetworkForm,
)
from lava_spikyspace.backends.fused.widths import FloatType


@dataclass(eq=False)
class Group:
    """One kind of nodes: which of them the windows use, and how many there are.

    Parameters
    ----------
    table : ndarray, int32, shape (window, element)
        Room for the node of each element of each window.
    windows : int
        Windows of the chunk at hand.
    used : int
        Nodes that hold something.
    carried : int
        The first so many nodes come from the chunk before.
    """

    table: Int32Array
    windows: int = 0
    used: int = 0
    carried: int = 0

    @classmethod
    def empty(cls, windows: int, elements: int) -> Group:
        """Return room for so many windows."""
        return cls(np.empty((windows, elements), dtype=np.int32))

    @property
    def indices(self) -> Int32Array:
        """The node of each element of each window of the chunk, int32 (window, element)."""
        return self.table[: self.windows]

    def keep_last(self) -> Int32Array:
        """Return the nodes of the last window, which become the first ones, in its order."""
        kept: Int32Array = self.indices[-1].copy()
        self.table[0] = np.arange(len(kept), dtype=np.int32)
        self.used = self.carried = len(kept)
        return kept

    @property
    def new(self) -> slice:
        """The nodes that this chunk has made."""
        return slice(self.carried, self.used)


@dataclass(eq=False)
class StreamNodes:
    """Nodes of the residual stream: the input of a block, or of the head.

    Parameters
    ----------
    group : Group
        Uses.
    messages : ndarray, float32 or float64, shape (node, variate)
        Messages, which are integers.
    used_stream, used_scan : ndarray, int32, shape (node,)
        Nodes of the block before that a message was made from.
    clipped : ndarray, int32, shape (node,)
        Values that were saturated.
    """

    group: Group
    messages: FloatArray
    used_stream: Int32Array
    used_scan: Int32Array
    clipped: Int32Array

    @classmethod
    def empty(cls, windows: int, elements: int, variates: int, dtype: npt.DTypeLike) -> StreamNodes:
        """Return room for so many windows."""
        room = windows * elements
        return cls(
            Group.empty(windows, elements),
            np.empty((room, variates), dtype=dtype),
            np.empty(room, dtype=np.int32),
            np.empty(room, dtype=np.int32),
            np.zeros(room, dtype=np.int32),
        )

    def carry(self) -> Int32Array:
        """Keep the nodes of the last window only, in its order; return where they were."""
        kept = self.group.keep_last()
        for values in (self.messages, self.clipped):
            values[: len(kept)] = values[kept]
        self.used_stream[: len(kept)] = self.used_scan[: len(kept)] = np.arange(len(kept))
        return kept


@dataclass(eq=False)
class BlockNodes:
    """Nodes of one block.

    Parameters
    ----------
    squares, roots : ndarray, float64, shape (stream node,)
        Sum of squares and root of the messages.
    scan_in, gate : ndarray, uint8, shape (stream node, channel)
        Codes of both halves of in_proj.
    conv : Group
        Nodes of the convolution, with all that follows from them but the scan.
    u, inner, delta : ndarray, uint8, shape (conv node, channel)
        Codes of the convolution, inside dt_proj, and of dt_proj.
    ranks : ndarray, uint8, shape (conv node, rank)
        Codes of delta.
    b, c : ndarray, int32, shape (conv node, state)
        Values; c is int64 where sums of them, each times a code, need it.
    scan : Group
        Nodes of the output codes of the scan.
    outputs : ndarray, int8, shape (scan node, channel)
        Output codes.
    trajectory : ndarray, uint8, shape (element, channel * padded state)
        State codes of the last window, in a ring that begins at row `origin`.
    origin : int
        Row of the trajectory that holds element 0.
    """

    squares: Float64Array
    roots: Float64Array
    scan_in: CodeArray
    gate: CodeArray
    conv: Group
    u: CodeArray
    ranks: CodeArray
    inner: CodeArray
    delta: CodeArray
    b: Int32Array
    c: npt.NDArray[np.signedinteger[Any]]
    scan: Group
    outputs: npt.NDArray[np.int8]
    trajectory: CodeArray
    origin: int = 0

    @classmethod
    def empty(cls, form: BlockForm, windows: int, elements: int) -> BlockNodes:
        """Return room for so many windows."""
        room = windows * elements
        scan = form.layers.scan
        channels, states = scan.neurons, scan.states
        ranks = form.layers.delta.neurons

        def codes(*shape: int) -> CodeArray:
            return np.empty((room, *shape), dtype=np.uint8)

        return cls(
            squares=np.empty(room),
            roots=np.empty(room),
            scan_in=codes(channels),
            gate=codes(channels),
            conv=Group.empty(windows, elements),
            u=codes(channels),
            ranks=codes(ranks),
            inner=codes(channels),
            delta=codes(channels),
            b=np.empty((room, states), dtype=np.int32),
            c=np.empty((room, states), dtype=form.scan.read_type),
            scan=Group.empty(windows, elements),
            outputs=np.empty((room, channels), dtype=np.int8),
            trajectory=np.zeros((elements, channels * padded(states)), dtype=np.uint8),
        )

    def carry(self, stream: Int32Array) -> None:
        """Keep the nodes of the last window only; `stream` are its nodes of the stream."""
        moves = (
            (stream, (self.squares, self.roots, self.scan_in, self.gate)),
            (
                self.conv.keep_last(),
                (self.u, self.ranks, self.inner, self.delta, self.b, self.c),
            ),
            (self.scan.keep_last(), (self.outputs,)),
        )
        for kept, arrays in moves:
            for values in arrays:
                values[: len(kept)] = values[kept]


@dataclass(eq=False)
class Workspace:
    """All nodes of a network, and scratch arrays.

    Parameters
    ----------
    windows, elements : int
        Room.
    streams : list of StreamNodes
        Input of each block, and of the head.
    blocks : list of BlockNodes
        By block.
    uses : ndarray, int32
        Scratch: how often each node of a group is used.
    """

    windows: int
    elements: int
    streams: list[StreamNodes]
    blocks: list[BlockNodes]
    uses: Int32Array
    scratch: dict[str, npt.NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def empty(cls, form: NetworkForm, windows: int) -> Workspace:
        """Return room for so many windows."""
        elements, variates = form.network.window, form.network.channels
        return cls(
            windows,
            elements,
            [StreamNodes.empty(windows, elements, variates, dtype) for dtype in form.stream_types],
            [BlockNodes.empty(block, windows, elements) for block in form.blocks],
            np.empty(windows * elements, dtype=np.int32),
        )

    def buffer(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return a scratch array of a shape; its content is whatever was there before."""
        size = math.prod(shape)
        known = self.scratch.get(name)
        if known is None or known.size < size or known.dtype != dtype:
            known = self.scratch[name] = np.empty(size, dtype=dtype)
        return known[:size].reshape(shape)

    def groups(self) -> Iterator[Group]:
        """Yield all groups of nodes."""
        for stream in self.streams:
            yield stream.group
        for nodes in self.blocks:
            yield nodes.conv
            yield nodes.scan

    def begin(self, windows: int, *, linked: bool) -> None:
        """Make ready for a chunk.

        Parameters
        ----------
        windows : int
            Windows of the chunk.
        linked : bool
            Whether its first window overlaps the last one of the chunk before, whose nodes are
            then kept as a window before the first.
        """
        if linked:
            kept = [stream.carry() for stream in self.streams]
            for nodes, stream in zip(self.blocks, kept, strict=False):
                nodes.carry(stream)
        for group in self.groups():
            group.windows = windows + linked
            if not linked:
                group.used = group.carried = 0


def stored_bytes(form: BlockForm, variates: int, stream: FloatType) -> int:
    """Return the bytes that a node of a block takes in a workspace."""
    scan = form.layers.scan
    channels, states = scan.neurons, scan.states
    read = 4 + np.dtype(form.scan.read_type).itemsize
    return np.dtype(stream).itemsize * variates + 7 * channels + read * states + 32
