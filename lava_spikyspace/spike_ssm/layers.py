"""Layer types of SPikE-SSM-style networks; see `lava_spikyspace.network` for what layers share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from lava_spikyspace.network import (
    IntArray,
    Layer,
    LinearLayer,
    OutputLayer,
    Stored,
)


@dataclass(frozen=True, eq=False, kw_only=True)
class ChannelNormLayer(Layer):
    """Affine map of each channel: ``saturate((x*mult + add + half) >> shift)``.

    Ranges: ``product`` is the sum before the shift.

    Parameters
    ----------
    mult, add, shift : ndarray, int64, shape (channel,)
        Descaling; every shift is at least 1.
    message_bits : int
        Width of the signed message, at which it saturates.
    """

    netx_type = "channel_norm"
    INPUT_ROLES = ("residual",)
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("product", "message")

    mult: Annotated[IntArray, Stored("params/mult", "int64", ("channel",))]
    add: Annotated[IntArray, Stored("params/add", "int64", ("channel",))]
    shift: Annotated[IntArray, Stored("params/shift", "int64", ("channel",))]
    message_bits: Annotated[int, Stored("params/message_bits")]

    @property
    def neurons(self) -> int:
        """Number of channels."""
        return int(self.mult.shape[0])


@dataclass(frozen=True, eq=False, kw_only=True)
class ProjectionLayer(LinearLayer):
    """Values of a projection of messages: descale and saturate.

    Parameters
    ----------
    message_bits : int
        Width of the signed message, at which it saturates.
    limbs : tuple of int
        Widths of the unsigned low limbs of the input message.
    """

    neuron_type = "PROJECTION"
    INPUT_ROLES = ("message",)
    MAY_BE_WIDE = False

    message_bits: Annotated[int, Stored("params/message_bits")]
    limbs: Annotated[tuple[int, ...], Stored("params/limbs", "int64", ("limb",))] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class S4dLayer(Layer):
    """Diagonal state space in fixed point; see `arithmetic.s4d`.

    Ranges: ``product`` is the decayed state before its shift, ``state`` both parts of the state,
    ``accumulator`` the channel sum, ``message`` the current.

    Parameters
    ----------
    decay_real, decay_imag : ndarray, int64, shape (channel, state)
        Complex decay a with `decay_bits` fraction bits; its magnitude is below 1.
    decay_bits : int
        Fraction bits of the decay.
    left, right : ndarray, int64, shape (channel, state)
        What brings the input to the scale of a state, at most one of them not 0.
    read_real, read_imag : ndarray, int64, shape (channel, state)
        Readout 2c: the sum takes ``read_real*h_real - read_imag*h_imag``.
    skip : ndarray, int64, shape (channel,)
        d, in the scale of the sum.
    shift : ndarray, int64, shape (channel,)
        What brings the sum to the scale of the current; at least 1.
    message_bits : int
        Width of the signed current, at which it saturates.
    elements : int
        Elements L of a window: the state starts at 0 with each.
    """

    netx_type = "s4d"
    neuron_type = "S4D"
    INPUT_ROLES = ("message",)
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("product", "state", "accumulator", "message")

    decay_real: Annotated[IntArray, Stored("params/decay_real", "int64", ("channel", "state"))]
    decay_imag: Annotated[IntArray, Stored("params/decay_imag", "int64", ("channel", "state"))]
    decay_bits: Annotated[int, Stored("params/decay_bits")]
    left: Annotated[IntArray, Stored("params/left", "int64", ("channel", "state"))]
    right: Annotated[IntArray, Stored("params/right", "int64", ("channel", "state"))]
    read_real: Annotated[IntArray, Stored("params/read_real", "int64", ("channel", "state"))]
    read_imag: Annotated[IntArray, Stored("params/read_imag", "int64", ("channel", "state"))]
    skip: Annotated[IntArray, Stored("params/skip", "int64", ("channel",))]
    shift: Annotated[IntArray, Stored("params/shift", "int64", ("channel",))]
    message_bits: Annotated[int, Stored("params/message_bits")]
    elements: Annotated[int, Stored("params/elements")]

    @property
    def neurons(self) -> int:
        """Number of channels."""
        return int(self.decay_real.shape[0])

    @property
    def states(self) -> int:
        """Complex states of each channel."""
        return int(self.decay_real.shape[1])


@dataclass(frozen=True, eq=False, kw_only=True)
class SpikingLayer(Layer):
    """Spiking neurons; see `arithmetic.spiking` for what each type computes.

    Ranges: ``state`` is the potential that is compared.

    Parameters
    ----------
    threshold : ndarray, int64, shape (channel,)
        Thresholds, at least 1, in the scale of the current.
    """

    netx_type = "spiking"
    INPUT_ROLES = ("current",)
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("state", "message")
    COMPARED = "state"

    threshold: Annotated[IntArray, Stored("params/threshold", "int64", ("channel",))]

    @property
    def neurons(self) -> int:
        """Number of channels."""
        return int(self.threshold.shape[0])

    @property
    def bits(self) -> int | None:
        """A spike is a code of one bit."""
        return 1


@dataclass(frozen=True, eq=False, kw_only=True)
class LeakyLayer(SpikingLayer):
    """Spiking neurons whose membrane leaks.

    Parameters
    ----------
    leak, leak_bits : int
        Leak of the membrane, ``leak * 2**-leak_bits`` < 1.
    """

    leak: Annotated[int, Stored("params/leak")]
    leak_bits: Annotated[int, Stored("params/leak_bits")]


@dataclass(frozen=True, eq=False, kw_only=True)
class SoftResetLayer(LeakyLayer):
    """A spike lowers the membrane by the threshold."""

    neuron_type = "SOFT_RESET"


@dataclass(frozen=True, eq=False, kw_only=True)
class HardResetLayer(LeakyLayer):
    """A spike clears the membrane."""

    neuron_type = "HARD_RESET"


@dataclass(frozen=True, eq=False, kw_only=True)
class RefractoryLayer(SoftResetLayer):
    """Soft reset, and a refractory current after each spike.

    Parameters
    ----------
    refractory : ndarray, int64, shape (channel,)
        Magnitude r of the refractory current, >= 0, in the scale of the current.
    fade : int
        Its decay, ``fade * 2**-leak_bits`` < 1.
    """

    neuron_type = "REFRACTORY"
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("state", "refractory", "message")

    refractory: Annotated[IntArray, Stored("params/refractory", "int64", ("channel",))]
    fade: Annotated[int, Stored("params/fade")]


@dataclass(frozen=True, eq=False, kw_only=True)
class BernoulliLayer(SpikingLayer):
    """A spike with probability ``current / threshold``: compared with a 24-bit random number.

    Parameters
    ----------
    seed : ndarray, int64, shape (channel,)
        State of each generator before the first element of a window, 1..2**24 - 1.
    """

    neuron_type = "BERNOULLI"

    seed: Annotated[IntArray, Stored("params/seed", "int64", ("channel",))]


@dataclass(frozen=True, eq=False, kw_only=True)
class SigmoidGateLayer(LinearLayer):
    """Gate of a mixer: PTSigmoid of a projection of spikes.

    Ranges: ``state`` is its argument.

    Parameters
    ----------
    frac_bits : int
        Fraction bits of argument and message.
    exp2_terms : int
        Terms of the shift-and-add power of two.
    """

    neuron_type = "PTSIGMOID"
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("accumulator", "product", "state", "message")
    MAY_BE_WIDE = False

    frac_bits: Annotated[int, Stored("params/frac_bits")]
    exp2_terms: Annotated[int, Stored("params/exp2_terms")]


@dataclass(frozen=True, eq=False, kw_only=True)
class GluLayer(Layer):
    """Residual stream behind a gated mixer: ``saturate(x + ((value*gate + half) >> shift))``.

    Ranges: ``product`` is the product before the shift, its rounding included.

    Parameters
    ----------
    channels : int
        Number of channels.
    shift : int
        Fraction bits of the gate, at least 1.
    residual_bits : int
        Width of the signed residual message, at which it saturates.
    """

    netx_type = "glu"
    INPUT_ROLES = ("residual", "value", "gate")
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("product", "message")

    channels: Annotated[int, Stored("params/channels")]
    shift: Annotated[int, Stored("params/shift")]
    residual_bits: Annotated[int, Stored("params/residual_bits")]

    @property
    def neurons(self) -> int:
        """Number of channels."""
        return self.channels


@dataclass(frozen=True, eq=False, kw_only=True)
class ClassificationHeadLayer(OutputLayer):
    """Logits of classes from the mean over time: ``descale(sum_e sum_c weight[k, c] * x[e, c])``.

    The division by the number of elements is part of the descaling. Ranges: ``product`` is the sum
    before the shift.

    Parameters
    ----------
    weight : ndarray, int8, shape (class, input)
        Symmetric weights, -127..127.
    mult, add, shift : ndarray, int64, shape (class,)
        Descaling; every shift is at least 1.
    frac_bits : int
        Fraction bits of the logits.
    elements : int
        Elements L of a window.
    limbs : tuple of int
        Widths of the unsigned low limbs of the input message.
    """

    netx_type = "classification_head"
    INPUT_ROLES: ClassVar[tuple[str, ...]] = ("residual",)
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("accumulator", "product", "message")

    weight: Annotated[npt.NDArray[np.int8], Stored("weight", "int8", ("class", "input"))]
    mult: Annotated[IntArray, Stored("params/mult", "int64", ("class",))]
    add: Annotated[IntArray, Stored("params/add", "int64", ("class",))]
    shift: Annotated[IntArray, Stored("params/shift", "int64", ("class",))]
    elements: Annotated[int, Stored("params/elements")]
    limbs: Annotated[tuple[int, ...], Stored("params/limbs", "int64", ("limb",))] = ()

    @property
    def neurons(self) -> int:
        """Number of classes."""
        return int(self.weight.shape[0])

    @property
    def output_shape(self) -> tuple[int, int]:
        """One step with one value per class."""
        return 1, self.neurons


LAYERS: tuple[type[Layer], ...] = (
    ChannelNormLayer,
    ProjectionLayer,
    S4dLayer,
    SoftResetLayer,
    HardResetLayer,
    RefractoryLayer,
    BernoulliLayer,
    SigmoidGateLayer,
    GluLayer,
    ClassificationHeadLayer,
)
"""Layer types of this family, besides those that it shares with SpikySpace."""
