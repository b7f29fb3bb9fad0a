"""The layers of a synthetic network: each is placed on what the layers before it send."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic import pt_softplus, scan_step
from lava_spikyspace.backends.batch_layers import LayerOutput, evaluate
from lava_spikyspace.errors import InternalError
from lava_spikyspace.intervals import choose_limbs, layer_ranges
from lava_spikyspace.network import (
    EXACT_BITS,
    MESSAGE_BITS,
    WIDE_MESSAGE_BITS,
    ConvLayer,
    EncoderLayer,
    GateLayer,
    HeadLayer,
    InputLayer,
    IntArray,
    Interval,
    Layer,
    LinearLayer,
    NormEncoderLayer,
    ProductLayer,
    Ranges,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)

STATE_UNIT_BITS = 8
GATE_FRAC_BITS = 10
BROAD_GATE_BITS = 24
STEP_FRAC_BITS = 10
LARGEST_SHIFT = 48


def entropy(codes: IntArray) -> float:
    """Return the entropy in bits of the codes in an array."""
    _, counts = np.unique(codes, return_counts=True)
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum())


@dataclass
class Builder:
    """Adds layers one by one and runs each on the calibration windows.

    Parameters
    ----------
    rng : Generator
        Draws the parameters.
    bits : mapping of str to int
        Bits of quantisers by their published names.
    residual_bits : int
        Width of the residual stream.
    wide : bool
        Split messages into limbs even where they need none.
    tight : bool
        Widen messages, comparisons and products up to their limits.
    broad : bool
        Make messages wide, and take thresholds and multipliers in limbs.
    messages : ndarray, int64, shape (window, element, variate)
        Calibration windows.

    Attributes
    ----------
    layers : list of Layer
        What has been added.
    outputs : dict of str to LayerOutput
        What each layer sends on the calibration windows.
    ranges : dict of str to Ranges
        Proven ranges of each layer.
    """

    rng: np.random.Generator
    bits: dict[str, int]
    residual_bits: int
    wide: bool
    tight: bool
    broad: bool
    messages: IntArray
    layers: list[Layer] = field(default_factory=list)
    outputs: dict[str, LayerOutput] = field(default_factory=dict)
    ranges: dict[str, Ranges] = field(default_factory=dict)

    def add(self, layer: Layer) -> str:
        """Add a layer, run it, return its name."""
        self.layers.append(layer)
        self.ranges[layer.name] = self.proven(layer)
        sources = [self.sent(name) for name in layer.inputs] or [self.messages]
        self.outputs[layer.name] = evaluate(layer, sources)
        return layer.name

    def proven(self, layer: Layer) -> Ranges:
        """Return the ranges of a layer on top of those that are there."""
        return layer_ranges(layer, [self.ranges[name]["message"] for name in layer.inputs])

    def add_widest(self, candidates: Iterable[Layer]) -> str:
        """Add the first of the layers, widest first, whose ranges fit."""
        for layer in candidates:
            ranges = self.proven(layer)
            inside = [ranges[name].bits for name in ranges if name != "message"]
            limit = WIDE_MESSAGE_BITS if self.broad and layer.MAY_BE_WIDE else MESSAGE_BITS
            if ranges["message"].bits <= limit and max(inside) <= EXACT_BITS:
                return self.add(layer)
        raise InternalError("no layer of a synthetic network fits its widths")

    def sent(self, name: str) -> IntArray:
        """Return what a layer sends on the calibration windows."""
        return self.outputs[name].message

    def input(self, channels: int) -> str:
        """Add the input; return its name, as all that add layers do."""
        limits = Interval.signed(self.residual_bits)
        return self.add(
            InputLayer(name="input", ranges={"message": limits}, channels=channels, frac_bits=8)
        )

    def block(
        self, name: str, stream: str, d_inner: int, d_state: int, dt_rank: int, d_conv: int
    ) -> str:
        """Add the layers of one block; return the name of its residual layer."""
        channels = self.sent(stream).shape[-1]
        norm = self.add(
            RmsNormLayer(
                name=f"{name}.norm",
                inputs=(stream,),
                channels=channels,
                eps=int(self.rng.integers(1, 9)),
                **self.root(),
            )
        )
        weights = [self.weight(d_inner, channels) for _ in range(2)]
        limbs = self.limbs(weights, Interval.signed(self.residual_bits))
        scan_in = self.norm_encoder(f"{name}.in_proj.scan", stream, norm, weights[0], limbs)
        gate = self.gate(f"{name}.in_proj.gate", stream, norm, weights[1], limbs)
        conv = self.conv(f"{name}.conv", scan_in, d_conv)
        delta = self.encoder(f"{name}.delta", conv, dt_rank)
        b = self.linear(f"{name}.B", conv, d_state)
        c = self.linear(f"{name}.C", conv, d_state)
        step = self.softplus(f"{name}.dt_proj", delta, d_inner)
        scan = self.scan(f"{name}.scan", (conv, step, b, c))
        product = self.add(
            ProductLayer(name=f"{name}.product", inputs=(scan, gate), channels=d_inner)
        )
        return self.residual(f"{name}.out_proj", product, stream)

    def root(self) -> dict[str, Any]:
        """Return extra bits of the root, and low bits that only correct squares."""
        if self.broad:
            return {"root_bits": 8, "square_shift": 8}
        extra = int(self.rng.integers(0, 4))
        return {"root_bits": min(extra, MESSAGE_BITS - 1 - self.residual_bits)}

    def weight(self, rows: int, columns: int) -> npt.NDArray[Any]:
        """Return symmetric weights, a fifth of them 0, with at least one other in each row."""
        weight = np.clip(np.rint(self.rng.normal(0, 50, (rows, columns))), -127, 127)
        weight[self.rng.random((rows, columns)) < 0.2] = 0
        silent = ~weight.any(axis=1)
        weight[silent, self.rng.integers(columns, size=int(silent.sum()))] = 64
        return np.asarray(weight, dtype=np.int8)

    def limbs(self, weights: Sequence[npt.NDArray[Any]], x: Interval) -> tuple[int, ...]:
        """Return the limbs that the weights need; in a wide network there are some anyway."""
        needed = choose_limbs(weights, x)
        return needed or ((5, 4) if self.wide else ())

    def quantiles(self, values: npt.NDArray[Any], bits: int) -> IntArray:
        """Return thresholds per channel (last axis of values) that spread them over the codes."""
        flat = np.asarray(values).reshape(-1, values.shape[-1])
        shares = np.cumsum(self.rng.dirichlet(np.full(1 << bits, 12.0)))[:-1]
        return np.stack([_split(channel, shares) for channel in flat.T])

    def norm_parameters(
        self, stream: str, norm: str, weight: npt.NDArray[Any], bits: int
    ) -> Iterator[dict[str, Any]]:
        """Yield thresholds of a normalised input and the fraction bits of the comparison."""
        acc = self.sent(stream) @ weight.astype(np.int64).T
        state = self.rng.bit_generator.state
        for shift in self.shifts():
            self.rng.bit_generator.state = state  # the same shares of the codes for every shift
            ratios = acc * 2.0**shift / self.sent(norm)
            theta_limbs = (5, 4) if self.broad else ()
            theta = self.quantiles(ratios, bits)
            yield {"theta": theta, "rms_shift": shift, "theta_limbs": theta_limbs}

    def shifts(self) -> Iterable[int]:
        """Return the shifts to try, the widest first."""
        return range(LARGEST_SHIFT, 0, -1) if self.tight else [int(self.rng.integers(10, 14))]

    def norm_encoder(
        self, name: str, stream: str, norm: str, weight: npt.NDArray[Any], limbs: tuple[int, ...]
    ) -> str:
        """Add the encoder of the scan branch."""
        return self.add_widest(
            NormEncoderLayer(
                name=name, inputs=(stream, norm), weight=weight, limbs=limbs, **parameters
            )
            for parameters in self.norm_parameters(stream, norm, weight, self.bits["c"])
        )

    def gate(
        self, name: str, stream: str, norm: str, weight: npt.NDArray[Any], limbs: tuple[int, ...]
    ) -> str:
        """Add the gate branch."""
        codes = np.linspace(-4, self.rng.uniform(2, 5), 1 << self.bits["y1"])
        terms = int(self.rng.integers(0, 9))
        frac_bits = BROAD_GATE_BITS if self.broad else GATE_FRAC_BITS
        return self.add_widest(
            GateLayer(
                name=name,
                inputs=(stream, norm),
                weight=weight,
                limbs=limbs,
                table=np.rint(codes * 2**frac_bits).astype(np.int64),
                frac_bits=frac_bits,
                exp2_terms=terms,
                **parameters,
            )
            for parameters in self.norm_parameters(stream, norm, weight, self.bits["y1"])
        )

    def conv(self, name: str, source: str, taps: int) -> str:
        """Add the causal convolution."""
        weight = self.weight(self.sent(source).shape[-1], taps)
        levels = (1 << self.bits["s"]) - 1
        blank = np.zeros((taps, weight.shape[0], levels), dtype=np.int64)
        codes = self.sent(source)
        padded = np.pad(codes, ((0, 0), (taps - 1, 0), (0, 0)))
        acc = np.zeros(codes.shape, dtype=np.int64)
        for k in range(taps):
            acc += padded[:, k : k + codes.shape[1]] * weight[:, k].astype(np.int64)
        last = acc.shape[1] - 1
        for row in range(taps):
            seen = acc[:, min(row, last) :] if row == taps - 1 else acc[:, [min(row, last)]]
            blank[row] = self.quantiles(seen, self.bits["s"])
        return self.add(ConvLayer(name=name, inputs=(source,), weight=weight, theta=blank))

    def encoder(self, name: str, source: str, rows: int) -> str:
        """Add a projection to codes."""
        weight = self.weight(rows, self.sent(source).shape[-1])
        theta = self.quantiles(self.sent(source) @ weight.astype(np.int64).T, self.bits["delta"])
        return self.add(EncoderLayer(name=name, inputs=(source,), weight=weight, theta=theta))

    def softplus(self, name: str, source: str, rows: int) -> str:
        """Add the step-size branch."""
        weight = self.weight(rows, self.sent(source).shape[-1])
        theta = self.quantiles(self.sent(source) @ weight.astype(np.int64).T, self.bits["pts"])
        codes = np.linspace(-5, self.rng.uniform(1, 4), theta.shape[1] + 1)
        layer = SoftplusLayer(
            name=name,
            inputs=(source,),
            weight=weight,
            theta=theta,
            table=np.rint(codes * 2**STEP_FRAC_BITS).astype(np.int64),
            frac_bits=STEP_FRAC_BITS,
            exp2_terms=int(self.rng.integers(0, 9)),
            theta_out=np.zeros(1, dtype=np.int64),
        )
        inner = evaluate(layer, [self.sent(source)]).inner["code"]
        steps = _softplus_values(layer)[inner]
        theta_out = self.quantiles(steps.reshape(-1, 1), self.bits["delta1"])[0]
        return self.add(replace(layer, theta_out=theta_out))

    def descaling(
        self, acc: npt.NDArray[Any], spreads: Iterable[float]
    ) -> Iterator[dict[str, Any]]:
        """Yield mult, add and shift per channel that bring an accumulator to a spread."""
        rows = acc.shape[-1]
        noise = self.rng.normal(0, 0.25, rows)
        deviation = np.maximum(acc.reshape(-1, rows).std(axis=0), 1.0)
        for spread in spreads:
            for widest in self.shifts():
                usual = (22, 26) if self.broad else (10, 14)
                shift = np.full(rows, widest) if self.tight else self.rng.integers(*usual, rows)
                unit = spread * 2.0**shift
                if unit.max() >= 2.0 ** (EXACT_BITS - 2):
                    continue
                mult = np.maximum(np.rint(unit / deviation), 1).astype(np.int64)
                add = np.rint(noise * unit).astype(np.int64)
                mult_limbs = (5, 4) if self.broad else ()
                yield {"mult": mult, "add": add, "shift": shift, "mult_limbs": mult_limbs}

    def linear(self, name: str, source: str, rows: int) -> str:
        """Add a projection to values."""
        weight = self.weight(rows, self.sent(source).shape[-1])
        acc = self.sent(source) @ weight.astype(np.int64).T
        usual = 2.0**25 if self.broad else 300.0
        spreads = 2.0 ** np.arange(MESSAGE_BITS, 0, -0.5) if self.tight else [usual]
        return self.add_widest(
            LinearLayer(name=name, inputs=(source,), weight=weight, **descaling)
            for descaling in self.descaling(acc, spreads)
        )

    def scan(self, name: str, inputs: tuple[str, str, str, str]) -> str:
        """Add the scan whose drive, of several tried, gives the richest state codes."""
        rng = self.rng
        d_inner, d_state = self.sent(inputs[0]).shape[-1], self.sent(inputs[2]).shape[-1]
        codes, steps = 1 << self.bits["s"], 1 << self.bits["delta1"]
        states = 1 << self.bits["x"]
        unit = 1 << STATE_UNIT_BITS
        zero = int(rng.integers(-unit, unit + 1))
        level = np.arange(states) * unit + zero
        exponent = rng.integers(-4, 2, size=(steps, d_inner, d_state)) * (
            rng.random((steps, d_inner, d_state)) < 0.9
        )
        right = np.maximum(-exponent, 0)
        right[rng.random(right.shape) < 0.05] = 31
        gain = rng.normal(0.5, 1.0, size=(steps, codes))
        # B and C of a tight network are thousands of times larger.
        drive, read = (float(np.abs(self.sent(name)).mean()) + 1 for name in inputs[2:])
        gain_shift = int(rng.integers(4, 9)) + max(0, round(np.log2(drive / 300)))
        layer = ScanLayer(
            name=name,
            inputs=inputs,
            left=np.where(right > 0, 0, np.maximum(exponent, 0)),
            right=right,
            gain=np.zeros((steps, codes), dtype=np.int64),
            gain_shift=gain_shift,
            level=level,
            theta_state=(level[:-1] + level[1:]) // 2,
            skip=np.rint(rng.normal(0, read * unit, size=(codes, d_inner))).astype(np.int64),
            theta=np.zeros((d_inner, 1), dtype=np.int64),
        )
        sources = [self.sent(source) for source in inputs]
        tried = []
        for share in (0.1, 0.3, 0.6, 1.0, 2.0, -0.3, -1.0, 4.0):
            factor = share * unit * (states - 1) / drive * 2**gain_shift
            probe = replace(layer, gain=np.rint(gain * factor).astype(np.int64))
            tried.append((entropy(evaluate(probe, sources).inner["state"]), share, probe))
        best = max(tried, key=lambda entry: entry[:2])[2]
        theta = self.quantiles(_scan_totals(best, sources), self.bits["y"])
        return self.add(replace(best, theta=theta))

    def residual(self, name: str, product: str, stream: str) -> str:
        """Add the output projection and the sum with the residual stream."""
        weight = self.weight(self.sent(stream).shape[-1], self.sent(product).shape[-1])
        acc = self.sent(product) @ weight.astype(np.int64).T
        spread = 0.3 * float(self.sent(stream).std()) + 1
        limbs = self.limbs([weight], self.ranges[product]["message"])
        return self.add_widest(
            ResidualLayer(
                name=name,
                inputs=(product, stream),
                weight=weight,
                residual_bits=self.residual_bits,
                limbs=limbs,
                **descaling,
            )
            for descaling in self.descaling(acc, [spread])
        )

    def head(self, stream: str, window: int, horizon: int) -> str:
        """Add the forecast head."""
        weight = self.weight(horizon, window)
        acc = np.swapaxes(self.sent(stream), 1, 2) @ weight.astype(np.int64).T
        spread = float(1 << min(self.residual_bits - 5, MESSAGE_BITS - 8))
        spreads = 2.0 ** np.arange(MESSAGE_BITS, 0, -0.5) if self.tight else [spread]
        return self.add_widest(
            HeadLayer(
                name="head",
                inputs=(stream,),
                channels=self.sent(stream).shape[-1],
                weight=weight,
                frac_bits=8,
                **descaling,
            )
            for descaling in self.descaling(acc, spreads)
        )


def _split(values: npt.NDArray[Any], shares: npt.NDArray[Any]) -> IntArray:
    """Return the integers below which about the given shares of the values lie.

    Values that come from few codes are few: a plain quantile would often be the least of them.
    """
    present, counts = np.unique(np.ceil(values).astype(np.int64), return_counts=True)
    if len(present) == 1:
        return np.full(len(shares), present[0] + 1)
    below = np.cumsum(counts)[:-1] / counts.sum()
    nearest = np.abs(below[None, :] - shares[:, None]).argmin(axis=1)
    return np.asarray(present[1:][nearest], dtype=np.int64)


def _softplus_values(layer: SoftplusLayer) -> IntArray:
    return pt_softplus(layer.table, layer.frac_bits, layer.exp2_terms)


def _scan_totals(layer: ScanLayer, sources: Sequence[IntArray]) -> IntArray:
    """Return the channel sums of the scan before their comparison."""
    state, totals = None, []
    for element in range(sources[0].shape[1]):
        codes, delta, b, c = (source[:, element] for source in sources)
        step = scan_step(layer, state, codes, delta, b, c, element)
        state = step.state
        totals.append(step.total)
    return np.stack(totals, axis=1)
