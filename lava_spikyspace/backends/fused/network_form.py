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
from lava_spikyspace.backends.fused.matching import BlockLayers, match_blocks
from lava_spikyspace.backends.fused.widths import (
    SINGLE_LIMIT,
    FloatType,
    IntType,
    Proven,
    obstacles,
    product_type,
    read_type,
    state_type,
    stream_type,
)
from lava_spikyspace.intervals import prove_ranges
from lava_spikyspace.network import EXACT_BITS, IntArray, Network, ScanLayer

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
    left, right : ndarray, uint8, shape (delta code * channel * state,)
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
class BlockForm:
    """One block: its layers, and their parameters as the kernels take them.

    Parameters
    ----------
    layers : BlockLayers
        Where the parameters come from.
    in_weight : ndarray, float32, shape (variate, 2 * channel)
        Both halves of in_proj, for the product with all messages.
    in_rows : ndarray, float64, shape (2 * channel, variate)
        The same, a row per channel, for single exact sums.
    in_norms : ndarray, float64, shape (2 * channel,)
        Euclidean norm of each row.
    scan_theta, gate_theta : ndarray, int64, shape (j, channel)
        Thresholds of ``acc / rms``, still with their fraction bits.
    gate_values : ndarray, int64, shape (code,)
        What the gate sends for each of its codes.
    conv_weight : ndarray, int32, shape (tap, channel)
        Weights of the convolution.
    conv_theta : ndarray, int64, shape (row, j, channel)
        Its thresholds.
    x_weight : ndarray, float32 or float64, shape (channel, rank + 2 * state)
        Rows for delta, B and C.
    delta_theta : ndarray, of the dtype of `x_weight`, shape (j, rank)
        Thresholds of the delta codes.
    dt_weight : ndarray, float32 or float64, shape (rank, channel)
        Step-size projection.
    dt_theta : ndarray, of the dtype of `dt_weight`, shape (j, channel)
        Thresholds of the code inside.
    step_values : ndarray, int64, shape (inner code,)
        PTSoftplus of each inner code.
    step_codes : ndarray, uint8, shape (inner code,)
        The code that is sent for each inner code.
    scan : ScanForm
        The scan.
    out_weight : ndarray, float64, shape (channel, variate)
        Output projection.
    """

    layers: BlockLayers
    in_weight: Float32Array
    in_rows: Float64Array
    in_norms: Float64Array
    scan_theta: IntArray
    gate_theta: IntArray
    gate_values: IntArray
    conv_weight: Int32Array
    conv_theta: IntArray
    x_weight: FloatArray
    delta_theta: FloatArray
    dt_weight: FloatArray
    dt_theta: FloatArray
    step_values: IntArray
    step_codes: CodeArray
    scan: ScanForm
    out_weight: Float64Array


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
    x_type = product_type(x_rows, proven[layers.conv.name]["message"])
    dt_type = product_type(steps.weight, proven[layers.delta.name]["message"])
    return BlockForm(
        layers=layers,
        in_weight=_columns(in_rows, np.float32),
        in_rows=in_rows,
        in_norms=np.sqrt((in_rows * in_rows).sum(axis=1)),
        scan_theta=_columns(layers.scan_in.theta, np.int64),
        gate_theta=_columns(layers.gate.theta, np.int64),
        gate_values=pt_silu(layers.gate.table, layers.gate.frac_bits, layers.gate.exp2_terms),
        conv_weight=_columns(layers.conv.weight, np.int32),
        conv_theta=np.ascontiguousarray(np.swapaxes(layers.conv.theta, 1, 2)),
        x_weight=_columns(x_rows, x_type),
        delta_theta=_limited(_columns(layers.delta.theta, np.int64), x_type),
        dt_weight=_columns(steps.weight, dt_type),
        dt_theta=_limited(_columns(steps.theta, np.int64), dt_type),
        step_values=step_values,
        step_codes=encode(step_values, steps.theta_out).astype(np.uint8),
        scan=_scan_form(layers.scan, proven),
        out_weight=_columns(layers.out_proj.weight, np.float64),
    )


def _columns(rows: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a matrix with its rows as columns, contiguous."""
    return np.ascontiguousarray(rows.T, dtype=dtype)


def _limited(theta: IntArray, dtype: FloatType) -> FloatArray:
    """Return thresholds as floats; beyond what a sum can reach, any value decides alike."""
    limit = SINGLE_LIMIT if dtype is np.float32 else 1 << EXACT_BITS
    return np.clip(theta, -limit, limit).astype(dtype)


def _scan_form(layer: ScanLayer, proven: Proven) -> ScanForm:
    levels = layer.level
    states = state_type(layer, proven)
    limits = np.iinfo(states)
    signed = layer.theta.shape[1].bit_length()
    return ScanForm(
        left=layer.left.astype(np.uint8).ravel(),
        right=layer.right.astype(np.uint8).ravel(),
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
