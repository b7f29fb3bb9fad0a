"""A run of windows through a network, chunk by chunk, in one thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from lava_spikyspace.arithmetic import descale
from lava_spikyspace.backends.fused.blocks import BlockRun
from lava_spikyspace.backends.fused.chunk_counts import ChunkCounts
from lava_spikyspace.backends.fused.network_form import NetworkForm
from lava_spikyspace.backends.fused.nodes import StreamNodes, Workspace, stored_bytes
from lava_spikyspace.backends.fused.recording import collect
from lava_spikyspace.backends.fused.sharing import Links, WindowRows, links_of
from lava_spikyspace.backends.fused.tallies import Tallies
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import Plan

CHUNK_BYTES = 1 << 26
"""Memory of the nodes of a chunk, in every thread."""

MAX_CHUNK = 128
"""Most windows of a chunk."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """What some windows amount to.

    Parameters
    ----------
    first, stop : int
        Windows of the segment.
    forecasts : ndarray, int64, shape (window, step, variate)
        What the head sent.
    tallies : dict of str to Tally
        What layers did, by name.
    records : mapping of str to ndarray
        Codes, where asked for.
    """

    first: int
    stop: int
    forecasts: IntArray
    tallies: Tallies
    records: Mapping[str, IntArray] = field(default_factory=dict)


def chunk_windows(form: NetworkForm) -> int:
    """Return how many windows are evaluated together, so that memory stays bounded."""
    network = form.network
    by_node = sum(stored_bytes(block, network.channels) for block in form.blocks)
    return int(np.clip(CHUNK_BYTES // (by_node * network.window), 1, MAX_CHUNK))


@dataclass(eq=False)
class Segment:
    """Windows that one thread runs.

    Parameters
    ----------
    plan : Plan
        Coding and limbs, for the counts.
    form : NetworkForm
        The network.
    windows : WindowRows
        What to run.
    chunk : int
        Windows at a time.
    strict : bool
        Note the extremes of messages as well.
    record : bool
        Keep codes.
    """

    plan: Plan
    form: NetworkForm
    windows: WindowRows
    chunk: int
    strict: bool = False
    record: bool = False

    def run(self) -> Iterator[Chunk]:
        """Yield the windows chunk by chunk."""
        network, rows = self.form.network, self.windows
        size = min(self.chunk, len(rows))
        links = links_of(rows.starts, rows.elements)
        # One more window: the last one of the chunk before.
        workspace = Workspace.empty(self.form.blocks, size + 1, rows.elements, network.channels)
        for first in range(0, len(rows), size):
            stop = min(first + size, len(rows))
            linked = first > 0 and bool(links.linked[first])
            workspace.begin(stop - first, linked=linked)
            part = slice(first - linked, stop)
            chunk_links = Links(links.linked[part], links.shifts[part])
            yield ChunkRun(self, workspace, chunk_links, int(linked)).run(first, stop)


@dataclass(eq=False)
class ChunkRun:
    """One chunk.

    Parameters
    ----------
    segment : Segment
        What it is part of.
    workspace : Workspace
        Nodes.
    links : Links
        How the windows hang together.
    first_window : int
        1 where the first row of all indices is the last window of the chunk before.
    """

    segment: Segment
    workspace: Workspace
    links: Links
    first_window: int

    def run(self, first: int, stop: int) -> Chunk:
        """Compute the windows from `first` to `stop`."""
        segment, workspace = self.segment, self.workspace
        form, head = segment.form, segment.form.network.forecast_head
        tallies: Tallies = {}
        counts = ChunkCounts(segment.plan, workspace, self.first_window, tallies, segment.strict)
        streams = workspace.streams
        self._load(first, stop)
        counts.stream(form.network.input, streams[0])
        for index, block in enumerate(form.blocks):
            stream, nodes, result = streams[index], workspace.blocks[index], streams[index + 1]
            BlockRun(
                form=block,
                stream=stream,
                nodes=nodes,
                result=result,
                links=self.links,
                first_window=self.first_window,
                workspace=workspace,
                tallies=tallies,
            ).run()
            counts.block(block, stream, nodes, result)
            counts.stream(block.layers.out_proj, result)
        acc = self._head_sums(streams[-1])
        forecasts = descale(acc, head.mult, head.add, head.shift, head.mult_limbs)
        counts.head(head, streams[-1], acc, forecasts)
        forecasts = np.swapaxes(forecasts, 1, 2)
        records = collect(form, workspace, self.first_window, forecasts) if segment.record else {}
        return Chunk(first, stop, forecasts, tallies, records)

    def _load(self, first: int, stop: int) -> None:
        """Make the nodes of the input: one for each row that is not there yet."""
        windows = self.segment.windows
        stream = self.workspace.streams[0]
        group = stream.group
        elements = windows.elements
        for w in range(self.first_window, group.windows):
            shift = int(self.links.shifts[w]) if self.links.linked[w] else elements
            shared = elements - shift
            if shared:
                group.indices[w, :shared] = group.indices[w - 1, shift:]
            if shift:
                start = int(windows.starts[first + w - self.first_window])
                nodes = slice(group.used, group.used + shift)
                stream.messages[nodes] = windows.rows[start + shared : start + elements]
                group.indices[w, shared:] = np.arange(nodes.start, nodes.stop, dtype=np.int32)
                group.used = nodes.stop

    def _head_sums(self, stream: StreamNodes) -> IntArray:
        """Return the sums of the head, int64, shape (window, variate, step)."""
        weight = self.segment.form.head_weight
        indices = stream.group.indices[self.first_window :]
        elements, variates = indices.shape[1], stream.messages.shape[1]
        window = self.workspace.buffer("head", (elements, variates), np.float64)
        sums = np.empty((len(indices), len(weight), variates))
        for number, nodes in enumerate(indices):
            window[...] = stream.messages[nodes]
            np.matmul(weight, window, out=sums[number])
        return np.swapaxes(sums, 1, 2).astype(np.int64)
