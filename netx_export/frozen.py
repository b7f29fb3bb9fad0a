"""The frozen float model: float64, zero-points fixed, weights and decays as the file holds them.

It is the reference that the integers are judged by. NumPy only: lowering reads its parameters, and
`compare` runs it beside the integer engines.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic.activations import (
    SILU_BREAK,
    SILU_OFFSET,
    SOFTPLUS_BREAK,
    SOFTPLUS_OFFSET,
)
from lava_spikyspace.network import IntArray

FloatArray = npt.NDArray[np.float64]

RMS_EPS = 1e-5
"""Stabiliser of the root mean square, as published."""


@dataclass(frozen=True)
class FrozenQuantiser:
    """A quantiser with fixed step and zero-point.

    Parameters
    ----------
    alpha, zero_point : float
        Step and zero-point.
    bits : int
        Width of the code.
    signed : bool
        Signed codes ``-2**(bits-1) .. 2**(bits-1) - 1``; with 1 bit -1 and +1. No zero-point.
    """

    alpha: float
    zero_point: float
    bits: int
    signed: bool = False

    @property
    def levels(self) -> IntArray:
        """All codes in ascending order."""
        if not self.signed:
            return np.arange(1 << self.bits)
        half = 1 << (self.bits - 1)
        return np.array([-1, 1]) if self.bits == 1 else np.arange(-half, half)

    def codes(self, x: FloatArray) -> IntArray:
        """Return ``clip(round_half_even((x - z) / alpha))``."""
        scaled = (x - self.zero_point) / self.alpha
        if self.signed and self.bits == 1:
            return np.where(scaled >= 0, 1, -1)
        codes: IntArray = np.clip(np.rint(scaled), self.levels[0], self.levels[-1]).astype(np.int64)
        return codes

    def values(self, codes: IntArray) -> FloatArray:
        """Return ``alpha*q + z``."""
        return self.alpha * codes + self.zero_point

    def boundary(self, level: int) -> float:
        """Return the value between a code and the one below it."""
        if self.signed and self.bits == 1:
            return 0.0
        return (level - 0.5) * self.alpha + self.zero_point


@dataclass(frozen=True, eq=False)
class QuantisedWeight:
    """An int8 matrix with one scale per row.

    Parameters
    ----------
    codes : ndarray, int8, shape (row, column)
        Symmetric, -127..127.
    scale : ndarray, float64, shape (row,)
        ``codes * scale`` is the weight.
    """

    codes: npt.NDArray[np.int8]
    scale: FloatArray

    @property
    def dense(self) -> FloatArray:
        """The weight in float64."""
        return self.codes * self.scale[:, None]

    @property
    def row_sums(self) -> IntArray:
        """Sum of the codes of each row: what a zero-point of the source is worth."""
        return np.asarray(self.codes.sum(axis=1, dtype=np.int64))

    def rows(self, part: slice) -> QuantisedWeight:
        """Return some of the rows."""
        return QuantisedWeight(self.codes[part], self.scale[part])


@dataclass(frozen=True, eq=False)
class FrozenBlock:
    """Parameters of one block; shapes in terms of C variates, d channels, n states, r ranks.

    Parameters
    ----------
    in_scan, in_gate : QuantisedWeight, shape (d, C)
        Halves of in_proj with the gain of the norm in their columns.
    conv : QuantisedWeight, shape (d, tap)
        Depthwise convolution; the last tap meets the newest element.
    conv_bias : ndarray, shape (d,)
        Its bias.
    delta : QuantisedWeight, shape (r, d)
        Rows of x_proj for the step size.
    b, c : QuantisedWeight, shape (n, d)
        Rows of x_proj for B and C.
    dt_proj : QuantisedWeight, shape (d, r)
        Step-size projection.
    dt_bias : ndarray, shape (d,)
        Its bias.
    exponents : ndarray, int64, shape (delta code, d, n)
        ``round(delta * A)``.
    skip : ndarray, shape (d,)
        D.
    out_proj : QuantisedWeight, shape (C, d)
        Output projection.
    quantisers : mapping of str to FrozenQuantiser
        By published name: c, s, delta, pts, delta1, x, y, y1.
    first_zero_points : tuple of float
        Zero-points of the state at the first elements of a window, where they are others.
    channel_steps : ndarray, shape (d,) or (1,)
        Step of each channel of the scan's output relative to that of the quantiser y; `out_proj`
        has taken them in.
    """

    in_scan: QuantisedWeight
    in_gate: QuantisedWeight
    conv: QuantisedWeight
    conv_bias: FloatArray
    delta: QuantisedWeight
    b: QuantisedWeight
    c: QuantisedWeight
    dt_proj: QuantisedWeight
    dt_bias: FloatArray
    exponents: IntArray
    skip: FloatArray
    out_proj: QuantisedWeight
    quantisers: Mapping[str, FrozenQuantiser]
    first_zero_points: tuple[float, ...] = ()
    channel_steps: FloatArray = field(default_factory=lambda: np.ones(1))


@dataclass(eq=False)
class FrozenTrace:
    """What the frozen model computed on some windows.

    Parameters
    ----------
    forecasts : ndarray, float64, shape (window, step, variate)
        Normalised forecasts.
    records : dict of str to ndarray
        Codes by record name, as the engines record them, shape (window, element, channel).
    inputs : dict of str to ndarray
        Real inputs of the quantisers by record name, where they were asked for.
    residual_max : float
        Largest magnitude of the residual stream.
    roots : list of float
        Median root mean square that each block's norm divides by.
    """

    forecasts: FloatArray
    records: dict[str, IntArray] = field(default_factory=dict)
    inputs: dict[str, FloatArray] = field(default_factory=dict)
    residual_max: float = 0.0
    roots: list[float] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class FrozenModel:
    """The whole model.

    Parameters
    ----------
    window, horizon, variates : int
        Sizes L, H, C.
    blocks : tuple of FrozenBlock
        In order.
    head : QuantisedWeight, shape (H, L)
        Forecast head.
    head_bias : ndarray, shape (H,)
        Its bias.
    """

    window: int
    horizon: int
    variates: int
    blocks: tuple[FrozenBlock, ...]
    head: QuantisedWeight
    head_bias: FloatArray

    def run(self, windows: FloatArray, *, keep_inputs: bool = False) -> FrozenTrace:
        """Run normalised windows through the model.

        Parameters
        ----------
        windows : ndarray, float64, shape (window, element, variate)
            Normalised windows.
        keep_inputs : bool
            Keep the real input of every quantiser as well as its codes.
        """
        x = np.asarray(windows, dtype=np.float64)
        trace = FrozenTrace(forecasts=np.empty(0), residual_max=float(np.abs(x).max(initial=0.0)))
        for index, block in enumerate(self.blocks):
            x = x + _Mixer(block, f"blocks.{index}", trace, keep_inputs)(x)
            trace.residual_max = max(trace.residual_max, float(np.abs(x).max(initial=0.0)))
        forecast = np.swapaxes(x, 1, 2) @ self.head.dense.T + self.head_bias
        trace.forecasts = np.swapaxes(forecast, 1, 2)
        return trace

    def run_chunks(
        self,
        windows: FloatArray,
        chunk: int = 64,
        visit: Callable[[FrozenTrace], None] | None = None,
        *,
        keep_inputs: bool = False,
    ) -> FloatArray:
        """Return the forecasts of many windows, chunk by chunk, so that memory stays bounded.

        Parameters
        ----------
        windows : ndarray, float64, shape (window, element, variate)
            Normalised windows.
        chunk : int
            Windows at a time.
        visit : callable, optional
            Receives the trace of each chunk.
        keep_inputs : bool
            Keep the real input of every quantiser in the traces.
        """
        forecasts = []
        for first in range(0, len(windows), chunk):
            trace = self.run(windows[first : first + chunk], keep_inputs=keep_inputs)
            forecasts.append(trace.forecasts)
            if visit is not None:
                visit(trace)
        return np.concatenate(forecasts)


@dataclass
class _Mixer:
    """One block's mixer on whole windows; notes codes (and inputs) in the trace."""

    block: FrozenBlock
    name: str
    trace: FrozenTrace
    keep_inputs: bool

    def __call__(self, x: FloatArray) -> FloatArray:
        block = self.block
        root = np.sqrt((x * x).mean(axis=-1, keepdims=True) + RMS_EPS)
        self.trace.roots.append(float(np.median(root)))
        normalised = x / root
        a = self._codes("c", "in_proj.scan", normalised @ block.in_scan.dense.T)
        gate = self._codes("y1", "in_proj.gate.code", normalised @ block.in_gate.dense.T)
        u = self._codes("s", "conv", self._convolve(a))
        ranks = self._codes("delta", "delta", self._project(block.delta, "s", u))
        steps = self._project(block.dt_proj, "delta", ranks) + block.dt_bias
        steps = self._values("pts", self._codes("pts", "dt_proj.code", steps))
        delta = self._codes("delta1", "dt_proj", float_pt_softplus(steps))
        y = self._scan(u, delta, self._project(block.b, "s", u), self._project(block.c, "s", u))
        out = self._values("y", self._codes("y", "scan", y / block.channel_steps))
        return (out * float_pt_silu(self._values("y1", gate))) @ block.out_proj.dense.T

    def _values(self, quantiser: str, codes: IntArray) -> FloatArray:
        return self.block.quantisers[quantiser].values(codes)

    def _project(self, weight: QuantisedWeight, source: str, codes: IntArray) -> FloatArray:
        """Return ``values @ weight.T`` for the values of codes.

        The codes are summed as integers, so that sums which cancel are exactly 0 as they are on
        the chip; the noise of a float sum would decide the ties of the state.
        """
        quantiser = self.block.quantisers[source]
        sums = codes.astype(np.float64) @ weight.codes.astype(np.float64).T
        return weight.scale * (quantiser.alpha * sums + quantiser.zero_point * weight.row_sums)

    def _codes(self, quantiser: str, record: str, x: FloatArray) -> IntArray:
        codes = self.block.quantisers[quantiser].codes(x)
        self.trace.records[f"{self.name}.{record}"] = codes
        if self.keep_inputs:
            self.trace.inputs[f"{self.name}.{record}"] = x
        return codes

    def _convolve(self, codes: IntArray) -> FloatArray:
        a = self._values("c", codes)
        weight = self.block.conv.dense
        taps, elements = weight.shape[1], a.shape[1]
        total = np.zeros_like(a)
        for tap in range(taps):
            back = taps - 1 - tap
            if back < elements:
                total[:, back:] += a[:, : elements - back] * weight[:, tap]
        return total + self.block.conv_bias

    def _state_quantiser(self, element: int) -> FrozenQuantiser:
        state, first = self.block.quantisers["x"], self.block.first_zero_points
        return replace(state, zero_point=first[element]) if element < len(first) else state

    def _scan(
        self, u_codes: IntArray, delta_codes: IntArray, b: FloatArray, c: FloatArray
    ) -> FloatArray:
        block = self.block
        u, delta = self._values("s", u_codes), self._values("delta1", delta_codes)
        channel = np.arange(u.shape[2])
        # Beyond 2**1000 a state is as good as infinite; capped so that 0 times it stays 0.
        decay = np.exp2(np.clip(block.exponents, -1100, 1000).astype(np.float64))
        h = np.zeros((len(u), u.shape[2], b.shape[2]))
        outputs, states, inputs = [], [], []
        for element in range(u.shape[1]):
            drive = (delta[:, element] * u[:, element])[..., None] * b[:, element, None, :]
            p = decay[delta_codes[:, element], channel] * h + drive
            quantiser = self._state_quantiser(element)
            codes = quantiser.codes(p)
            h = quantiser.values(codes)
            states.append(codes.reshape(len(u), -1))
            if self.keep_inputs:
                # As for the zero-point of later elements, which the report knows.
                moved = quantiser.zero_point - block.quantisers["x"].zero_point
                inputs.append((p - moved).reshape(len(u), -1))
            outputs.append((h * c[:, element, None, :]).sum(axis=-1) + block.skip * u[:, element])
        self.trace.records[f"{self.name}.scan.state"] = np.stack(states, axis=1)
        if self.keep_inputs:
            self.trace.inputs[f"{self.name}.scan.state"] = np.stack(inputs, axis=1)
        return np.stack(outputs, axis=1)


def float_pt_softplus(x: FloatArray) -> FloatArray:
    """Return PTSoftplus in float64 (see `arithmetic.activations`)."""
    return np.where(x < SOFTPLUS_BREAK, np.exp2(np.minimum(x, SOFTPLUS_BREAK)), x + SOFTPLUS_OFFSET)


def float_pt_silu(x: FloatArray) -> FloatArray:
    """Return PTSiLU in float64 (see `arithmetic.activations`)."""
    below = -np.exp2(np.minimum(x, SILU_BREAK))
    above = np.exp2(-np.maximum(x, SILU_BREAK) - 1) + x + SILU_OFFSET
    return np.where(x < SILU_BREAK, below, above)
