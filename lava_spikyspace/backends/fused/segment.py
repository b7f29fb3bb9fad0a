"""A run of windows through a network, chunk by chunk, in one thread."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from lava_spikyspace.backends.fused import kernels
from lava_spikyspace.backends.fused.blocks import BlockRun, descaling, real_spans, whole_spans
from lava_spikyspace.backends.fused.chunk_counts import ChunkCounts, without_magnitude
from lava_spikyspace.backends.fused.network_form import NetworkForm
from lava_spikyspace.backends.fused.nodes import StreamNodes, Workspace, stored_bytes
from lava_spikyspace.backends.fused.recording import collect
from lava_spikyspace.backends.fused.sharing import Links, WindowRows, links_of
from lava_spikyspace.backends.fused.tallies import Tallies, Tally
from lava_spikyspace.backends.fused.widths import CODE_LIMIT, INT32_LIMIT
from lava_spikyspace.errors import SpikySpaceError
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import MESSAGE, Plan

CHUNK_BYTES = 1 << 25
"""Memory of the nodes of a chunk, in every thread."""

MAX_CHUNK = 256
"""Most windows of a chunk."""


class UnprovenInputError(SpikySpaceError):
    """An input lies outside the range that the widths of the kernels are proven from."""


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
    by_node = sum(
        stored_bytes(block, network.channels, stream)
        for block, stream in zip(form.blocks, form.stream_types, strict=False)
    )
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
        Windows at a time, where they share nothing.
    largest_chunk : int
        Most windows at a time.
    strict : bool
        Note the extremes of messages as well.
    record : bool
        Keep codes.
    """

    plan: Plan
    form: NetworkForm
    windows: WindowRows
    chunk: int
    largest_chunk: int
    strict: bool = False
    record: bool = False

    def run(self) -> Iterator[Chunk]:
        """Yield the windows chunk by chunk."""
        rows = self.windows
        links = links_of(rows.starts, rows.elements)
        # Counts of a chunk are int32.
        countable = INT32_LIMIT // (rows.elements * CODE_LIMIT)
        largest = max(1, min(self.largest_chunk, len(rows), countable))
        # One more window: the last one of the chunk before. Memory counts once it is written to.
        workspace = Workspace.empty(self.form, largest + 1)
        first, size = 0, min(self.chunk, largest)
        while first < len(rows):
            stop = min(first + size, len(rows))
            linked = first > 0 and bool(links.linked[first])
            workspace.begin(stop - first, linked=linked)
            part = slice(first - linked, stop)
            chunk_links = Links(links.linked[part], links.shifts[part])
            yield ChunkRun(self, workspace, chunk_links, int(linked)).run(first, stop)
            size = min(self._next_size(stop - first, workspace), largest)
            first = stop

    def _next_size(self, size: int, workspace: Workspace) -> int:
        """Return how many windows come next: more of them where they share nodes."""
        room = self.chunk * self.windows.elements
        most = max(group.used for group in workspace.groups())
        fitting = int(size * room / most)
        return int(
            np.clip(min(fitting, 2 * size), min(self.chunk, fitting + 1), self.largest_chunk)
        )


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
        self._load(first, stop, tallies)
        counts.stream(form.network.input, streams[0])
        windows = stop - first if segment.record else 0
        states = [
            np.empty((windows, *nodes.trajectory.shape), np.uint8) for nodes in workspace.blocks
        ]
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
                detailed=segment.strict or segment.record,
                states=states[index],
            ).run()
            counts.block(block, stream, nodes, result)
            counts.stream(block.layers.out_proj, result)
        forecasts = self._forecast(streams[-1], tallies)
        counts.head(head, streams[-1])
        records = (
            collect(form, workspace, self.first_window, states, forecasts) if segment.record else {}
        )
        return Chunk(first, stop, forecasts, tallies, records)

    def _load(self, first: int, stop: int, tallies: Tallies) -> None:
        """Make the nodes of the input."""
        segment, stream = self.segment, self.workspace.streams[0]
        layer, group, windows = segment.form.network.input, stream.group, segment.windows
        span = whole_spans(1)[0]
        group.used = kernels.load_rows(
            windows.rows,
            windows.starts[first - self.first_window : stop],
            self.first_window,
            self.links.linked,
            self.links.shifts,
            stream.messages,
            group.indices,
            group.used,
            span,
        )
        proven = layer.ranges["message"]
        if span[0] < proven.lo or span[1] > proven.hi:
            raise UnprovenInputError(f"{layer.name}: messages from {span[0]} to {span[1]}")
        tallies.setdefault(layer.name, Tally()).see("message", *span)

    def _forecast(self, stream: StreamNodes, tallies: Tallies) -> IntArray:
        """Return what the head sends, int64, shape (window, step, variate)."""
        form = self.segment.form
        layer, weight = form.network.forecast_head, form.head_weight
        indices = stream.group.indices[self.first_window :]
        steps, variates = len(weight), stream.messages.shape[1]
        window = self.workspace.buffer("head", (indices.shape[1], variates), np.float64)
        sums = self.workspace.buffer("head.sums", (steps, variates), np.float64)
        factors = descaling(layer)
        forecasts = np.empty((len(indices), steps, variates), dtype=np.int64)
        spans, sent = real_spans(3), np.zeros((steps, variates), dtype=np.int64)
        for number, nodes in enumerate(indices):
            kernels.gather_messages(stream.messages, nodes, window)
            np.matmul(weight, window, out=sums)
            kernels.descale_forecast(sums, *factors, forecasts[number], spans, sent)
        tally = tallies.setdefault(layer.name, Tally())
        for name, span in zip(("accumulator", "product", "message"), spans, strict=True):
            tally.see(name, *span)
        tally.sent[MESSAGE] = without_magnitude(sent.reshape(1, -1))
        return forecasts
