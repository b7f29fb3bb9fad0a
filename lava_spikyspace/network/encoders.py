"""Layers with a dense matrix that send codes, or values of codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import numpy.typing as npt

from lava_spikyspace.network.base import Layer, Stored
from lava_spikyspace.network.formats import IntArray


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
