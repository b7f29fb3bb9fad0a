"""Lowering of one layer each: scales, biases and zero-points become integers.

What a quantiser decides becomes thresholds (`netx_export.thresholds`); what stays a value becomes
a multiplication, an offset and a shift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from lava_spikyspace.arithmetic import pt_silu
from lava_spikyspace.intervals import comparison_range, dense_rows, layer_ranges
from lava_spikyspace.network import (
    MESSAGE_BITS,
    REGISTER_BITS,
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
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)
from netx_export.activation_tables import gate_table, softplus_table
from netx_export.budget import Budget, Formats, TooWide, WidthError
from netx_export.frozen import (
    RMS_EPS,
    FloatArray,
    FrozenBlock,
    FrozenModel,
    FrozenQuantiser,
    QuantisedWeight,
)
from netx_export.thresholds import affine_thresholds, normalised_thresholds

LEAST_MULTIPLIER_BITS = 6
"""Bits that a narrow width leaves to the multipliers of out_proj and head at least, at the cost of
what they multiply."""

LEAST_FRAC_BITS = 6
"""Fraction bits that such a multiplier does not cost."""

LEAST_PRECISION = 16
"""Bits of a threshold below a step of its code, and of a multiplier, whatever the residual has."""

MAX_RIGHT_SHIFT = 31
"""A state shifted further is gone."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Thresholds of a normalised input: fields of `NormEncoderLayer`.

    Parameters
    ----------
    theta : ndarray, int64, shape (channel, j)
        Thresholds.
    shift : int
        Fraction bits of the comparison.
    limbs : tuple of int
        Widths of the low limbs of the thresholds.
    """

    theta: IntArray
    shift: int
    limbs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Descaling:
    """Multiplication, offset and shift per channel: fields of `LinearLayer`.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (channel,)
        Descaling.
    mult_limbs : tuple of int
        Widths of the low limbs of the multiplier.
    """

    mult: IntArray
    add: IntArray
    shift: IntArray
    mult_limbs: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class LayerLowering:
    """Formats and budget while the layers are made one by one."""

    model: FrozenModel
    formats: Formats
    residual_max: float
    budget: Budget

    @property
    def residual_bits(self) -> int:
        """Width of the residual message: about twice the calibrated maximum, a power of two.

        Rounded up; to the nearest where the width is narrow and a bit of range is one of precision.
        """
        exponent = math.log2(max(2 * self.residual_max, 2.0**-8))
        whole = round(exponent) if self.budget.is_narrow else math.ceil(exponent)
        return max(2, whole + self.formats.residual + 1)

    @property
    def precision(self) -> int:
        """Bits of thresholds and multipliers that the residual stream deserves."""
        return max(LEAST_PRECISION, self.formats.residual + 2)

    @property
    def square_shift(self) -> int:
        """Low bits of a residual that are left to correct squares, so that their sum fits."""
        squares = 2 * (self.residual_bits - 1) + self.model.variates.bit_length() + 1
        return max(0, -(-(squares - self.budget.value_bits) // 2))

    @property
    def root_bits(self) -> int:
        """Extra bits of the root: up to 4 more than the residual, if its message has room.

        The root of a residual that is sent whole is sent whole.
        """
        root = self.residual_bits - self.square_shift + 1
        is_wide = self.residual_bits > self.budget.message_bits
        limit = self.budget.wide_message_bits if is_wide else self.budget.message_bits
        room = min(limit - root, (REGISTER_BITS - 2 * root + 2) // 2)
        return max(0, min(4 + self.square_shift, room))

    @property
    def root_unit(self) -> float:
        """One over the value of the last bit of a root."""
        return 2.0 ** (self.formats.residual - self.square_shift + self.root_bits)

    def input_layer(self) -> InputLayer:
        """Return the input layer; it takes what the residual stream can hold."""
        return InputLayer(
            name="input",
            ranges={"message": Interval.signed(self.residual_bits)},
            channels=self.model.variates,
            frac_bits=self.formats.residual,
        )

    def block_layers(
        self, block: FrozenBlock, name: str, stream: str, root: float | None
    ) -> list[Layer]:
        """Return the layers of one block in the order of the data."""
        norm = RmsNormLayer(
            name=f"{name}.norm",
            inputs=(stream,),
            channels=self.model.variates,
            eps=max(1, round(RMS_EPS * 4.0 ** (self.formats.residual - self.square_shift))),
            root_bits=self.root_bits,
            square_shift=self.square_shift,
        )
        quantisers = block.quantisers
        u = quantisers["s"]
        scan = self._norm_encoder(
            block.in_scan, quantisers["c"], f"{name}.in_proj.scan", norm, root
        )
        gate = self._gate(block.in_gate, quantisers["y1"], f"{name}.in_proj.gate", norm, root)
        conv = self._conv(block, f"{name}.conv", scan.name)
        delta = self._encoder(block.delta, quantisers["delta"], f"{name}.delta", conv.name, u)
        b = self._linear(block.b, self.formats.b, f"{name}.B", conv.name, u)
        c = self._linear(block.c, self.formats.c, f"{name}.C", conv.name, u)
        dt_proj = self._softplus(block, f"{name}.dt_proj", delta.name)
        inputs = (conv.name, dt_proj.name, b.name, c.name)
        values = [_message(layer, u) for layer in (b, c)]
        selective = self._scan(block, f"{name}.scan", inputs, *values)
        product = ProductLayer(
            name=f"{name}.product",
            inputs=(selective.name, gate.name),
            channels=selective.neurons,
        )
        out = self._residual(block, f"{name}.out_proj", (product.name, stream), selective, gate)
        return [norm, scan, gate, conv, delta, b, c, dt_proj, selective, product, out]

    def _norm_parameters(
        self,
        weight: QuantisedWeight,
        quantiser: FrozenQuantiser,
        norm: RmsNormLayer,
        root: float | None,
    ) -> Comparison:
        """Return how a normalised input is compared.

        Thresholds get as many bits below a step of the code as `precision` says: in one product
        where both sides of the comparison fit, else in limbs, else fewer.
        """
        x = Interval.signed(self.residual_bits)
        low, high = dense_rows(weight.codes, x)
        acc = Interval(int(low.min()), int(high.max()))
        rms = layer_ranges(norm, [x])["message"]
        step = quantiser.alpha / float(weight.scale.max()) * self._ratio_unit
        wanted = max(0, self.precision - math.floor(math.log2(step)))
        room = self.budget.value_bits
        # The side of the thresholds is at most 2 bits wider than that of the accumulator.
        whole = max(0, min(wanted, room - acc.bits - 2))
        for shift in range(wanted, whole, -1):
            theta = self._thresholds(weight, quantiser, root, shift)
            limbs = _equal_limbs(shift - (room - acc.bits - 1), room - rms.bits - 2)
            if limbs is None or sum(limbs) > shift:
                continue
            if comparison_range(acc, theta, rms, shift, limbs).bits <= room:
                return Comparison(theta, shift, limbs)
        return Comparison(self._thresholds(weight, quantiser, root, whole), whole, ())

    @property
    def _ratio_unit(self) -> float:
        """Value of ``acc / rms`` in integers, per unit of the real ratio over the weight scale."""
        return 2.0 ** (self.square_shift - self.root_bits)

    def _thresholds(
        self,
        weight: QuantisedWeight,
        quantiser: FrozenQuantiser,
        root: float | None,
        shift: int,
    ) -> IntArray:
        norms = np.sqrt((weight.codes.astype(np.float64) ** 2).sum(axis=1))
        return normalised_thresholds(
            quantiser,
            weight.scale,
            norms,
            self.model.variates,
            self.root_bits,
            shift,
            typical_root=None if root is None else root * self.root_unit,
            square_shift=self.square_shift,
        )

    def _norm_encoder(
        self,
        weight: QuantisedWeight,
        quantiser: FrozenQuantiser,
        name: str,
        norm: RmsNormLayer,
        root: float | None,
    ) -> NormEncoderLayer:
        compared = self._norm_parameters(weight, quantiser, norm, root)
        return NormEncoderLayer(
            name=name,
            inputs=(norm.inputs[0], norm.name),
            weight=weight.codes,
            theta=compared.theta,
            rms_shift=compared.shift,
            theta_limbs=compared.limbs,
        )

    def _gate(
        self,
        weight: QuantisedWeight,
        quantiser: FrozenQuantiser,
        name: str,
        norm: RmsNormLayer,
        root: float | None,
    ) -> GateLayer:
        compared = self._norm_parameters(weight, quantiser, norm, root)
        return GateLayer(
            name=name,
            inputs=(norm.inputs[0], norm.name),
            weight=weight.codes,
            theta=compared.theta,
            rms_shift=compared.shift,
            theta_limbs=compared.limbs,
            **vars(gate_table(quantiser, self.formats.gate)),
        )

    def _conv(self, block: FrozenBlock, name: str, source: str) -> ConvLayer:
        weight, quantiser, codes = block.conv, block.quantisers["s"], block.quantisers["c"]
        low, high = dense_rows(weight.codes, Interval.of(codes.levels).union(Interval(0, 0)))
        acc = Interval(int(low.min()), int(high.max()))
        taps = weight.codes.shape[1]
        rows = []
        for row in range(taps):
            # Element `row` sees its last row + 1 taps; the padding has the value 0, no code.
            seen = weight.codes[:, taps - 1 - row :].sum(axis=1, dtype=np.int64)
            offset = weight.scale * codes.zero_point * seen + block.conv_bias
            rows.append(affine_thresholds(quantiser, weight.scale * codes.alpha, offset, acc))
        return ConvLayer(name=name, inputs=(source,), weight=weight.codes, theta=np.stack(rows))

    def _encoder(
        self,
        weight: QuantisedWeight,
        quantiser: FrozenQuantiser,
        name: str,
        source: str,
        codes: FrozenQuantiser,
    ) -> EncoderLayer:
        theta = _dense_thresholds(weight, quantiser, codes, np.zeros(len(weight.scale)))
        return EncoderLayer(name=name, inputs=(source,), weight=weight.codes, theta=theta)

    def _softplus(self, block: FrozenBlock, name: str, source: str) -> SoftplusLayer:
        inner, outer = block.quantisers["pts"], block.quantisers["delta1"]
        theta = _dense_thresholds(block.dt_proj, inner, block.quantisers["delta"], block.dt_bias)
        found = softplus_table(inner, outer, self.budget.power_bits)
        if found is None:
            raise WidthError([TooWide(name, "table", MESSAGE_BITS + 1, MESSAGE_BITS)])
        return SoftplusLayer(
            name=name,
            inputs=(source,),
            weight=block.dt_proj.codes,
            theta=theta,
            **vars(found),
        )

    def _linear(
        self, weight: QuantisedWeight, frac: int, name: str, source: str, codes: FrozenQuantiser
    ) -> LinearLayer:
        scale = weight.scale * codes.alpha * 2.0**frac
        offset = weight.scale * codes.zero_point * weight.row_sums * 2.0**frac
        acc = Interval.of(np.stack(dense_rows(weight.codes, Interval.of(codes.levels))))
        descaling = self._descaling(scale, offset, acc, MESSAGE_BITS - 1)
        return LinearLayer(name=name, inputs=(source,), weight=weight.codes, **vars(descaling))

    def _descaling(
        self, scale: FloatArray, offset: FloatArray, acc: Interval, precision: int
    ) -> Descaling:
        """Return integers with ``(acc*mult + add) / 2**shift ~ scale*acc + offset``.

        Each channel gets the largest shift whose product fits the budget and whose multiplier
        fits a message, or has `precision` bits. Where the product leaves the multiplier fewer bits
        than `precision`, it is taken in limbs.
        """
        room = self.budget.value_bits
        widest = np.abs(scale) * acc.magnitude + np.abs(offset) + 1
        by_product = room - 2 - np.ceil(np.log2(widest))
        magnitude = np.ceil(np.log2(np.abs(scale)))
        by_mult = max(self.budget.message_bits - 1, precision) - magnitude
        # The offset has `shift` fraction bits and has to fit a register.
        by_add = REGISTER_BITS - 2 - np.ceil(np.log2(np.abs(offset) + 1))
        wanted = np.minimum(precision - magnitude, by_add)
        limbs: tuple[int, ...] = ()
        shift = np.clip(np.minimum(by_product, by_mult), 1, 60).astype(np.int64)
        if (by_product < wanted).any():
            longer = np.clip(np.maximum(np.minimum(wanted, by_mult), shift), 1, 60)
            low = min(int((longer - by_product).max()), int(longer.min()))
            found = _equal_limbs(low, room - acc.bits - 1)
            kept = np.minimum(longer, np.maximum(by_product + low, shift)).astype(np.int64)
            if found is not None and low <= kept.min():
                limbs, shift = found, kept
        unit = np.exp2(shift.astype(np.float64))
        return Descaling(
            mult=np.rint(scale * unit).astype(np.int64),
            add=np.rint(offset * unit).astype(np.int64),
            shift=shift,
            mult_limbs=limbs,
        )

    def _check_multiplier(
        self, name: str, descaling: Descaling, acc: Interval, frac_bits: int
    ) -> None:
        """Refuse an accumulator that leaves its multiplier no bits."""
        missing = LEAST_MULTIPLIER_BITS - int(descaling.mult.max()).bit_length()
        if missing > 0 and frac_bits > LEAST_FRAC_BITS:
            limit = self.budget.value_bits
            raise WidthError([TooWide(name, "product", limit + missing, limit)])

    def _scan(
        self, block: FrozenBlock, name: str, inputs: tuple[str, ...], b: Interval, c: Interval
    ) -> ScanLayer:
        state, out = block.quantisers["x"], block.quantisers["y"]
        u, delta = block.quantisers["s"], block.quantisers["delta1"]
        k = self.formats.state
        unit = 2.0**k / state.alpha
        level = (state.levels << k) + round(state.zero_point * unit)
        u_values, delta_values = u.values(u.levels), delta.values(delta.levels)
        drive = delta_values[:, None] * u_values[None, :] * unit * 2.0**-self.formats.b
        room = self.budget.value_bits - 1 - b.bits
        whole = math.ceil(math.log2(max(float(np.abs(drive).max()), 2.0**-40)))
        gain_shift = max(0, min(self.budget.wide_message_bits - 1 - whole, room - whole, 40))
        gain = np.rint(drive * 2.0**gain_shift).astype(np.int64)
        theta_state = affine_thresholds(
            state,
            np.array(state.alpha * 2.0**-k),
            np.array(0.0),
            Interval.signed(self.budget.value_bits - 1),
        )
        offset = np.array(
            [round((z - state.zero_point) * unit) for z in block.first_zero_points] + [0],
            dtype=np.int64,
        )
        moved = (np.abs(gain).max() * b.magnitude >> gain_shift) + 1
        # A left shift that lifts the smallest level over every threshold decides like a larger one.
        far = np.abs(theta_state).max() + 2 * np.abs(offset).max() + moved
        reach = int(far).bit_length()
        left = np.clip(block.exponents, 0, reach)
        right = np.clip(-block.exponents, 0, MAX_RIGHT_SHIFT)
        scale = state.alpha * 2.0 ** -(k + self.formats.c)
        direct = np.rint(block.skip[None, :] * u_values[:, None] / scale)
        bits = math.ceil(math.log2(max(1.0, float(np.abs(direct).max())))) + 1
        if bits > self.budget.value_bits:
            raise WidthError([TooWide(name, "accumulator", bits, self.budget.value_bits)])
        skip = direct.astype(np.int64)
        states = block.exponents.shape[2]
        farthest = int(np.abs(level).max() + np.abs(offset).max())
        largest = states * farthest * c.magnitude + int(np.abs(skip).max())
        theta = affine_thresholds(
            out,
            np.full(len(block.skip), scale) / block.channel_steps,
            np.zeros(len(block.skip)),
            Interval(-largest, largest),
        )
        return ScanLayer(
            name=name,
            inputs=inputs,
            left=left,
            right=right,
            gain=gain,
            gain_shift=gain_shift,
            level=level,
            theta_state=theta_state,
            state_offset=offset,
            skip=skip,
            theta=theta,
        )

    def _residual(
        self,
        block: FrozenBlock,
        name: str,
        inputs: tuple[str, str],
        scan: ScanLayer,
        gate: GateLayer,
    ) -> ResidualLayer:
        weight, out = block.out_proj, block.quantisers["y"]
        scale = weight.scale * out.alpha * 2.0 ** (self.formats.residual - self.formats.gate)
        gates = pt_silu(gate.table, gate.frac_bits, gate.exp2_terms)
        products = Interval.of(out.levels[:, None] * gates[None, :])
        acc = Interval.of(np.stack(dense_rows(weight.codes, products)))
        descaling = self._descaling(scale, np.zeros(len(scale)), acc, self.precision)
        self._check_multiplier(name, descaling, acc, self.formats.gate)
        return ResidualLayer(
            name=name,
            inputs=inputs,
            weight=weight.codes,
            residual_bits=self.residual_bits,
            **vars(descaling),
        )

    def head_layer(self, stream: str) -> HeadLayer:
        """Lower the head; its forecast has as many fraction bits as fit a message."""
        weight, bias = self.model.head, self.model.head_bias
        x = Interval.signed(self.residual_bits)
        low, high = dense_rows(weight.codes, x)
        acc = Interval(int(low.min()), int(high.max()))
        unit = 2.0**-self.formats.residual
        largest = float(
            (np.maximum(-low, high) * weight.scale * unit + np.abs(bias)).max(initial=2.0**-20)
        )
        room = self.budget.message_bits - 2 - math.ceil(math.log2(largest))
        frac = min(room, self.formats.residual + 2)
        if frac < 0:
            limit = self.budget.message_bits
            raise WidthError([TooWide("head", "message", limit - frac, limit)])
        descaling = self._descaling(
            weight.scale * unit * 2.0**frac, bias * 2.0**frac, acc, LEAST_PRECISION
        )
        self._check_multiplier("head", descaling, acc, self.formats.residual)
        return HeadLayer(
            name="head",
            inputs=(stream,),
            channels=self.model.variates,
            weight=weight.codes,
            frac_bits=frac,
            **vars(descaling),
        )


def _equal_limbs(bits: int, widest: int) -> tuple[int, ...] | None:
    """Return widths of about one size that have `bits` together; None where none may be so wide."""
    if bits <= 0:
        return ()
    if widest < 1:
        return None
    count = -(-bits // widest)
    return tuple(bits // count + (limb < bits % count) for limb in range(count))


def _dense_thresholds(
    weight: QuantisedWeight,
    quantiser: FrozenQuantiser,
    source: FrozenQuantiser,
    bias: FloatArray,
) -> IntArray:
    """Return the thresholds of a dense layer that reads codes of `source`."""
    acc = Interval.of(np.stack(dense_rows(weight.codes, Interval.of(source.levels))))
    offset = weight.scale * source.zero_point * weight.row_sums + bias
    return affine_thresholds(quantiser, weight.scale * source.alpha, offset, acc)


def _message(layer: LinearLayer, source: FrozenQuantiser) -> Interval:
    """Return the proven range of what a linear layer sends for codes of `source`."""
    return layer_ranges(layer, [Interval.of(source.levels)])["message"]
