"""A network in the form that the fused kernels take: blocks, narrow types, tables per code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic import lowest_signed, pt_silu, pt_softplus
from lava_spikyspace.arithmetic.thresholds import encode
from lava_spikyspace.intervals import dense_product_magnitude, prove_ranges
from lava_spikyspace.network import (
    EXACT_BITS,
    MESSAGE_BITS,
    ConvLayer,
    EncoderLayer,
    GateLayer,
    IntArray,
    Interval,
    Layer,
    LinearLayer,
    Network,
    NormEncoderLayer,
    ProductLayer,
    Ranges,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)

Float32Array = npt.NDArray[np.float32]
Float64Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.floating[Any]]
Int32Array = npt.NDArray[np.int32]
CodeArray = npt.NDArray[np.uint8]

SINGLE_LIMIT = 1 << 24
"""float32 holds, and adds, all integers of smaller magnitude exactly."""

INT32_LIMIT = 1 << 31

COUNT_LIMIT = 1 << 16
"""Units, and half of it elements, of a state in a window: what a counter of the scan holds."""

CODE_LIMIT = 1 << 8
"""Codes are kept in bytes."""

LayerT = TypeVar("LayerT", bound=Layer)


@dataclass(frozen=True, eq=False)
class BlockLayers:
    """The layers of one block.

    Parameters
    ----------
    norm, scan_in, gate, conv, delta, b, c, dt_proj, scan, product, out_proj : Layer
        By role.
    """

    norm: RmsNormLayer
    scan_in: NormEncoderLayer
    gate: GateLayer
    conv: ConvLayer
    delta: EncoderLayer
    b: LinearLayer
    c: LinearLayer
    dt_proj: SoftplusLayer
    scan: ScanLayer
    product: ProductLayer
    out_proj: ResidualLayer


@dataclass(frozen=True, eq=False)
class ScanForm:
    """Parameters of a scan in 32 bits.

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
        The level of code q is ``level_base + q * level_step``.
    theta_state : ndarray, int32, shape (state_j,)
        Thresholds of the state, saturated at the limits of int32.
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
    theta_state: Int32Array
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
    scan_theta, gate_theta : ndarray, float64, shape (j, channel)
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
    scan_theta: Float64Array
    gate_theta: Float64Array
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
    head_weight : ndarray, float64, shape (step, element)
        Forecast head.
    """

    network: Network
    blocks: tuple[BlockForm, ...]
    head_weight: Float64Array


@lru_cache(maxsize=4)
def network_form(network: Network) -> NetworkForm | None:
    """Return the fused form of a network, or None where it has none.

    Parameters
    ----------
    network : Network
        Its layers have to be those of SpikySpace blocks, and its values, proven here from the
        range of the input on, narrow enough for the types of the kernels. The ranges that are
        stored in the layers are not used: they are what strict mode judges.
    """
    matched = match_blocks(network)
    if matched is None:
        return None
    proven = prove_ranges(network)
    if not all(_narrow(layers, proven, network.window) for layers in matched):
        return None
    head = network.forecast_head
    if head.mult_limbs or _widest(proven, head) > EXACT_BITS:
        return None
    blocks = tuple(_block_form(layers, proven) for layers in matched)
    return NetworkForm(network, blocks, head.weight.astype(np.float64))


def match_blocks(network: Network) -> tuple[BlockLayers, ...] | None:
    """Return the blocks of a network, None where its layers are no chain of blocks."""
    inner = network.layers[1:-1]
    size = len(BlockLayers.__dataclass_fields__)
    if not inner or len(inner) % size:
        return None
    blocks = []
    stream = network.input.name
    for first in range(0, len(inner), size):
        layers = _match(inner[first : first + size], stream)
        if layers is None:
            return None
        blocks.append(layers)
        stream = layers.out_proj.name
    return tuple(blocks) if network.head.inputs == (stream,) else None


def _match(layers: Sequence[Layer], stream: str) -> BlockLayers | None:
    """Return the layers of one block by role, None where they are no block."""
    norm = _find(layers, RmsNormLayer, stream)
    if norm is None:
        return None
    scan_in = _find(layers, NormEncoderLayer, stream, norm.name)
    gate = _find(layers, GateLayer, stream, norm.name)
    conv = None if scan_in is None else _find(layers, ConvLayer, scan_in.name)
    scan = next((layer for layer in layers if type(layer) is ScanLayer), None)
    if gate is None or conv is None or scan is None or scan.source("codes") != conv.name:
        return None
    named = {layer.name: layer for layer in layers}
    b, c = (named.get(scan.source(role)) for role in ("B", "C"))
    dt_proj = named.get(scan.source("delta"))
    if not (isinstance(b, LinearLayer) and isinstance(c, LinearLayer)):
        return None
    if not (isinstance(dt_proj, SoftplusLayer) and b.inputs == c.inputs == (conv.name,)):
        return None
    delta = named.get(dt_proj.inputs[0])
    product = _find(layers, ProductLayer, scan.name, gate.name)
    out_proj = None if product is None else _find(layers, ResidualLayer, product.name, stream)
    if type(delta) is not EncoderLayer or delta.inputs != (conv.name,):
        return None
    if scan_in is None or product is None or out_proj is None:
        return None
    return BlockLayers(norm, scan_in, gate, conv, delta, b, c, dt_proj, scan, product, out_proj)


def _find(layers: Sequence[Layer], kind: type[LayerT], *inputs: str) -> LayerT | None:
    """Return the one layer of exactly that type that reads exactly those layers."""
    found = [layer for layer in layers if type(layer) is kind and layer.inputs == inputs]
    return found[0] if len(found) == 1 else None


def _widest(proven: Mapping[str, Ranges], layer: Layer) -> int:
    return max(interval.bits for interval in proven[layer.name].values())


def _narrow(layers: BlockLayers, proven: Mapping[str, Ranges], elements: int) -> bool:
    """Whether all values of a block fit the types of the kernels."""
    scan, level = layers.scan, layers.scan.level
    ranges = proven[scan.name]
    stream = proven[layers.norm.inputs[0]]["message"].union(proven[layers.out_proj.name]["message"])
    levels = [int(value) for value in (level.min(), level.max())]
    read = scan.states * (1 << scan.state_bits) * proven[layers.c.name]["message"].magnitude
    shifts = max(int(scan.left.max()), int(scan.right.max()))
    # A level that is shifted left is wide before it is shifted right again: at most one is not 0.
    decayed = max(abs(value) for value in levels) << int(scan.left.max())
    if _takes_limbs(layers, proven):
        return False
    return (
        max(_widest(proven, layer) for layer in vars(layers).values()) <= EXACT_BITS
        and stream.magnitude < SINGLE_LIMIT
        and ranges["state"].magnitude < INT32_LIMIT - 1
        and decayed < INT32_LIMIT
        and shifts < 32
        and read < INT32_LIMIT
        and proven[layers.b.name]["message"].magnitude < INT32_LIMIT
        and bool((np.diff(level, n=2) == 0).all())
        and max(len(values) for values in _code_axes(layers)) < CODE_LIMIT
        and elements * len(scan.theta_state) < COUNT_LIMIT
        and elements < COUNT_LIMIT // 2
    )


def _takes_limbs(layers: BlockLayers, proven: Mapping[str, Ranges]) -> bool:
    """Whether wide messages or products inside a neuron go in limbs, as no kernel has them."""
    wide = any(
        proven[layer.name]["message"].bits > MESSAGE_BITS
        for layer in (layers.norm, layers.gate, layers.b, layers.c, layers.product)
    )
    encoders = (layers.scan_in, layers.gate)
    linear = (layers.b, layers.c, layers.out_proj)
    return (
        wide
        or any(layer.theta_limbs for layer in encoders)
        or any(layer.mult_limbs for layer in linear)
    )


def _code_axes(layers: BlockLayers) -> list[IntArray]:
    """Return arrays with one entry per threshold of each code."""
    return [
        layers.scan_in.theta[0],
        layers.gate.theta[0],
        layers.conv.theta[0, 0],
        layers.delta.theta[0],
        layers.dt_proj.theta[0],
        layers.dt_proj.theta_out,
        layers.scan.theta_state,
        layers.scan.theta[0],
    ]


def _block_form(layers: BlockLayers, proven: Mapping[str, Ranges]) -> BlockForm:
    in_rows = np.concatenate([layers.scan_in.weight, layers.gate.weight]).astype(np.float64)
    x_rows = np.concatenate([layers.delta.weight, layers.b.weight, layers.c.weight])
    steps = layers.dt_proj
    step_values = pt_softplus(steps.table, steps.frac_bits, steps.exp2_terms)
    x_type = _exact_type(x_rows, proven[layers.conv.name]["message"])
    dt_type = _exact_type(steps.weight, proven[layers.delta.name]["message"])
    return BlockForm(
        layers=layers,
        in_weight=_columns(in_rows, np.float32),
        in_rows=in_rows,
        in_norms=np.sqrt((in_rows * in_rows).sum(axis=1)),
        scan_theta=_columns(layers.scan_in.theta, np.float64),
        gate_theta=_columns(layers.gate.theta, np.float64),
        gate_values=pt_silu(layers.gate.table, layers.gate.frac_bits, layers.gate.exp2_terms),
        conv_weight=_columns(layers.conv.weight, np.int32),
        conv_theta=np.ascontiguousarray(np.swapaxes(layers.conv.theta, 1, 2)),
        x_weight=_columns(x_rows, x_type),
        delta_theta=_limited(_columns(layers.delta.theta, np.int64), x_type),
        dt_weight=_columns(steps.weight, dt_type),
        dt_theta=_limited(_columns(steps.theta, np.int64), dt_type),
        step_values=step_values,
        step_codes=encode(step_values, steps.theta_out).astype(np.uint8),
        scan=_scan_form(layers.scan),
        out_weight=_columns(layers.out_proj.weight, np.float64),
    )


def _columns(rows: npt.NDArray[Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Return a matrix with its rows as columns, contiguous."""
    return np.ascontiguousarray(rows.T, dtype=dtype)


