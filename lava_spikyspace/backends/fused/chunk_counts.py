"""Counts of one chunk: what every layer sent, each node as often as windows use it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic import split_limbs
from lava_spikyspace.backends.fused import counting
from lava_spikyspace.backends.fused.network_form import BlockForm, Int32Array
from lava_spikyspace.backends.fused.nodes import BlockNodes, Group, StreamNodes, Workspace
from lava_spikyspace.backends.fused.tallies import SQUARES, Sent, Tallies, Tally
from lava_spikyspace.intervals import comparison_range
from lava_spikyspace.network import (
    HeadLayer,
    IntArray,
    Interval,
    Layer,
    NormEncoderLayer,
    RmsNormLayer,
)
from lava_spikyspace.plan import MESSAGE, Plan
from lava_spikyspace.profiling.counters import sends_binary


@dataclass(eq=False)
class ChunkCounts:
    """Adds the counts of one chunk to tallies.

    Parameters
    ----------
    plan : Plan
        Coding and limbs.
    workspace : Workspace
        Scratch.
    first_window : int
        First window of the chunk among those of the indices.
    tallies : dict of str to Tally
        By layer name.
    strict : bool
        Note the extremes of messages, too.
    """

    plan: Plan
    workspace: Workspace
    first_window: int
    tallies: Tallies
    strict: bool

    def stream(self, layer: Layer, nodes: StreamNodes) -> None:
        """Count the messages of the input layer, or of an out_proj."""
        tally = self._tally(layer)
        uses = self._uses(nodes.group)
        self._messages(layer, nodes.messages, uses)
        if layer.inputs:
            tally.saturations = int(uses @ nodes.clipped[: len(uses)].astype(np.int64))
        if self.strict and layer.inputs:
            self._see_messages(tally, nodes.messages[nodes.group.new])

    def block(
        self, form: BlockForm, stream: StreamNodes, nodes: BlockNodes, result: StreamNodes
    ) -> None:
        """Count what the layers of a block sent, but for its result."""
        layers = form.layers
        uses, new = self._uses(stream.group), stream.group.new
        self._messages(layers.norm, nodes.roots[:, None], uses)
        self._squares(layers.norm, stream.messages, uses)
        self._codes(layers.scan_in, nodes.scan_in, uses, new)
        self._conv_synops(form, nodes, stream)
        tally = self._coded(layers.gate, nodes.gate[: len(uses)], form.gate_values, uses)
        if self.strict:
            self._see_messages(tally, form.gate_values[np.unique(nodes.gate[new])])
            for layer in (layers.scan_in, layers.gate):
                self._see_comparison(layer, nodes.roots[new])
        uses, new = self._uses(nodes.conv), nodes.conv.new
        self._codes(layers.conv, nodes.u, uses, new)
        self._codes(layers.delta, nodes.ranks, uses, new)
        self._codes(layers.dt_proj, nodes.delta, uses, new)
        self._messages(layers.b, nodes.b, uses)
        self._messages(layers.c, nodes.c, uses)
        if self.strict:
            self._see_drive(form, nodes, new)
        uses, new = self._uses(nodes.scan), nodes.scan.new
        self._codes(layers.scan, nodes.outputs, uses, new)
        self._products(form, nodes, result)

    def head(self, layer: HeadLayer, nodes: StreamNodes) -> None:
        """Count the synaptic operations of the head."""
        indices = nodes.group.indices
        source = self.plan.network[layer.inputs[0]]
        # A message that is not wide goes whole to the head, even where others take it in limbs.
        wide = self.plan.network.is_wide(source.name)
        widths = self._limb_widths(source) if wide else np.empty(0, np.int32)
        arrived = np.zeros(indices.shape[1], dtype=np.int64)
        counting.count_elements(
            nodes.messages[: nodes.group.used], indices, self.first_window, widths, arrived
        )
        self._tally(layer).synops = int(arrived @ np.count_nonzero(layer.weight, axis=0))

    def _tally(self, layer: Layer) -> Tally:
        return self.tallies.setdefault(layer.name, Tally())

    def _uses(self, group: Group) -> Int32Array:
        """Return how often the windows of the chunk use each node."""
        uses = self.workspace.uses[: group.used].copy()
        counting.count_uses(group.indices, self.first_window, uses)
        return uses

    def _limb_widths(self, layer: Layer) -> Int32Array:
        return np.array(self.plan.limb_widths(self.plan.sender(layer.name)), dtype=np.int32)

    @staticmethod
    def _counter(rows: int, channels: int) -> Int32Array:
        return np.zeros((rows, channels), dtype=np.int32)

    @classmethod
    def _limb_counter(cls, widths: Int32Array, channels: int) -> Int32Array:
        """Return zeros, a row for the whole message and one for each limb where it has any."""
        return cls._counter(1 + len(widths) + bool(len(widths)), channels)

    def _count_codes(self, codes: npt.NDArray[Any], uses: Int32Array) -> Sent:
        counter = self._counter(2, codes.shape[1])
        counting.count_codes(codes, uses, counter[0], counter[1])
        wide = counter.astype(np.int64)
        return Sent(wide[:1], wide[1])

    def _codes(self, layer: Layer, codes: npt.NDArray[Any], uses: Int32Array, new: slice) -> Tally:
        tally = self._tally(layer)
        tally.sent[MESSAGE] = self._count_codes(codes[: len(uses)], uses)
        if self.strict:
            self._see_messages(tally, codes[new])
        return tally

    def _coded(
        self, layer: Layer, codes: npt.NDArray[np.uint8], values: IntArray, uses: Int32Array
    ) -> Tally:
        """Count messages that are values of codes, and their limbs."""
        tally = self._tally(layer)
        parts = self._parts(layer, values)
        sent = self._counter(len(parts), codes.shape[1])
        for part, row in zip(parts, sent, strict=True):
            counting.count_coded(codes, (part != 0).astype(np.int32), uses, row)
        tally.sent[MESSAGE] = without_magnitude(sent)
        return tally

    def _parts(self, layer: Layer, values: IntArray) -> list[IntArray]:
        """Return messages, and their limbs where they are split."""
        widths = self._limb_widths(layer).tolist()
        return [values, *(split_limbs(values, widths) if widths else ())]

    def _messages(self, layer: Layer, values: npt.NDArray[Any], uses: Int32Array) -> None:
        """Count messages, and their limbs; `values` has a row for each node at least."""
        widths = self._limb_widths(layer)
        sent = self._limb_counter(widths, values.shape[1])
        counting.count_limbs(values[: len(uses)], uses, widths, sent)
        self._tally(layer).sent[MESSAGE] = without_magnitude(sent)

    def _squares(self, layer: RmsNormLayer, values: npt.NDArray[Any], uses: Int32Array) -> None:
        """Count squares other than 0: of messages that reach one unit of their root."""
        sent = self._counter(1, layer.channels)
        counting.count_reaching(values[: len(uses)], 1 << layer.square_shift, uses, sent[0])
        self._tally(layer).sent[SQUARES] = without_magnitude(sent)

    def _products(self, form: BlockForm, nodes: BlockNodes, result: StreamNodes) -> None:
        layer = form.layers.product
        lowest = form.scan.lowest
        codes = lowest + form.scan.code_step * np.arange(form.layers.scan.theta.shape[1] + 1)
        values = np.zeros((codes[-1] - lowest + 1, len(form.gate_values)), dtype=np.int64)
        values[codes - lowest] = np.multiply.outer(codes, form.gate_values)
        parts = self._parts(layer, values)
        flags = np.zeros(values.shape, dtype=np.uint8)
        for index, part in enumerate(parts):
            flags |= np.where(part != 0, 1 << index, 0).astype(np.uint8)
        sent = self._counter(len(parts), layer.channels)
        counting.count_products(
            nodes.outputs,
            lowest,
            nodes.gate,
            flags,
            result.used_stream,
            result.used_scan,
            self._uses(result.group),
            sent,
        )
        self._tally(layer).sent[MESSAGE] = without_magnitude(sent)

    def _conv_synops(self, form: BlockForm, nodes: BlockNodes, stream: StreamNodes) -> None:
        """Count synaptic operations: a tap does not meet the last elements of a window."""
        source, conv = form.layers.scan_in, form.layers.conv
        sent = self.tallies[source.name].sent[MESSAGE]
        binary = sends_binary(self.plan, source)
        meets = (sent.magnitude if binary else sent.nonzero[0]).copy()
        taps, elements = conv.weight.shape[1], stream.group.indices.shape[1]
        synops = 0
        for back in range(taps):
            if back >= elements:
                break
            synops += int(meets @ (conv.weight[:, taps - 1 - back] != 0))
            tail = self._counter(2, len(meets))
            counting.count_tail(
                nodes.scan_in, stream.group.indices, self.first_window, back, tail[0], tail[1]
            )
            meets -= tail[1] if binary else tail[0]
        self._tally(conv).synops = synops

    @staticmethod
    def _see_messages(tally: Tally, messages: npt.NDArray[Any]) -> None:
        _see(tally, "message", messages)

    def _see_comparison(self, layer: NormEncoderLayer, roots: npt.NDArray[np.float64]) -> None:
        """Note both sides of a comparison, from the extremes of what enters it."""
        tally = self._tally(layer)
        acc = tally.spans.get("accumulator")
        if acc is None or not len(roots):
            return
        seen = Interval(int(roots.min()), int(roots.max()))
        compared = comparison_range(acc, layer.theta, seen, layer.rms_shift, layer.theta_limbs)
        tally.see("comparison", *compared.ends)

    def _see_drive(self, form: BlockForm, nodes: BlockNodes, new: slice) -> None:
        """Note the extremes of ``gain*B``: B of an element meets the pairs of codes there."""
        gain = form.layers.scan.gain
        tally = self._tally(form.layers.scan)
        if new.start == new.stop:
            return
        factors = gain[nodes.delta[new], nodes.u[new]]
        b = nodes.b[new].astype(np.int64)
        corners = [
            f(factors, axis=1) * g(b, axis=1) for f in (np.min, np.max) for g in (np.min, np.max)
        ]
        _see(tally, "drive", np.stack(corners))


def _see(tally: Tally, name: str, values: npt.NDArray[Any]) -> None:
    if values.size:
        tally.see(name, values.min(), values.max())


def without_magnitude(sent: npt.NDArray[Any]) -> Sent:
    """Return counts, shape (1 + limbs, channel), of values that are no codes."""
    wide = sent.astype(np.int64)
    return Sent(wide, np.zeros(wide.shape[1], dtype=np.int64))
