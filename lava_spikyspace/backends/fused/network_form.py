"""A network in the form that the fused kernels take: blocks, narrow types, tables per code."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic import lowest_signed, pt_silu, pt_softplus
from lava_spikyspace.arithmetic.thresholds import encode
from lava_spikyspace.backends.fused.lanes import padded
from lava_spikyspace.backends.fused.matching import BlockLayers, match_blocks
from lava_spikyspace.backends.fused.widths import (
    SINGLE_LIMIT,
    FloatType,
    IntType,
    Proven,
    obstacles,
    product_parts,
    product_type,
    read_type,
    state_type,
    stream_type,
)
from lava_spikyspace.intervals import prove_ranges
from lava_spikyspace.network import (
    EXACT_BITS,
    IntArray,
    Network,
    NormEncoderLayer,
    ScanLayer,
)

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.floating[Any]]
Int32Array = npt.NDArray[np.int32]
CodeArray = npt.NDArray[np.uint8]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ScanForm:
    """Parameters of a scan.

    Parameters
    ----------
    left, right : ndarray, uint8, shape (delta code * channel * padded state,)
        Decay exponents.
    has_left : bool
        Whether any left exponent is not 0.
    gain : ndarray, float64, shape (delta code * code,)
        Gains.
    gain_shift : int
        Their fraction bits.
    level_base, level_step : int
        The level of code q is ``level_base + q * level_step``, and the offset of its element.
    state_offset : ndarray, int64, shape (row,)
        Offsets of the levels and thresholds of a state at the first elements of a window; the last
        holds for all later ones.
    theta_state : ndarray, int32 or int64, shape (state_j,)
        Thresholds of the state, saturated at the limits of the type, in which states are computed.
    read_type : type
        int32 or int64: in which C is held, and sums of it over the states are.
    skip : ndarray, int64, shape (code, channel)
        Skip values.
    theta : ndarray, int64, shape (j, channel)
        Thresholds of the output code.
    lowest, code_step : int
        The output code is ``lowest + code_step * (thresholds reached)``.
    """

    left: CodeArray
    right: CodeArray
    has_left: bool
    gain: Float64Array
    gain_shift: int
    level_base: int
    level_step: int
    state_offset: IntArray
    theta_state: npt.NDArray[np.signedinteger[Any]]
    read_type: IntType
    skip: IntArray
    theta: IntArray
    lowest: int
    code_step: int


@dataclass(frozen=True, eq=False)
class HalfForm:
    """One half of in_proj: that of the scan, or that of the gate.

    Parameters
    ----------
    layer : NormEncoderLayer
        Where the parameters come from.
    offset : int
        Its first column in the product of both.
    rows : ndarray, float32, shape (channel, variate)
        Weights, a row per channel, for single exact sums.
    norms : ndarray, float32, shape (channel,)
        Euclidean norm of each row.
    theta : ndarray, int64, shape (j, channel)
        Thresholds of ``acc / rms``, still with their fraction bits.
    limbs : ndarray, int64, shape (limb,)
        Widths of their low limbs.
    limits : ndarray, float32, shape (j + 1, padded channel)
        Thresholds rounded, without fraction bits (see `encoding`).
    """

    layer: NormEncoderLayer
    offset: int
    rows: Float32Array
    norms: Float32Array
    theta: IntArray
    limbs: IntArray
    limits: Float32Array


@dataclass(frozen=True, eq=False)
class BlockForm:
    """One block: its layers, and their parameters as the kernels take them.

    Parameters
    ----------
    layers : BlockLayers
        Where the parameters come from.
    in_weight : ndarray, float32, shape (variate, 2 * channel)
        Both halves of in_proj, for the product with all messages.
    halves : tuple of HalfForm
        Both halves, that of the scan first.
    gate_values : ndarray, int64, shape (code,)
        What the gate sends for each of its codes.
    conv_weight : ndarray, int32, shape (tap, channel)
        Weights of the convolution.
    conv_theta : ndarray, int64, shape (row, j, channel)
        Its thresholds.
    x_weight : ndarray, float32 or float64, shape (channel, rank + 2 * state)
        Rows for delta, B and C.
    delta_limits : ndarray, of the dtype of `x_weight`, shape (j + 1, padded rank)
        Thresholds of the delta codes (see `encoding`).
    dt_weight : ndarray, float32 or float64, shape (rank, channel)
        Step-size projection.
    dt_limits : ndarray, of the dtype of `dt_weight`, shape (j + 1, padded channel)
        Thresholds of the code inside.
    step_values : ndarray, int64, shape (inner code,)
        PTSoftplus of each inner code.
    step_codes : ndarray, uint8, shape (inner code,)
        The code that is sent for each inner code.
    step_limits : ndarray, of the dtype of `dt_weight`, shape (j + 1, padded channel), or None
        Thresholds of the code that is sent, on the sums of dt_proj: those of the code inside at
        which it changes. None where it does not ascend with the code inside.
    scan : ScanForm
        The scan.
    out_weight : ndarray, float32 or float64, shape (channel, variate)
        Output projection.
    out_parts : tuple of slice
        Channels that are multiplied together: every partial sum is exact.
    """

    layers: BlockLayers
    in_weight: Float32Array
    halves: tuple[HalfForm, HalfForm]
    gate_values: IntArray
    conv_weight: Int32Array
    conv_theta: IntArray
    x_weight: FloatArray
    delta_limits: FloatArray
    dt_weight: FloatArray
    dt_limits: FloatArray
    step_values: IntArray
    step_codes: CodeArray
    step_limits: FloatArray | None
    scan: ScanForm
    out_weight: FloatArray
    out_parts: tuple[slice, ...]

    def without_padding(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return what belongs to states, shape (..., channel * padded state), of states alone."""
        channels, states = self.layers.scan.neurons, self.layers.scan.states
        rows = values.reshape(*values.shape[:-1], channels, -1)[..., :states]
        return rows.reshape(*values.shape[:-1], channels * states)