def _exact_type(weight: npt.NDArray[np.int8], x: Interval) -> type[np.floating[Any]]:
    """Return the narrowest float type in which every partial sum of a product is exact."""
    fits = dense_product_magnitude(weight, x) < SINGLE_LIMIT
    return np.float32 if fits else np.float64


def _limited(theta: IntArray, dtype: type[np.floating[Any]]) -> FloatArray:
    """Return thresholds as floats; beyond what a sum can reach, any value decides alike."""
    limit = SINGLE_LIMIT if dtype is np.float32 else 1 << EXACT_BITS
    return np.clip(theta, -limit, limit).astype(dtype)


def _scan_form(layer: ScanLayer) -> ScanForm:
    levels = layer.level
    signed = layer.theta.shape[1].bit_length()
    return ScanForm(
        left=layer.left.astype(np.uint8).ravel(),
        right=layer.right.astype(np.uint8).ravel(),
        has_left=bool(layer.left.any()),
        gain=layer.gain.astype(np.float64).ravel(),
        gain_shift=layer.gain_shift,
        level_base=int(levels[0]),
        level_step=int(levels[1] - levels[0]) if len(levels) > 1 else 0,
        theta_state=np.clip(layer.theta_state, -INT32_LIMIT, INT32_LIMIT - 1).astype(np.int32),
        skip=layer.skip,
        theta=np.ascontiguousarray(layer.theta.T),
        lowest=lowest_signed(signed),
        code_step=2 if signed == 1 else 1,
    )
