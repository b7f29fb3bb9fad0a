"""What each layer type computes on whole windows: one function per type.

Arrays have the axes (window, element, channel); the functions of `lava_spikyspace.arithmetic` are
the definition, this module only lays them out over windows and elements.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce, singledispatch

import numpy as np
import numpy.typing as npt

from lava_spikyspace.arithmetic import (
    descale,
    descale_sums,
    encode,
    encode_normalised,
    isqrt,
    pt_silu,
    pt_softplus,
    saturate,
    scan_step,
    shifted_square,
)
from lava_spikyspace.errors import InternalError
from lava_spikyspace.intervals import Descaled, comparison_range, mult_limbs
from lava_spikyspace.network import (
    EXACT_BITS,
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


@dataclass(frozen=True, eq=False)
class LayerOutput:
    """What a layer computed.

    Parameters
    ----------
    message : ndarray, int64, shape (window, element, channel)
        What it sends; the head: (window, step, variate).
    observed : mapping of str to Interval
        Extremes by range name.
    inner : mapping of str to ndarray
        Codes that stay inside: ``code`` or ``state``, shape (window, element, neuron).
    saturations : int
        Values clipped to their format.
    passed : ndarray, int64, shape (neuron,), optional
        Messages other than 0 that one kind of its neurons has sent to another, by sender; of a
        scan it is the state codes other than 0 that are counted.
    """

    message: IntArray
    observed: Mapping[str, Interval]
    inner: Mapping[str, IntArray] = field(default_factory=dict)
    saturations: int = 0
    passed: IntArray | None = None


@singledispatch
def evaluate(layer: Layer, sources: Sequence[IntArray]) -> LayerOutput:
    """Compute a layer from the messages of its sources.

    Parameters
    ----------
    layer : Layer
        Its type selects the function.
    sources : sequence of ndarray, int64
        Messages of `layer.inputs`, in their order; for the input layer the windows themselves.
    """
    raise InternalError(f"no batch function for layers of type {type(layer).__name__}")


def matmul(x: IntArray, weight: npt.NDArray[np.int8]) -> IntArray:
    """Return ``x @ weight.T`` exactly.

    float64 BLAS adds integers exactly while every partial sum stays below 2**53, which the largest
    message times the largest sum of weight magnitudes bounds; beyond that, integers are used.
    """
    largest = max(abs(int(x.min(initial=0))), abs(int(x.max(initial=0))))
    fan_in = int(np.abs(weight.astype(np.int64)).sum(axis=1).max(initial=0))
    if largest * fan_in >= 1 << EXACT_BITS:
        return np.asarray(x @ weight.astype(np.int64).T)
    return np.asarray(x.astype(np.float64) @ weight.astype(np.float64).T).astype(np.int64)


def spans(**values: npt.ArrayLike) -> dict[str, Interval]:
    """Return the extremes of values by name."""
    return {name: Interval.of(value) for name, value in values.items()}


def joined_spans(
    observed: Mapping[str, Interval], seen: Mapping[str, Interval]
) -> dict[str, Interval]:
    """Return the extremes of both together."""
    return {
        name: span if name not in observed else observed[name].union(span)
        for name, span in seen.items()
    }


@evaluate.register
def _(layer: InputLayer, sources: Sequence[IntArray]) -> LayerOutput:
    (messages,) = sources
    return LayerOutput(messages, spans(message=messages))


@evaluate.register
def _(layer: RmsNormLayer, sources: Sequence[IntArray]) -> LayerOutput:
    (x,) = sources
    squares = shifted_square(x, layer.square_shift)
    total = squares.sum(axis=-1)
    mean = total // layer.channels + layer.eps
    rms = isqrt(mean << (2 * layer.root_bits))[..., None]
    return LayerOutput(
        rms,
        spans(accumulator=total, state=mean, message=rms),
        passed=np.count_nonzero(squares, axis=(0, 1)),
    )


def _normalised(
    layer: NormEncoderLayer, sources: Sequence[IntArray]
) -> tuple[IntArray, dict[str, Interval]]:
    """Return the codes of a normalised encoder and the extremes of both sides of its comparison."""
    x, rms = sources
    acc = matmul(x, layer.weight)
    code = encode_normalised(acc, layer.theta, rms, layer.rms_shift, layer.theta_limbs)
    span = Interval.of(acc)
    compared = comparison_range(
        span, layer.theta, Interval.of(rms), layer.rms_shift, layer.theta_limbs
    )
    return code, {"accumulator": span, "comparison": compared}


@evaluate.register
def _(layer: NormEncoderLayer, sources: Sequence[IntArray]) -> LayerOutput:
    code, seen = _normalised(layer, sources)
    return LayerOutput(code, {**seen, **spans(message=code)})


@evaluate.register
def _(layer: GateLayer, sources: Sequence[IntArray]) -> LayerOutput:
    code, seen = _normalised(layer, sources)
    message = pt_silu(layer.table, layer.frac_bits, layer.exp2_terms)[code]
    return LayerOutput(message, {**seen, **spans(message=message)}, {"code": code})


@evaluate.register
def _(layer: EncoderLayer, sources: Sequence[IntArray]) -> LayerOutput:
    acc = matmul(sources[0], layer.weight)
    code = encode(acc, layer.theta)
    return LayerOutput(code, spans(accumulator=acc, message=code))


@evaluate.register
def _(layer: SoftplusLayer, sources: Sequence[IntArray]) -> LayerOutput:
    acc = matmul(sources[0], layer.weight)
    inner = encode(acc, layer.theta)
    value = pt_softplus(layer.table, layer.frac_bits, layer.exp2_terms)[inner]
    code = encode(value, layer.theta_out)
    return LayerOutput(code, spans(accumulator=acc, state=value, message=code), {"code": inner})


@evaluate.register
def _(layer: LinearLayer, sources: Sequence[IntArray]) -> LayerOutput:
    acc = matmul(sources[0], layer.weight)
    value = descale(acc, layer.mult, layer.add, layer.shift, layer.mult_limbs)
    return LayerOutput(value, descaled(layer, acc, value))


@evaluate.register
def _(layer: ResidualLayer, sources: Sequence[IntArray]) -> LayerOutput:
    product, residual = sources
    acc = matmul(product, layer.weight)
    total = residual + descale(acc, layer.mult, layer.add, layer.shift, layer.mult_limbs)
    message = saturate(total, layer.residual_bits)
    clipped = int(np.count_nonzero(message != total))
    return LayerOutput(message, descaled(layer, acc, message), saturations=clipped)


def descaled(layer: Descaled, acc: IntArray, message: IntArray) -> dict[str, Interval]:
    """Return the extremes of a descaled layer: the product spans the sums before the shift."""
    sums = descale_sums(acc, layer.mult, layer.add, layer.shift, mult_limbs(layer))
    product = reduce(Interval.union, map(Interval.of, sums))
    return {**spans(accumulator=acc, message=message), "product": product}


@evaluate.register
def _(layer: ConvLayer, sources: Sequence[IntArray]) -> LayerOutput:
    (codes,) = sources
    weight = layer.weight.astype(np.int64)
    taps = weight.shape[1]
    elements = codes.shape[1]
    acc = np.zeros_like(codes)
    for tap in range(taps):
        back = taps - 1 - tap
        if back < elements:
            acc[:, back:] += codes[:, : elements - back] * weight[:, tap]
    rows = np.minimum(np.arange(elements), taps - 1)
    code = encode(acc, layer.theta[rows])
    return LayerOutput(code, spans(accumulator=acc, message=code))


@evaluate.register
def _(layer: ScanLayer, sources: Sequence[IntArray]) -> LayerOutput:
    codes, delta, b, c = sources
    state: IntArray | None = None
    states, outputs = [], []
    observed: dict[str, Interval] = {}
    for element in range(codes.shape[1]):
        step = scan_step(
            layer,
            state,
            codes[:, element],
            delta[:, element],
            b[:, element],
            c[:, element],
            element=element,
        )
        state = step.state
        states.append(state.reshape(state.shape[0], -1))
        outputs.append(step.code)
        seen = spans(drive=step.drive, state=step.potential, accumulator=step.total)
        observed = joined_spans(observed, seen)
    message = np.stack(outputs, axis=1)
    return LayerOutput(
        message, {**observed, **spans(message=message)}, {"state": np.stack(states, axis=1)}
    )


@evaluate.register
def _(layer: ProductLayer, sources: Sequence[IntArray]) -> LayerOutput:
    scan, gate = sources
    message = scan * gate
    return LayerOutput(message, spans(message=message))


@evaluate.register
def _(layer: HeadLayer, sources: Sequence[IntArray]) -> LayerOutput:
    (x,) = sources
    # Sum over the elements: (window, variate, element) times (step, element).
    acc = matmul(np.swapaxes(x, 1, 2), layer.weight)
    value = descale(acc, layer.mult, layer.add, layer.shift, layer.mult_limbs)
    return LayerOutput(np.swapaxes(value, 1, 2), descaled(layer, acc, value))


# The layers of the other family register themselves; they need the names above.
from lava_spikyspace.spike_ssm import batch as _spike_ssm  # noqa: E402, F401