@dataclass(frozen=True, eq=False)
class NetworkForm:
    """A whole network.

    Parameters
    ----------
    network : Network
        Where it comes from.
    blocks : tuple of BlockForm
        In order.
    stream_types : tuple of type
        float32 or float64, for the input of each block and of the head.
    head_weight : ndarray, float64, shape (step, element)
        Forecast head.
    """

    network: Network
    blocks: tuple[BlockForm, ...]
    stream_types: tuple[FloatType, ...]
    head_weight: Float64Array


@lru_cache(maxsize=4)
def network_form(network: Network) -> NetworkForm | None:
    """Return the fused form of a network, or None where it has none, which is logged.

    Parameters
    ----------
    network : Network
        Its layers have to be those of SpikySpace blocks, and its values, proven here from the
        range of the input on, narrow enough for the kernels. The ranges that are stored in the
        layers are not used: they are what strict mode judges.
    """
    matched = match_blocks(network)
    if matched is None:
        _logger.debug("no compiled kernels for a network that is no chain of SpikySpace blocks")
        return None
    proven = prove_ranges(network)
    found = next(obstacles(network, matched, proven), None)
    if found is not None:
        _logger.warning("no compiled kernels, NumPy runs the network many times slower: %s", found)
        return None
    streams = [network.input, *(layers.out_proj for layers in matched)]
    return NetworkForm(
        network,
        tuple(_block_form(layers, proven) for layers in matched),
        tuple(stream_type(proven[layer.name]["message"]) for layer in streams),
        network.forecast_head.weight.astype(np.float64),
    )


