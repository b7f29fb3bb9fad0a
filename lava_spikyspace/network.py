"""The integer network: what a model file means, as plain frozen dataclasses.

A `Network` is a list of layers in topological order; every layer names the layers it reads
(`inputs`). All parameters are integers. The meaning of each layer is the arithmetic of
`lava_spikyspace.arithmetic`; each array field carries its place in the file, its dtype and its
axes, so that reader, writer and lint share one schema (`lava_spikyspace.netx`).

Notation: `C` variates, `L` window elements, `H` horizon steps; a `code` is the unsigned integer
``0..2**bits - 1`` of a quantiser, `Q = 2**bits - 1`; a `message` is a signed integer payload.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, get_type_hints

import numpy as np
import numpy.typing as npt

from lava_spikyspace.errors import InternalError

IntArray = npt.NDArray[np.int64]
"""Integers of the network; engines compute in int64."""

MESSAGE_BITS = 24
"""Widest signed message between processes: graded payloads of Loihi 2 carry 24 bits."""

WIDE_MESSAGE_BITS = 32
"""Widest message of a layer that sends it in limbs, each a message of at most `MESSAGE_BITS`."""

EXACT_BITS = 53
"""Widest signed accumulator: float64 holds every integer below 2**53 exactly."""

REGISTER_BITS = 62
"""Shifted radicands and the constants of a descaling stay below 2**62: engines compute in int64.
No value of a neuron is that wide; sums go through limbs (see `arithmetic`)."""

DENSE_BITS = 30
"""A product that goes through one Lava `Dense` stays below 2**30 in magnitude: it computes in
int32, and mixed-sign weights are stored doubled."""


@dataclass(frozen=True)
class Interval:
    """A closed range of integers that a value is proven to stay in.

    Parameters
    ----------
    lo, hi : int
        Smallest and largest value.
    """

    lo: int
    hi: int

    def __post_init__(self) -> None:
        if self.lo > self.hi:
            raise InternalError(f"empty interval [{self.lo}, {self.hi}]")

    @property
    def bits(self) -> int:
        """Width in bits of a signed (two's complement) register that holds the range."""
        return max((-self.lo - 1).bit_length() if self.lo < 0 else 0, self.hi.bit_length()) + 1

    @property
    def magnitude(self) -> int:
        """Largest absolute value."""
        return max(abs(self.lo), abs(self.hi))

    @property
    def ends(self) -> tuple[int, int]:
        """Both ends, lower first."""
        return self.lo, self.hi

    def union(self, other: Interval) -> Interval:
        """Return the smallest interval that holds both."""
        return Interval(min(self.lo, other.lo), max(self.hi, other.hi))

    def contains(self, other: Interval) -> bool:
        """Whether `other` lies inside."""
        return self.lo <= other.lo and other.hi <= self.hi

    @classmethod
    def signed(cls, bits: int) -> Interval:
        """Return the range of a signed register of `bits` bits."""
        return cls(-(1 << (bits - 1)), (1 << (bits - 1)) - 1)

    @classmethod
    def of(cls, values: npt.ArrayLike) -> Interval:
        """Return the range that the given integers span."""
        array = np.asarray(values)
        return cls(int(array.min()), int(array.max()))


Ranges = Mapping[str, Interval]
"""Proven ranges of a layer by the name of the value, such as ``accumulator`` or ``message``."""


@dataclass(frozen=True)
class Stored:
    """Where and how a field of a layer stands in the file (an annotation of the field).

    Parameters
    ----------
    path : str
        Path below ``/layer/<i>``.
    dtype : str
        Integer dtype in the file.
    axes : tuple of str
        Names of the axes; within a layer, axes of one name have one size. Empty for a scalar.
    """

    path: str
    dtype: str = "int64"
    axes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer:
    """What all layers have.

    Parameters
    ----------
    name : str
        Unique name, e.g. ``blocks.0.scan``.
    inputs : tuple of str
        Names of the layers it reads, in the order of `INPUT_ROLES`.
    ranges : mapping of str to Interval
        Proven ranges of its values, by the names of `RANGE_NAMES`.
    """

    netx_type: ClassVar[str]
    neuron_type: ClassVar[str | None] = None
    INPUT_ROLES: ClassVar[tuple[str, ...]] = ()
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("accumulator", "message")
    COMPARED: ClassVar[str] = "accumulator"
    """Range whose extremes the counts report: the value before the comparison."""
    MAY_BE_WIDE: ClassVar[bool] = False
    """Whether its message may have up to `WIDE_MESSAGE_BITS`, if all its readers take limbs. A
    message of more than `MESSAGE_BITS` goes to all of them in limbs (`Network.limbs_of`)."""

    TAKES_LIMBS: ClassVar[bool] = False
    """Whether it reads wide messages."""

    name: str
    inputs: tuple[str, ...] = ()
    ranges: Ranges = field(default_factory=dict)

    @property
    def neurons(self) -> int:
        """Number of output channels."""
        raise NotImplementedError

    @property
    def bits(self) -> int | None:
        """Width of the code that the layer sends as spikes; None if it sends messages."""
        return None

    def source(self, role: str) -> str:
        """Return the name of the layer that plays `role` among the inputs."""
        return self.inputs[self.INPUT_ROLES.index(role)]


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
class DenseLayer(Layer):
    """What the layers with a weight matrix share: ``acc[o] = sum_i weight[o, i] * x[i]``.

    Parameters
    ----------
    weight : ndarray, int8, shape (channel, input)
        Symmetric weights, -127..127.
    """

    netx_type = "dense"
    INPUT_ROLES: ClassVar[tuple[str, ...]] = ("codes",)

    weight: Annotated[npt.NDArray[np.int8], Stored("weight", "int8", ("channel", "input"))]

    @property
    def neurons(self) -> int:
        """Number of output channels."""
        return int(self.weight.shape[0])


@dataclass(frozen=True, eq=False, kw_only=True)
class EncoderLayer(DenseLayer):
    """Threshold encoder of codes: ``q = count(acc >= theta_j)``.

    Parameters
    ----------
    theta : ndarray, int64, shape (channel, j)
        Ascending thresholds, one for each code from 1 on.
    """

    neuron_type = "ENCODER"

    theta: Annotated[IntArray, Stored("params/theta", "int64", ("channel", "j"))]

    @property
    def bits(self) -> int | None:
        """Width of the code."""
        return int(self.theta.shape[-1]).bit_length()


@dataclass(frozen=True, eq=False, kw_only=True)
class NormEncoderLayer(EncoderLayer):
    """Threshold encoder of a normalised input: ``q = count((acc << rms_shift) >= theta_j * rms)``.

    Ranges: ``comparison`` spans both sides of the comparison and the sums of its limbs.

    Parameters
    ----------
    rms_shift : int
        Fraction bits k of the comparison.
    limbs : tuple of int
        Widths of the unsigned low limbs of the input message; empty where it fits one `Dense`.
    theta_limbs : tuple of int
        Widths of the low limbs in which thresholds are multiplied, see
        `arithmetic.comparison_sums`; they change no code.
    """

    INPUT_ROLES = ("residual", "rms")
    TAKES_LIMBS = True
    RANGE_NAMES = ("accumulator", "comparison", "message")

    rms_shift: Annotated[int, Stored("params/rms_shift")]
    limbs: Annotated[tuple[int, ...], Stored("params/limbs", "int64", ("limb",))] = ()
    theta_limbs: Annotated[
        tuple[int, ...], Stored("params/theta_limbs", "int64", ("theta_limb",))
    ] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class GateLayer(NormEncoderLayer):
    """Gate branch: a code that stays inside the neuron, PTSiLU of its value as message.

    Parameters
    ----------
    table : ndarray, int64, shape (code,)
        Value of each code in fixed point with `frac_bits`.
    frac_bits : int
        Fraction bits of the table and of the message.
    exp2_terms : int
        Terms of the shift-and-add power of two.
    """

    neuron_type = "PTSILU"
    MAY_BE_WIDE = True

    table: Annotated[IntArray, Stored("params/table", "int64", ("code",))]
    frac_bits: Annotated[int, Stored("params/frac_bits")]
    exp2_terms: Annotated[int, Stored("params/exp2_terms")]

    @property
    def bits(self) -> int | None:
        """None: the code is not sent."""
        return None


@dataclass(frozen=True, eq=False, kw_only=True)
class SoftplusLayer(EncoderLayer):
    """Step size branch: a code inside the neuron, PTSoftplus of its value, encoded again.

    Ranges: ``state`` is the output of PTSoftplus.

    Parameters
    ----------
    table : ndarray, int64, shape (code,)
        Value of each inner code in fixed point with `frac_bits`.
    frac_bits : int
        Fraction bits of the table and of PTSoftplus.
    exp2_terms : int
        Terms of the shift-and-add power of two.
    theta_out : ndarray, int64, shape (level,)
        Ascending thresholds of the code that is sent.
    """

    neuron_type = "PTSOFTPLUS"
    RANGE_NAMES = ("accumulator", "state", "message")

    table: Annotated[IntArray, Stored("params/table", "int64", ("code",))]
    frac_bits: Annotated[int, Stored("params/frac_bits")]
    exp2_terms: Annotated[int, Stored("params/exp2_terms")]
    theta_out: Annotated[IntArray, Stored("params/theta_out", "int64", ("level",))]

    @property
    def bits(self) -> int | None:
        """Width of the code that is sent."""
        return int(self.theta_out.shape[-1]).bit_length()


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


@dataclass(frozen=True, eq=False, kw_only=True)
class Normalisation:
    """How values of the table become the input of the network and its output values again.

    Applied in float64 outside the integers.

    Parameters
    ----------
    kind : str
        ``fixed``: one mean and scale per variate; ``instance``: those of each window.
    mean, scale : ndarray, float64, shape (variate,), optional
        For ``fixed``.
    eps : float, optional
        For ``instance``: added to the variance of the window.
    """

    kind: str
    mean: npt.NDArray[np.float64] | None = None
    scale: npt.NDArray[np.float64] | None = None
    eps: float | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Golden:
    """Recorded windows that every backend has to reproduce.

    Parameters
    ----------
    inputs : ndarray, int64, shape (window, element, variate)
        The integers fed to the network.
    forecasts : ndarray, int64, shape (window, step, variate)
        The integers that the head sends.
    digests : mapping of str to str
        SHA-256 of the codes (little-endian int32, C order [window, element, channel]) by record
        name: a layer's name for what it sends, ``<name>.code`` for a code inside a neuron,
        ``<name>.state`` for the state codes of a scan (channels and states flattened).
    """

    inputs: IntArray
    forecasts: IntArray
    digests: Mapping[str, str]


@dataclass(frozen=True, eq=False, kw_only=True)
class Network:
    """A complete integer network.

    Parameters
    ----------
    window : int
        Elements L of a window.
    horizon : int
        Steps H of a forecast.
    layers : tuple of Layer
        In topological order; the first is the `InputLayer`, the last the `HeadLayer`.
    normalisation : Normalisation
        Between the table and the integers.
    variates : tuple of str, optional
        Names of the variates.
    bits : mapping of str to int
        Bits of each quantiser by its published name (c, s, delta, pts, delta1, x, y, y1).
    formats : mapping of str to int
        Fraction bits and other choices of the exporter, for the reader's information.
    golden : Golden, optional
        Recorded windows.
    provenance : mapping
        JSON-like: where the file comes from.
    """

    window: int
    horizon: int
    layers: tuple[Layer, ...]
    normalisation: Normalisation
    variates: tuple[str, ...] | None = None
    bits: Mapping[str, int] = field(default_factory=dict)
    formats: Mapping[str, int] = field(default_factory=dict)
    golden: Golden | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Layer:
        """Return the layer of that name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def consumers(self, name: str) -> tuple[Layer, ...]:
        """Return the layers that read the layer of that name."""
        return tuple(layer for layer in self.layers if name in layer.inputs)

    def limbs_of(self, name: str) -> tuple[int, ...]:
        """Return the widths of the low limbs that the message of a layer is sent in.

        Empty where it is only sent whole. A message that its dense readers take in limbs, but that
        is not wide, goes whole to the others.
        """
        for reader in self.consumers(name):
            limbs: tuple[int, ...] = getattr(reader, "limbs", ())
            if limbs and reader.inputs[0] == name:
                return limbs
        if not self.is_wide(name):
            return ()
        low = MESSAGE_BITS - 1  # an unsigned limb of a signed message
        bits = self[name].ranges["message"].bits
        return (low,) * -(-(bits - MESSAGE_BITS) // low)

    def is_wide(self, name: str) -> bool:
        """Whether the message of a layer has more than `MESSAGE_BITS`: all read it in limbs."""
        layer = self[name]
        message = layer.ranges.get("message")
        return layer.MAY_BE_WIDE and message is not None and message.bits > MESSAGE_BITS

    @property
    def channels(self) -> int:
        """Number of variates C."""
        return self.layers[0].neurons

    @property
    def input(self) -> InputLayer:
        """The input layer."""
        layer = self.layers[0]
        if not isinstance(layer, InputLayer):
            raise InternalError(f"the first layer is {layer.name}, not an input layer")
        return layer

    @property
    def forecast_head(self) -> HeadLayer:
        """The head of a forecaster."""
        if not isinstance(self.head, HeadLayer):
            raise InternalError(f"the last layer is {self.head.name}, not a forecast head")
        return self.head

    @property
    def head(self) -> OutputLayer:
        """The layer that sends the result."""
        layer = self.layers[-1]
        if not isinstance(layer, OutputLayer):
            raise InternalError(f"the last layer is {layer.name}, not a head")
        return layer


def stored_fields(layer_type: type[Layer]) -> dict[str, Stored]:
    """Return the stored fields of a layer type by field name, in the order of declaration."""
    hints = get_type_hints(layer_type, include_extras=True)
    return {
        item.name: note
        for item in fields(layer_type)
        for note in getattr(hints[item.name], "__metadata__", ())
        if isinstance(note, Stored)
    }
