"""Decode one layer of a plain NetX file, given what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.netx.stock.description import (
    SILENT_INTEGRATOR,
    CubaNeuron,
    Neuron,
    Pair,
    Shape,
    StockConv,
    StockDense,
    StockFlatten,
    StockInput,
    StockLayer,
    StockRecurrent,
)
from lava_spikyspace.netx.stock.fields import Fields
from lava_spikyspace.netx.stock.neurons import decode_neuron

LAYER_TYPES = ("input", "dense", "dense_rec", "conv", "flatten")

SIZE = Interval(1, 1 << 20)
MAX_NEURONS = 1 << 22
"""Most neurons of a layer: they need memory that no stored value vouches for."""

WEIGHT = Interval(-256, 255)
MIXED_WEIGHT = Interval(-256, 254)
"""Weights of both signs in a dense layer; lava-dl clips others."""

DELAY = Interval(0, 62)
CUBA_BIAS = Interval.signed(16)
"""Width that `lava.proc.lif` keeps a bias in."""

SIGMA_DELTA_BIAS = Interval.signed(20)
"""Biases of sigma-delta neurons are held in int32 with 12 fraction bits."""

STRIDE = Interval(1, 127)
PADDING = Interval(0, 127)
"""`lava.proc.conv` keeps the geometry of a convolution in int8."""

_COUNT = Interval(1, 1 << 31)
_INPUT_TRANSFORM = Interval.signed(32)


@dataclass(frozen=True)
class Source:
    """What a layer reads.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of what the layer before sends; None where that is not known.
    is_known : bool
        Whether there is a layer before that should say it.
    """

    shape: Shape | None = None
    is_known: bool = False


def decode_layer(fields: Fields, index: int, source: Source) -> StockLayer | None:
    """Return a layer; None, with findings, where it cannot run.

    Parameters
    ----------
    fields : Fields
        Its group.
    index : int
        Its id.
    source : Source
        What it reads.
    """
    kind = fields.choice("type", "layer-type", LAYER_TYPES)
    if kind is None:
        fields.findings.know_all_below(fields.group)
        return None
    shape = _shape(fields)
    match kind:
        case "input":
            return _input(fields, index, shape)
        case "flatten":
            return None if shape is None else StockFlatten(index=index, shape=shape)
        case "conv":
            return _conv(fields, index, shape, source)
        case _:
            return _dense(fields, index, shape, is_recurrent=kind == "dense_rec")


def _shape(fields: Fields) -> Shape | None:
    """Return the shape in the order of Lava."""
    sizes = fields.integers("shape", SIZE, ranks=(0, 1))
    if sizes is None:
        return None
    shape = tuple(sizes.ravel().tolist()[::-1])
    if len(shape) not in (1, 3) or prod(shape) > MAX_NEURONS:
        found = " x ".join(str(size) for size in shape[::-1])
        message = f"found {found}, expected 1 or 3 axes and at most {MAX_NEURONS} neurons"
        fields.find("layer-shape", "shape", message)
        return None
    return shape


def _input(fields: Fields, index: int, shape: Shape | None) -> StockInput | None:
    neuron, is_sound = None, shape is not None
    if fields.below("neuron").group in fields.findings.tree.groups:
        neuron = decode_neuron(fields.below("neuron"))
        is_sound &= neuron is not None
    weight = fields.integer("weight", _INPUT_TRANSFORM, required=False)
    bias = fields.integer("bias", _INPUT_TRANSFORM, required=False)
    if shape is None or not is_sound:
        return None
    return StockInput(index=index, shape=shape, neuron=neuron, weight=weight, bias=bias)


def _dense(
    fields: Fields, index: int, shape: Shape | None, *, is_recurrent: bool
) -> StockDense | None:
    outputs = None if shape is None else prod(shape)
    neuron: Neuron | None = SILENT_INTEGRATOR
    if fields.below("neuron").group in fields.findings.tree.groups:
        neuron = decode_neuron(fields.below("neuron"))
    weight = _matrix(fields, "weight", outputs)
    recurrent = _matrix(fields, "weight_rec", outputs) if is_recurrent else None
    _check_counts(fields, weight, {"outFeatures": 0, "inFeatures": 1})
    if weight is None or neuron is None or outputs is None:
        fields.ignore(("bias", "delay"))
        return None
    bias = _bias(fields, neuron, outputs, may_be_one=True)
    delay = _delay(fields, weight.shape)
    if not is_recurrent:
        _check_signs(fields, "weight", weight)
        return StockDense(
            index=index, shape=(outputs,), neuron=neuron, bias=bias, weight=weight, delay=delay
        )
    if recurrent is None:
        return None
    if recurrent.shape[1] != outputs:
        message = f"found shape {recurrent.shape}, expected ({outputs}, {outputs})"
        fields.find("layer-shape", "weight_rec", message)
        return None
    if delay is not None and delay.shape != recurrent.shape:
        message = f"found delays for {delay.shape[1]} inputs, expected {outputs} as for weight_rec"
        fields.find("layer-shape", "delay", message)
        return None
    # Both share one scale.
    _check_signs(fields, "weight", np.hstack([weight, recurrent]))
    return StockRecurrent(
        index=index,
        shape=(outputs,),
        neuron=neuron,
        bias=bias,
        weight=weight,
        delay=delay,
        recurrent_weight=recurrent,
    )


def _conv(fields: Fields, index: int, shape: Shape | None, source: Source) -> StockConv | None:
    neuron = decode_neuron(fields.below("neuron"))
    kernel = fields.integers("weight", WEIGHT, ranks=(4, 5))
    if kernel is not None and kernel.ndim == 5 and kernel.shape[4] != 1:
        message = f"found shape {kernel.shape}, expected 1 along the axis of time"
        fields.find("entry-shape", "weight", message)
        kernel = None
    stride, padding = _pair(fields, "stride", STRIDE), _pair(fields, "padding", PADDING)
    dilation = _pair(fields, "dilation", STRIDE)
    groups = fields.integer("groups", STRIDE)
    _check_counts(fields, kernel, {"outChannels": 0})
    _check_kernel_size(fields, kernel)
    if kernel is not None and groups is not None:
        _check_number(fields, "inChannels", kernel.shape[1] * groups)
    if shape is None or kernel is None or neuron is None:
        fields.ignore(("bias", "inChannels"))
        return None
    bias = _bias(fields, neuron, shape[-1], may_be_one=False)
    if source.shape is None:
        if not source.is_known:
            message = "found a convolution without a layer before that tells the shape of its input"
            fields.find("layer-order", "type", message)
        return None
    if stride is None or padding is None or dilation is None or groups is None:
        return None
    layer = StockConv(
        index=index,
        shape=shape,
        neuron=neuron,
        bias=bias,
        weight=kernel.reshape(kernel.shape[:4]).transpose(0, 3, 2, 1),
        reads=source.shape,
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
    )
    return layer if _geometry_fits(fields, layer) else None


def _geometry_fits(fields: Fields, layer: StockConv) -> bool:
    """Compare channels and sizes of a convolution with what it reads and sends."""
    channels = layer.weight.shape[3] * layer.groups
    if len(layer.reads) != 3:
        message = f"reads {layer.reads[0]} values without channels, expected (x, y, channel)"
        fields.find("layer-order", "type", message)
    elif layer.reads[2] != channels:
        found = f"reads {channels} channels, the layer before has {layer.reads[2]}"
        fields.find("layer-input", "weight", found)
    elif layer.weight.shape[0] % layer.groups:
        message = f"found {layer.groups}, no divisor of the {layer.weight.shape[0]} output channels"
        fields.find("layer-shape", "groups", message)
    elif layer.shape != (made := convolved_shape(layer)):
        expected = " x ".join(str(size) for size in made[::-1])
        found = " x ".join(str(size) for size in layer.shape[::-1])
        fields.find("layer-shape", "shape", f"found {found}, the convolution gives {expected}")
    else:
        return True
    return False


def convolved_shape(layer: StockConv) -> Shape:
    """Return the shape that a convolution gives; a size below 1 where the kernel does not fit."""
    sizes = (
        (size + 2 * padding - dilation * (taps - 1) - 1) // stride + 1
        for size, taps, stride, padding, dilation in zip(
            layer.reads,
            layer.weight.shape[1:3],
            layer.stride,
            layer.padding,
            layer.dilation,
            strict=False,
        )
    )
    return (*sizes, int(layer.weight.shape[0]))


def _matrix(fields: Fields, name: str, outputs: int | None) -> IntArray | None:
    """Return weights of shape (output, input); a file may have them in one row."""
    weight = fields.integers(name, WEIGHT, ranks=(1, 2))
    if weight is None or outputs is None:
        return None
    if weight.shape[0] != outputs and (weight.ndim == 2 or weight.size % outputs):
        message = f"found shape {weight.shape}, expected {outputs} outputs as in shape"
        fields.find("layer-shape", name, message)
        return None
    return weight.reshape(outputs, -1)


def _bias(fields: Fields, neuron: Neuron, size: int, *, may_be_one: bool) -> IntArray | None:
    """Return one bias for each output or channel; None where there is none."""
    bounds = CUBA_BIAS if isinstance(neuron, CubaNeuron) else SIGMA_DELTA_BIAS
    bias = fields.integers("bias", bounds, ranks=(0, 1), required=False)
    if bias is None:
        return None
    if not isinstance(neuron, CubaNeuron) and neuron.sends_sums:
        fields.find("not-simulated", "bias", "found a bias of a neuron that sends sums")
    elif bias.size not in (size, 1 if may_be_one else size):
        fields.find("layer-shape", "bias", f"found {bias.size} values, expected {size}")
    else:
        return np.broadcast_to(bias.ravel(), (size,))
    return None


def _delay(fields: Fields, weights: tuple[int, ...]) -> IntArray | None:
    """Return one delay for each weight; None where there is none."""
    delay = fields.integers("delay", DELAY, ranks=(0, 1, 2), required=False)
    if delay is None:
        return None
    outputs, inputs = weights
    if delay.ndim == 1:
        # One for each output; only if that does not fit, one for each input.
        delay = delay.reshape((-1, 1) if delay.size == outputs else (1, -1))
    expected = {(outputs, inputs), (outputs, 1), (1, inputs), ()}
    if delay.shape not in expected:
        message = f"found {delay.size} delays, expected {outputs} (outputs) or {inputs} (inputs)"
        fields.find("layer-shape", "delay", message)
        return None
    return np.broadcast_to(delay, weights)


def _check_signs(fields: Fields, name: str, weight: IntArray) -> None:
    lowest, highest = int(weight.min()), int(weight.max())
    if lowest < 0 and highest > MIXED_WEIGHT.hi:
        message = f"found weights from {lowest} to {highest}, expected at most {MIXED_WEIGHT.hi}"
        fields.find("weight-clipped", name, message)


def _pair(fields: Fields, name: str, bounds: Interval) -> Pair | None:
    found = fields.pair(name, bounds)
    return None if found is None else (int(found[0]), int(found[1]))


def _check_counts(fields: Fields, weight: IntArray | None, axes: dict[str, int]) -> None:
    """Compare sizes that the file repeats with the axes of the weights."""
    for name, axis in axes.items():
        _check_number(fields, name, None if weight is None else int(weight.shape[axis]))


def _check_number(fields: Fields, name: str, expected: int | None) -> None:
    found = fields.integer(name, _COUNT, required=False)
    if found is not None and expected is not None and found != expected:
        fields.find("layer-shape", name, f"found {found}, the weights have {expected}")


def _check_kernel_size(fields: Fields, kernel: IntArray | None) -> None:
    size = fields.pair("kernelSize", STRIDE, required=False)
    if size is not None and kernel is not None and size.tolist() != [*kernel.shape[3:1:-1]]:
        message = f"found {size.tolist()[::-1]}, the weights have {[*kernel.shape[2:4]]}"
        fields.find("layer-shape", "kernelSize", message)