def _block_form(layers: BlockLayers, proven: Proven) -> BlockForm:
    in_rows = np.concatenate([layers.scan_in.weight, layers.gate.weight]).astype(np.float64)
    x_rows = np.concatenate([layers.delta.weight, layers.b.weight, layers.c.weight])
    steps = layers.dt_proj
    step_values = pt_softplus(steps.table, steps.frac_bits, steps.exp2_terms)
    step_codes = encode(step_values, steps.theta_out).astype(np.uint8)
    x_type = product_type(x_rows, proven[layers.conv.name]["message"])
    dt_type = product_type(steps.weight, proven[layers.delta.name]["message"])
    out_type, out_parts = product_parts(
        layers.out_proj.weight, proven[layers.product.name]["message"]
    )
    return BlockForm(
        layers=layers,
        in_weight=_columns(in_rows, np.float32),
        halves=(
            _half_form(layers.scan_in, 0),
            _half_form(layers.gate, layers.scan_in.neurons),
        ),
        gate_values=pt_silu(layers.gate.table, layers.gate.frac_bits, layers.gate.exp2_terms),
        conv_weight=_columns(layers.conv.weight, np.int32),
        conv_theta=np.ascontiguousarray(np.swapaxes(layers.conv.theta, 1, 2)),
        x_weight=_columns(x_rows, x_type),
        delta_limits=_limits(_limited(layers.delta.theta, x_type)),
        dt_weight=_columns(steps.weight, dt_type),
        dt_limits=_limits(_limited(steps.theta, dt_type)),
        step_values=step_values,
        step_codes=step_codes,
        step_limits=_step_limits(_limited(steps.theta, dt_type), step_codes),
        scan=_scan_form(layers.scan, proven),
        out_weight=_columns(layers.out_proj.weight, out_type),
        out_parts=out_parts,
    )


def _half_form(layer: NormEncoderLayer, offset: int) -> HalfForm:
    rows = layer.weight.astype(np.float64)
    return HalfForm(
        layer=layer,
        offset=offset,
        rows=rows.astype(np.float32),
        norms=np.sqrt((rows * rows).sum(axis=1)).astype(np.float32),
        theta=_columns(layer.theta, np.int64),
        limbs=np.array(layer.theta_limbs, dtype=np.int64),
        limits=_limits((layer.theta * 2.0**-layer.rms_shift).astype(np.float32)),
    )


def _columns(rows: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a matrix with its rows as columns, contiguous."""
    return np.ascontiguousarray(rows.T, dtype=dtype)


def _limited(theta: IntArray, dtype: FloatType) -> FloatArray:
    """Return thresholds as floats; beyond what a sum can reach, any value decides alike."""
    limit = SINGLE_LIMIT if dtype is np.float32 else 1 << EXACT_BITS
    return np.clip(theta, -limit, limit).astype(dtype)


def _limits(theta: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return thresholds, shape (channel, j), as a table (j + 1, padded channel)."""
    channels, levels = theta.shape
    table = np.full((levels + 1, padded(channels)), np.inf, dtype=theta.dtype)
    table[:levels, :channels] = theta.T
    return table


def _step_limits(theta: FloatArray, codes: CodeArray) -> FloatArray | None:
    """Return thresholds of codes that follow from other codes; None where they do not ascend.

    Parameters
    ----------
    theta : ndarray, shape (channel, j)
        Thresholds of the codes inside.
    codes : ndarray, uint8, shape (code inside,)
        The code that follows from each.
    """
    if (codes[1:] < codes[:-1]).any():
        return None
    below, above = np.full((2, len(theta), 1), np.inf, theta.dtype)
    reached = np.concatenate([-below, theta, above], axis=1)
    first = np.searchsorted(codes, np.arange(1, int(codes[-1]) + 1))
    return _limits(reached[:, first])


def _padded_states(exponents: IntArray) -> CodeArray:
    """Return exponents, flat, with copies of the last state up to whole lanes."""
    states = exponents.shape[-1]
    padding = [(0, 0)] * (exponents.ndim - 1) + [(0, padded(states) - states)]
    return np.pad(exponents.astype(np.uint8), padding, mode="edge").ravel()


def _scan_form(layer: ScanLayer, proven: Proven) -> ScanForm:
    levels = layer.level
    states = state_type(layer, proven)
    limits = np.iinfo(states)
    signed = layer.theta.shape[1].bit_length()
    return ScanForm(
        left=_padded_states(layer.left),
        right=_padded_states(layer.right),
        has_left=bool(layer.left.any()),
        gain=layer.gain.astype(np.float64).ravel(),
        gain_shift=layer.gain_shift,
        level_base=int(levels[0]),
        level_step=int(levels[1] - levels[0]) if len(levels) > 1 else 0,
        state_offset=layer.state_offset,
        theta_state=np.clip(layer.theta_state, limits.min, limits.max).astype(states),
        read_type=read_type(layer, proven),
        skip=layer.skip,
        theta=np.ascontiguousarray(layer.theta.T),
        lowest=lowest_signed(signed),
        code_step=2 if signed == 1 else 1,
    )
