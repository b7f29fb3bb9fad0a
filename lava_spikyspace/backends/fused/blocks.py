"""One block on a chunk of windows: matrix products between kernels, new nodes only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic import split_limbs
from lava_spikyspace.backends.fused import encoding, kernels, scan_kernels
from lava_spikyspace.backends.fused.network_form import (
    BlockForm,
    CodeArray,
    Float64Array,
    FloatArray,
    HalfForm,
)
from lava_spikyspace.backends.fused.nodes import BlockNodes, Group, StreamNodes, Workspace
from lava_spikyspace.backends.fused.sharing import Links
from lava_spikyspace.backends.fused.tallies import STATE, Sent, Tallies, Tally
from lava_spikyspace.network import HeadLayer, IntArray, LinearLayer

TILE_ROWS = 1024
"""Nodes from one matrix product to the next kernel."""

_UNIT_ROUNDOFF = 2.0**-24
"""Of float32."""

_INT64 = np.iinfo(np.int64)


def product_error(terms: int) -> float:
    """Return a bound of the error of a float32 scalar product, relative to ``|x| * |w|``.

    With k = terms + 1 rounding errors of at most u in each term, one of them for messages that are
    wider than float32, ``k * u / (1 - k * u)`` bounds it for any order of the sum and with or
    without fused multiply-add, relative to the sum of ``|x_i * w_i|``, which is at most
    ``|x| * |w|`` (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1). The kernel
    adds what it rounds on top.
    """
    errors = (terms + 1) * _UNIT_ROUNDOFF
    return errors / (1 - errors)


def whole_spans(count: int) -> IntArray:
    """Return empty ranges of integers, shape (count, 2)."""
    return np.array([[_INT64.max, _INT64.min]] * count)


def real_spans(count: int) -> Float64Array:
    """Return empty ranges of floats, shape (count, 2)."""
    return np.array([[np.inf, -np.inf]] * count)


@dataclass(eq=False)
class BlockRun:
    """One block on one chunk.

    Parameters
    ----------
    form : BlockForm
        The block.
    stream, nodes, result : StreamNodes, BlockNodes, StreamNodes
        Its input, what it computes, its output.
    links : Links
        How the windows hang together.
    first_window : int
        1 where the first row of all indices is the last window of the chunk before.
    workspace : Workspace
        Scratch.
    tallies : dict of str to Tally
        Receives extremes by layer name, and the counts of the states.
    detailed : bool
        Note ranges that strict mode alone checks, and codes that are recorded alone.
    states : ndarray, uint8, shape (window, element, channel * padded state)
        Receives the states of the windows; may be empty.
    """

    form: BlockForm
    stream: StreamNodes
    nodes: BlockNodes
    result: StreamNodes
    links: Links
    first_window: int
    workspace: Workspace
    tallies: Tallies
    detailed: bool
    states: CodeArray

    def run(self) -> None:
        """Compute the block."""
        self._normalise()
        self._convolve()
        self._project()
        self._scan()
        self._add_to_stream()

    def _tally(self, layer: str) -> Tally:
        return self.tallies.setdefault(layer, Tally())

    def _see(self, layer: str, names: Sequence[str], spans: Iterable[Sequence[float]]) -> None:
        """Note the extremes of the values of a layer, by name."""
        tally = self._tally(layer)
        for name, (lo, hi) in zip(names, spans, strict=True):
            tally.see(name, lo, hi)

    def _tiles(self, rows: slice) -> Iterator[slice]:
        """Yield rows in parts that stay in the cache from the product to what follows it."""
        for first in range(rows.start, rows.stop, TILE_ROWS):
            yield slice(first, min(first + TILE_ROWS, rows.stop))

    def _normalise(self) -> None:
        """Compute the root and the codes of both halves of in_proj."""
        form, nodes, norm = self.form, self.nodes, self.form.layers.norm
        spans, half_spans = whole_spans(3), real_spans(2)
        shifts = norm.root_bits, norm.square_shift
        for rows in self._tiles(self.stream.group.new):
            x, squares, roots = self.stream.messages[rows], nodes.squares[rows], nodes.roots[rows]
            kernels.squares_and_roots(x, norm.eps, *shifts, squares, roots, spans)
            sums = self._product("in_proj", x, form.in_weight)
            for half, codes, span in zip(
                form.halves, (nodes.scan_in, nodes.gate), half_spans, strict=True
            ):
                self._encode_normalised(half, x, sums, squares, roots, codes[rows], span)
        self._see(norm.name, ("accumulator", "state", "message"), spans)
        for half, span in zip(form.halves, half_spans, strict=True):
            self._see(half.layer.name, ("accumulator",), [span])

    def _encode_normalised(
        self,
        half: HalfForm,
        x: FloatArray,
        sums: npt.NDArray[np.float32],
        squares: Float64Array,
        roots: Float64Array,
        codes: CodeArray,
        span: Float64Array,
    ) -> None:
        encoding.encode_normalised_rows(
            x,
            sums,
            half.offset,
            half.rows,
            half.norms,
            product_error(x.shape[1]),
            squares,
            roots,
            half.theta,
            half.limits,
            half.layer.rms_shift,
            half.limbs,
            codes,
            span,
        )

    def _convolve(self) -> None:
        form, nodes = self.form, self.nodes
        span = whole_spans(1)[0]
        nodes.conv.used = kernels.convolve_rows(
            nodes.scan_in,
            self.stream.group.indices,
            self.first_window,
            self.links.linked,
            self.links.shifts,
            form.conv_weight,
            form.conv_theta,
            nodes.u,
            nodes.conv.indices,
            nodes.conv.carried,
            span,
            self._buffer("convolve", (2, form.conv_weight.shape[1]), np.int32),
        )
        self._tally(form.layers.conv.name).see("accumulator", *span)

    def _project(self) -> None:
        """Compute delta, B, C and the step size from the codes of the convolution."""
        form, nodes, layers = self.form, self.nodes, self.form.layers
        ranks, states = layers.delta.neurons, layers.scan.states
        delta_span, b_spans, c_spans, dt_span = (real_spans(n) for n in (1, 3, 3, 1))
        seen = np.zeros(len(form.step_codes), dtype=np.bool_)
        for rows in self._tiles(nodes.conv.new):
            sums = self._product("x_proj", nodes.u[rows], form.x_weight)
            encoding.encode_rows(sums, 0, form.delta_limits, nodes.ranks[rows], delta_span[0])
            kernels.descale_rows(sums, ranks, *descaling(layers.b), nodes.b[rows], b_spans)
            kernels.descale_rows(sums, ranks + states, *descaling(layers.c), nodes.c[rows], c_spans)
            sums = self._product("dt_proj", nodes.ranks[rows], form.dt_weight)
            if form.step_limits is None or self.detailed:
                encoding.encode_rows(sums, 0, form.dt_limits, nodes.inner[rows], dt_span[0])
                kernels.look_up(nodes.inner[rows], form.step_codes, nodes.delta[rows], seen)
            else:
                encoding.encode_rows(sums, 0, form.step_limits, nodes.delta[rows], dt_span[0])
        self._see(layers.delta.name, ("accumulator",), delta_span)
        self._see(layers.b.name, ("accumulator", "product", "message"), b_spans)
        self._see(layers.c.name, ("accumulator", "product", "message"), c_spans)
        self._see(layers.dt_proj.name, ("accumulator",), dt_span)
        if seen.any():
            values = form.step_values[seen]
            self._tally(layers.dt_proj.name).see("state", values.min(), values.max())

    def _scan(self) -> None:
        form, nodes, scan = self.form, self.nodes, self.form.scan
        size = nodes.trajectory.shape[1]
        sent = np.zeros((2, size), dtype=np.int64)
        spans = whole_spans(2)
        limits = np.iinfo(scan.theta_state.dtype)
        spans[0] = limits.max, limits.min
        nodes.scan.used, nodes.origin = scan_kernels.scan_windows(
            nodes.conv.indices,
            self.first_window,
            self.links.linked,
            self.links.shifts,
            nodes.u,
            nodes.delta,
            nodes.b,
            nodes.c,
            scan.left,
            scan.right,
            scan.has_left,
            scan.gain,
            2.0**-scan.gain_shift,
            scan.theta_state,
            scan.level_base,
            scan.state_offset,
            scan.level_step,
            scan.skip,
            scan.theta,
            scan.lowest,
            scan.code_step,
            nodes.trajectory,
            nodes.origin,
            sent[0],
            sent[1],
            self.states,
            nodes.outputs,
            nodes.scan.indices,
            nodes.scan.carried,
            spans[0],
            spans[1],
        )
        tally = self._tally(self.form.layers.scan.name)
        tally.see("state", *spans[0])
        tally.see("accumulator", *spans[1])
        nonzero, magnitude = form.without_padding(sent)
        tally.sent[STATE] = Sent(nonzero[None], magnitude)

    def _add_to_stream(self) -> None:
        """Gate, project and add to the residual stream."""
        form, nodes, stream, result = self.form, self.nodes, self.stream, self.result
        group: Group = result.group
        group.used = kernels.pair_outputs(
            stream.group.indices,
            nodes.scan.indices,
            self.first_window,
            self.links.linked,
            self.links.shifts,
            nodes.outputs,
            group.indices,
            group.carried,
            result.used_stream,
            result.used_scan,
        )
        layers, weight = form.layers, form.out_weight
        span, spans = whole_spans(1), real_spans(2)
        for rows in self._tiles(group.new):
            count = rows.stop - rows.start
            products = self._buffer("product", (count, len(weight)), weight.dtype)
            kernels.gate_products(
                nodes.outputs,
                nodes.gate,
                form.gate_values,
                result.used_stream[rows],
                result.used_scan[rows],
                products,
                span[0],
            )
            parts = len(form.out_parts), count, weight.shape[1]
            sums = self._buffer("out_proj.sums", parts, weight.dtype)
            for part, channels in zip(sums, form.out_parts, strict=True):
                np.matmul(products[:, channels], weight[channels], out=part)
            kernels.residual_rows(
                sums,
                stream.messages,
                result.used_stream[rows],
                *descaling(layers.out_proj),
                float((1 << (layers.out_proj.residual_bits - 1)) - 1),
                self.detailed,
                result.messages[rows],
                spans,
                result.clipped[rows],
            )
        self._see(layers.product.name, ("message",), span)
        self._see(layers.out_proj.name, ("accumulator", "product"), spans)

    def _product(
        self, name: str, x: npt.NDArray[Any], weight: npt.NDArray[Any]
    ) -> npt.NDArray[Any]:
        """Return ``x @ weight`` in the type of the weights, in scratch memory."""
        if x.dtype != weight.dtype:
            wide = self._buffer(f"{name}.x", x.shape, weight.dtype)
            np.copyto(wide, x)
            x = wide
        sums = self._buffer(f"{name}.sums", (len(x), weight.shape[1]), weight.dtype)
        np.matmul(x, weight, out=sums)
        return sums

    def _buffer(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        return self.workspace.buffer(name, shape, dtype)


@lru_cache(maxsize=64)
def descaling(layer: LinearLayer | HeadLayer) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Return mult, ``add + (1 << (shift - 1))`` and ``2**-shift`` in float64, exact.

    Each of shape (limb of mult, channel), see `kernels.descale_rows`.
    """
    limbs = layer.mult_limbs
    offset = layer.add + np.left_shift(np.int64(1), layer.shift - 1)
    shifts = [*(np.full_like(layer.shift, width) for width in limbs), layer.shift - sum(limbs)]
    return (
        np.stack(split_limbs(layer.mult, limbs)).astype(np.float64),
        np.stack(split_limbs(offset, limbs)).astype(np.float64),
        np.exp2(-np.stack(shifts).astype(np.float64)),
    )
