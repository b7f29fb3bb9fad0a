"""The other layers of a SpikySpace network: input, norm, convolution, scan, sums, head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from lava_spikyspace.network.base import Layer, Stored
from lava_spikyspace.network.encoders import (
    DenseLayer,
    EncoderLayer,
    GateLayer,
    NormEncoderLayer,
    SoftplusLayer,
)
from lava_spikyspace.network.formats import IntArray


@dataclass(frozen=True, eq=False, kw_only=True)
class InputLayer(Layer):
    """The window as it enters the network: one message per variate and element.

    Parameters
    ----------
    channels : int
        Number of variates C.
    frac_bits : int
        Fraction bits f of the message: ``round_half_even((v - mean) / scale * 2**f)``.
    """

    netx_type = "input"
    neuron_type = "INPUT"
    RANGE_NAMES = ("message",)
    MAY_BE_WIDE = True

    channels: Annotated[int, Stored("params/channels")]
    frac_bits: Annotated[int, Stored("params/frac_bits")]

    @property
    def neurons(self) -> int:
        """Number of variates."""
        return self.channels


@dataclass(frozen=True, eq=False, kw_only=True)
class RmsNormLayer(Layer):
    """Root mean square of the residual: ``isqrt((sum(x*x >> 2*s) // C + eps) << 2*root_bits)``.

    Ranges: ``accumulator`` the sum of squares, ``state`` the mean square before its shift,
    ``message`` the root.

    Parameters
    ----------
    channels : int
        Number of channels C that the mean goes over.
    eps : int
        Stabiliser in units of ``2**(-2*(f - s))``, at least 1.
    root_bits : int
        Extra fraction bits of the root.
    square_shift : int
        s: low bits of a residual that only correct the square of the others.
    """

    netx_type = "rmsnorm"
    neuron_type = "RMS"
    INPUT_ROLES = ("residual",)
    TAKES_LIMBS = True
    RANGE_NAMES = ("accumulator", "state", "message")
    MAY_BE_WIDE = True

    channels: Annotated[int, Stored("params/channels")]
    eps: Annotated[int, Stored("params/eps")]
    root_bits: Annotated[int, Stored("params/root_bits")]
    square_shift: Annotated[int, Stored("params/square_shift")] = 0

    @property
    def neurons(self) -> int:
        """One neuron sends the root."""
        return 1


@dataclass(frozen=True, eq=False, kw_only=True)
class LinearLayer(DenseLayer):
    """Values B and C: ``(acc*mult + add + (1 << (shift - 1))) >> shift``.

    Ranges: ``product`` spans the sum before the shift and those of the limbs of `mult`.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (channel,)
        Descaling; every shift is at least 1.
    mult_limbs : tuple of int
        Widths of the low limbs in which the multiplier is taken, see `arithmetic.descale_sums`;
        they change no value.
    """

    neuron_type = "LINEAR"
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("accumulator", "product", "message")
    MAY_BE_WIDE = True

    mult: Annotated[IntArray, Stored("params/mult", "int64", ("channel",))]
    add: Annotated[IntArray, Stored("params/add", "int64", ("channel",))]
    shift: Annotated[IntArray, Stored("params/shift", "int64", ("channel",))]
    mult_limbs: Annotated[
        tuple[int, ...], Stored("params/mult_limbs", "int64", ("mult_limb",))
    ] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class ResidualLayer(LinearLayer):
    """Output projection into the residual stream: descale, add, saturate at `residual_bits`.

    Parameters
    ----------
    residual_bits : int
        Width of the signed residual message.
    limbs : tuple of int
        Widths of the unsigned low limbs of the product message.
    """

    neuron_type = "RESIDUAL"
    INPUT_ROLES = ("product", "residual")
    TAKES_LIMBS = True

    residual_bits: Annotated[int, Stored("params/residual_bits")]
    limbs: Annotated[tuple[int, ...], Stored("params/limbs", "int64", ("limb",))] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class ConvLayer(Layer):
    """Causal depthwise convolution with its encoder: tap ``K - 1`` meets the newest element.

    Parameters
    ----------
    weight : ndarray, int8, shape (channel, tap)
        Symmetric weights, -127..127.
    theta : ndarray, int64, shape (row, channel, j)
        Ascending thresholds. Row e is for element e of the window; the last row (tap - 1) for
        all later elements: the padding is the value 0, not the code 0.
    """

    netx_type = "conv1d"
    neuron_type = "ENCODER"
    INPUT_ROLES = ("codes",)

    weight: Annotated[npt.NDArray[np.int8], Stored("weight", "int8", ("channel", "tap"))]
    theta: Annotated[IntArray, Stored("params/theta", "int64", ("tap", "channel", "j"))]

    @property
    def neurons(self) -> int:
        """Number of channels."""
        return int(self.weight.shape[0])

    @property
    def bits(self) -> int | None:
        """Width of the code."""
        return int(self.theta.shape[-1]).bit_length()


@dataclass(frozen=True, eq=False, kw_only=True)
class ScanLayer(Layer):
    """Spiking selective scan: power-of-two decay of state codes (see `arithmetic.scan`).

    Ranges: ``drive`` is ``gain*B`` before its shift, ``state`` the value p before its
    comparison, ``accumulator`` the channel sum y, ``message`` the signed code.

    Parameters
    ----------
    left, right : ndarray, int64, shape (delta_code, channel, state)
        Decay exponents >= 0, at most one of the two not 0; right is saturated at 31.
    gain : ndarray, int64, shape (delta_code, code)
        delta*u in the scale of the state, per unit of B, with `gain_shift` fraction bits.
    gain_shift : int
        Fraction bits of `gain`.
    level : ndarray, int64, shape (state_code,)
        Value of each state code in the scale of the state.
    theta_state : ndarray, int64, shape (state_j,)
        Ascending thresholds of the state.
    state_offset : ndarray, int64, shape (row,)
        What is added to `level` and `theta_state` at element `row` of a window; the last for all
        later elements. The first states of a window may have zero-points of their own.
    skip : ndarray, int64, shape (code, channel)
        D*u in the scale of y.
    theta : ndarray, int64, shape (channel, j)
        Ascending thresholds of the signed output code.
    """

    netx_type = "selective_scan"
    neuron_type = "ENCODER"
    INPUT_ROLES = ("codes", "delta", "B", "C")
    TAKES_LIMBS = True
    RANGE_NAMES = ("drive", "state", "accumulator", "message")

    left: Annotated[IntArray, Stored("params/left", "int64", ("delta_code", "channel", "state"))]
    right: Annotated[IntArray, Stored("params/right", "int64", ("delta_code", "channel", "state"))]
    gain: Annotated[IntArray, Stored("params/gain", "int64", ("delta_code", "code"))]
    gain_shift: Annotated[int, Stored("params/gain_shift")]
    level: Annotated[IntArray, Stored("params/level", "int64", ("state_code",))]
    theta_state: Annotated[IntArray, Stored("params/theta_state", "int64", ("state_j",))]
    skip: Annotated[IntArray, Stored("params/skip", "int64", ("code", "channel"))]
    theta: Annotated[IntArray, Stored("params/theta", "int64", ("channel", "j"))]
    state_offset: Annotated[IntArray, Stored("params/state_offset", "int64", ("row",))] = field(
        default_factory=lambda: np.zeros(1, dtype=np.int64)
    )

    def offset_at(self, element: int) -> int:
        """Return the offset of the states at an element of the window."""
        return int(self.state_offset[min(element, len(self.state_offset) - 1)])

    @property
    def neurons(self) -> int:
        """Number of inner channels."""
        return int(self.theta.shape[0])

    @property
    def states(self) -> int:
        """Number of states of each channel."""
        return int(self.left.shape[2])

    @property
    def bits(self) -> int | None:
        """Width of the signed output code."""
        return int(self.theta.shape[-1]).bit_length()

    @property
    def state_bits(self) -> int:
        """Width of the state code."""
        return int(self.theta_state.shape[-1]).bit_length()


@dataclass(frozen=True, eq=False, kw_only=True)
class ProductLayer(Layer):
    """Gate: ``scan code * gate message``, one message per channel.

    Parameters
    ----------
    channels : int
        Number of inner channels.
    """

    netx_type = "product"
    INPUT_ROLES = ("scan", "gate")
    TAKES_LIMBS = True
    RANGE_NAMES = ("message",)
    MAY_BE_WIDE = True

    channels: Annotated[int, Stored("params/channels")]

    @property
    def neurons(self) -> int:
        """Number of inner channels."""
        return self.channels


@dataclass(frozen=True, eq=False, kw_only=True)
class OutputLayer(Layer):
    """Last layer of a network: what it sends is the result.

    Parameters
    ----------
    frac_bits : int
        Fraction bits of the result.
    """

    frac_bits: Annotated[int, Stored("params/frac_bits")]

    @property
    def output_shape(self) -> tuple[int, int]:
        """Steps and values per step of the result of one window."""
        raise NotImplementedError


@dataclass(frozen=True, eq=False, kw_only=True)
class HeadLayer(OutputLayer):
    """Forecast head: ``forecast[h, v] = descale(sum_e weight[h, e] * x[e, v])``.

    Ranges: ``product`` spans the sum before the shift and those of the limbs of `mult`.

    Parameters
    ----------
    channels : int
        Number of variates C.
    weight : ndarray, int8, shape (step, element)
        Symmetric weights, -127..127.
    mult, add, shift : ndarray, int64, shape (step,)
        Descaling; every shift is at least 1.
    frac_bits : int
        Fraction bits of the forecast, in units of the normalised series.
    mult_limbs : tuple of int
        Widths of the low limbs in which the multiplier is taken, as in `LinearLayer`.
    """

    netx_type = "forecast_head"
    INPUT_ROLES = ("residual",)
    TAKES_LIMBS = True
    RANGE_NAMES = ("accumulator", "product", "message")

    channels: Annotated[int, Stored("params/channels")]
    weight: Annotated[npt.NDArray[np.int8], Stored("weight", "int8", ("step", "element"))]
    mult: Annotated[IntArray, Stored("params/mult", "int64", ("step",))]
    add: Annotated[IntArray, Stored("params/add", "int64", ("step",))]
    shift: Annotated[IntArray, Stored("params/shift", "int64", ("step",))]
    mult_limbs: Annotated[
        tuple[int, ...], Stored("params/mult_limbs", "int64", ("mult_limb",))
    ] = ()

    @property
    def neurons(self) -> int:
        """One neuron per horizon step and variate."""
        return int(self.weight.shape[0]) * self.channels

    @property
    def output_shape(self) -> tuple[int, int]:
        """Horizon steps and variates."""
        return int(self.weight.shape[0]), self.channels


SPIKYSPACE_LAYERS: tuple[type[Layer], ...] = (
    InputLayer,
    RmsNormLayer,
    EncoderLayer,
    NormEncoderLayer,
    GateLayer,
    SoftplusLayer,
    LinearLayer,
    ResidualLayer,
    ConvLayer,
    ScanLayer,
    ProductLayer,
    HeadLayer,
)
"""Layer types of the SpikySpace family; `lava_spikyspace.families` lists those of all families. The
file tells a type by ``type``, ``neuron/type`` and the number of inputs; see
`lava_spikyspace.netx.schema`."""
