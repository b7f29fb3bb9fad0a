"""The program, constants and synapses of each kind of neurons that a network is on the chip.

Which kinds there are, how many neurons and who reaches whom is said in `hardware.wiring`. The taps
of a convolution are delayed synapses here, each with an accumulator of its own. The neurons of a
scan's states get C as well and send ``level * C`` to the neuron of their channel, whose synapses
add up.

Messages whose weighted sums are wider than 24 bits leave in limbs, messages that are wider than a
payload themselves in words, with one axon and one accumulator each. All kinds answer in the step in
which Lava's processes do: between the kinds of one process a message takes no step here, and one on
a chip.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import singledispatch

import numpy as np

from lava_spikyspace.arithmetic import lowest_signed
from lava_spikyspace.errors import InputError, InternalError
from lava_spikyspace.hardware.microcode.activations import silu_params, softplus_params
from lava_spikyspace.hardware.microcode.descaling import Descaling
from lava_spikyspace.hardware.microcode.kinds import KindGraph, NeuronKind
from lava_spikyspace.hardware.microcode.limbs import cut_for
from lava_spikyspace.hardware.microcode.splitter import Splitter, bits_of
from lava_spikyspace.hardware.microcode.words import LIMB_BITS, words_for
from lava_spikyspace.hardware.patterns import FanOut
from lava_spikyspace.intervals import corners, held_range, kept_range, prove_ranges
from lava_spikyspace.network import (
    SPIKYSPACE_LAYERS,
    ConvLayer,
    EncoderLayer,
    GateLayer,
    HeadLayer,
    InputLayer,
    Interval,
    Layer,
    LinearLayer,
    NormEncoderLayer,
    ProductLayer,
    Ranges,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.plan import Plan
from lava_spikyspace.spike_ssm.layers import LAYERS as SPIKE_SSM_LAYERS

HOST_CELL = "x"
"""Input of the window source that the host writes to."""


def split_plan(plan: Plan) -> KindGraph:
    """Return the neuron kinds and synapses of a planned network.

    Parameters
    ----------
    plan : Plan
        Network and coding.

    Raises
    ------
    InputError
        Synapses would sum up more than a word holds, however the messages are cut; or a layer has
        no program.
    """
    graph, refused = try_to_split(plan)
    for error in refused.values():
        raise error
    return graph


def try_to_split(
    plan: Plan, proven: Mapping[str, Ranges] | None = None
) -> tuple[KindGraph, dict[str, InputError]]:
    """Return the neuron kinds and synapses of the layers that have programs, and why others do not.

    Parameters
    ----------
    plan : Plan
        Network and coding.
    proven : mapping of str to Ranges, optional
        Of its layers, where they have been proven before.

    Returns
    -------
    KindGraph
        All kinds if no layer is refused; else it only serves to see which there are.
    dict of str to InputError
        By layer.
    """
    splitter = Splitter(plan, prove_ranges(plan.network) if proven is None else proven)
    refused: dict[str, InputError] = {}
    for layer in plan.network:
        try:
            _refuse(layer)
            split_layer(layer, splitter)
        except InputError as error:
            refused[layer.name] = error
            splitter.leave_out(layer)
    return KindGraph(tuple(splitter.kinds), tuple(splitter.synapses)), refused


def _refuse(layer: Layer) -> None:
    """Refuse a layer that no program computes."""
    if type(layer) not in (*SPIKYSPACE_LAYERS, *SPIKE_SSM_LAYERS):
        raise InputError(
            f"{layer.name}: there is no neuron program for layers of type {type(layer).__name__}"
        )


@singledispatch
def split_layer(layer: Layer, splitter: Splitter) -> None:
    """Add the kinds and synapses of one layer."""
    raise InternalError(f"no neuron program for layers of type {type(layer).__name__}")


@split_layer.register
def _(layer: InputLayer, splitter: Splitter) -> None:
    params = splitter.sending(layer)
    splitter.add(layer, "window_source", params, {})


@split_layer.register
def _(layer: RmsNormLayer, splitter: Splitter) -> None:
    ranges, source = splitter.proven[layer.name], layer.source("residual")
    x, total, mean = splitter.message(source), ranges["accumulator"], ranges["state"]
    radicand = Interval(mean.lo << 2 * layer.root_bits, mean.hi << 2 * layer.root_bits)
    shift = 2 * layer.square_shift
    square = Interval(0, x.magnitude**2 >> shift)
    cut = cut_for([np.ones((1, layer.channels), dtype=np.int8)], square, layer.name)
    squares = splitter.add(
        layer,
        "rms_square",
        {
            "X": splitter.taken(layer, "residual"),
            "SQUARE": square.bits,
            "SHIFT": shift,
            **cut.params,
            "WORDS": 1,
        },
        {},
        part=splitter.parts(layer)[0],
        payloads=cut.payloads(square),
    )
    splitter.connect(layer, squares, "x", "residual")
    sum_words, radicand_words = words_for(total.bits), words_for(radicand.bits)
    top_bits = (radicand.hi >> (LIMB_BITS * (radicand_words - 1))).bit_length()
    root = splitter.add(
        layer,
        "rms_root",
        {
            "TOP": cut.limbs,
            "LOW": cut.bits,
            "CHANNELS": layer.channels,
            "SUM": total.bits,
            "SUM_TOP": sum_words - 1,
            "SUM_BITS": max(1, (total.hi >> (LIMB_BITS * (sum_words - 1))).bit_length()),
            "EPS": layer.eps,
            "ROOT_BITS": layer.root_bits,
            "RADICAND": radicand.bits,
            "RADICAND_TOP": radicand_words - 1,
            "PAIRS": max(1, -(-top_bits // 2)),
            "ROOT": ranges["message"].bits,
        },
        {},
    )
    splitter.connect_inside(squares, root, "squares")


def _normalised(layer: NormEncoderLayer, splitter: Splitter) -> dict[str, int]:
    return {
        **splitter.summed(layer),
        "RMS": splitter.taken(layer, "rms"),
        "LEVELS": layer.theta.shape[1],
        "RMS_SHIFT": layer.rms_shift,
        "THETA": bits_of(layer.theta),
        "COMPARED": _compared(layer, splitter).bits,
    }


def _compared(layer: NormEncoderLayer, splitter: Splitter) -> Interval:
    """Return the range of both sides of a comparison.

    A file may take thresholds in limbs, which leaves out low bits of both sides and changes no
    code; a program takes them whole.
    """
    ranges = splitter.proven[layer.name]
    if not layer.theta_limbs:
        return ranges["comparison"]
    acc = ranges["accumulator"]
    sides = corners(Interval.of(layer.theta), splitter.message(layer.source("rms")))
    return sides.union(Interval(acc.lo << layer.rms_shift, acc.hi << layer.rms_shift))


def _connect_normalised(layer: NormEncoderLayer, kind: NeuronKind, splitter: Splitter) -> None:
    splitter.connect_dense(layer, kind)
    splitter.connect(layer, kind, "rms", "rms")


@split_layer.register
def _(layer: NormEncoderLayer, splitter: Splitter) -> None:
    kind = splitter.add(
        layer,
        "norm_encoder",
        _normalised(layer, splitter),
        {"theta": layer.theta.T},
    )
    _connect_normalised(layer, kind, splitter)


@split_layer.register
def _(layer: GateLayer, splitter: Splitter) -> None:
    params, less = silu_params(layer)
    kind = splitter.add(
        layer,
        "pt_silu",
        {**_normalised(layer, splitter), **params, "TABLE": bits_of(layer.table)},
        {"theta": layer.theta.T, "table": layer.table, "less": less},
    )
    _connect_normalised(layer, kind, splitter)


@split_layer.register
def _(layer: EncoderLayer, splitter: Splitter) -> None:
    kind = splitter.add(
        layer,
        "threshold_encoder",
        {
            **splitter.summed(layer),
            "LEVELS": layer.theta.shape[1],
            "THETA": bits_of(layer.theta),
        },
        {"theta": layer.theta.T},
    )
    splitter.connect_dense(layer, kind)


@split_layer.register
def _(layer: SoftplusLayer, splitter: Splitter) -> None:
    params, less = softplus_params(layer)
    kind = splitter.add(
        layer,
        "pt_softplus",
        {
            **splitter.summed(layer),
            **params,
            "LEVELS": layer.theta_out.shape[0],
            "INNER": layer.theta.shape[1],
            "THETA": bits_of(layer.theta),
            "THETA_OUT": bits_of(layer.theta_out),
        },
        {
            "theta": layer.theta.T,
            "table": layer.table,
            "less": less,
            "theta_out": layer.theta_out,
        },
    )
    splitter.connect_dense(layer, kind)


@split_layer.register
def _(layer: LinearLayer, splitter: Splitter) -> None:
    scaling = Descaling.of(layer, splitter.message(layer.inputs[0]))
    kind = splitter.add(
        layer,
        "linear_neuron",
        {**splitter.summed(layer), **scaling.params},
        scaling.constants,
    )
    splitter.connect_dense(layer, kind)


@split_layer.register
def _(layer: ResidualLayer, splitter: Splitter) -> None:
    source = layer.source("residual")
    scaling = Descaling.of(layer, splitter.message(layer.inputs[0]))
    stream = splitter.message(source)
    total = Interval(scaling.value.lo + stream.lo, scaling.value.hi + stream.hi)
    kind = splitter.add(
        layer,
        "residual",
        {
            **splitter.summed(layer),
            **scaling.params,
            **splitter.sending(layer),
            "STREAM": splitter.taken(layer, "residual"),
            "SUM": total.bits,
            **splitter.saturation(total, layer.residual_bits),
        },
        scaling.constants,
    )
    splitter.connect_dense(layer, kind)
    splitter.connect(layer, kind, "residual", "residual")


@split_layer.register
def _(layer: ConvLayer, splitter: Splitter) -> None:
    taps = layer.weight.shape[1]
    kind = splitter.add(
        layer,
        "convolution",
        {
            "TOP": taps - 1,
            "LEVELS": layer.theta.shape[2],
            "ACC": splitter.proven[layer.name]["accumulator"].bits,
            "THETA": bits_of(layer.theta),
        },
        {"theta": np.moveaxis(layer.theta, 1, 2)},
    )
    taken = splitter.pattern(layer, kind, "codes")
    one_tap = replace(taken, taps=1) if isinstance(taken, FanOut) else taken
    for tap in range(taps):
        splitter.connect(
            layer,
            kind,
            f"a[{tap}]",
            "codes",
            pattern=one_tap,
            weight=layer.weight[:, tap].astype(np.int64),
            further_delay=(taps - 1 - tap) * splitter.steps,
        )


@split_layer.register
def _(layer: ScanLayer, splitter: Splitter) -> None:
    read = corners(held_range(layer), splitter.message(layer.source("C")))
    cut = cut_for([np.ones((1, layer.states), dtype=np.int8)], read, layer.name)
    state = splitter.add(
        layer,
        "scan_state",
        {**_state_params(layer, splitter, read), **cut.params, "WORDS": 1},
        {
            "gain": layer.gain,
            "shift": (layer.left - layer.right).reshape(len(layer.left), -1),
            "up": layer.left.reshape(len(layer.left), -1),
            "down": -layer.right.reshape(len(layer.left), -1),
            "level": layer.level,
            "theta": layer.theta_state,
            "offset": layer.state_offset,
        },
        part=splitter.parts(layer)[0],
        payloads=cut.payloads(read),
    )
    signed = layer.theta.shape[1]
    output = splitter.add(
        layer,
        "scan_output",
        {
            "TOP": cut.limbs,
            "LOW": cut.bits,
            "LEVELS": signed,
            "CODES": layer.gain.shape[1] - 1,
            "ACC": splitter.proven[layer.name]["accumulator"].union(Interval(0, 0)).bits,
            "SKIP": bits_of(layer.skip),
            "THETA": bits_of(layer.theta),
            "LOWEST": lowest_signed(signed.bit_length()),
            "JUMP": 2 if signed == 1 else 1,
        },
        {"skip": layer.skip, "theta": layer.theta.T},
    )
    for role in layer.INPUT_ROLES:
        splitter.connect(layer, state, role.lower(), role)
    splitter.connect(layer, output, "codes", "codes")
    splitter.connect_inside(state, output, "state")


def _state_params(layer: ScanLayer, splitter: Splitter, read: Interval) -> dict[str, int]:
    ranges = splitter.proven[layer.name]
    drive, offset = ranges["drive"], layer.state_offset
    state = ranges["state"]
    # Before the offset is taken off.
    moved_and_kept = Interval(state.lo + int(offset.max()), state.hi + int(offset.min()))
    level_bits = max(bits_of(layer.level), bits_of(held_range(layer).ends))
    return {
        "DELTAS": layer.gain.shape[0] - 1,
        "CODES": layer.gain.shape[1] - 1,
        "LEVELS": layer.theta_state.shape[0],
        "GAIN": bits_of(layer.gain),
        "GAIN_SHIFT": layer.gain_shift,
        "MOVED": Interval(drive.lo >> layer.gain_shift, drive.hi >> layer.gain_shift).bits,
        "LEVEL": level_bits,
        "KEPT": max(kept_range(layer).bits, level_bits),
        "LEFT": int(layer.left.max(initial=0)),
        "RIGHT": int(layer.right.max(initial=0)),
        "STATE": state.union(Interval(0, 0)).union(moved_and_kept).bits,
        "OFFSETS": len(offset) if offset.any() else 0,
        "OFFSET": bits_of(np.stack([offset, -offset])),
        "THETA": bits_of(layer.theta_state),
        "B": splitter.taken(layer, "B"),
        "C": splitter.taken(layer, "C"),
        "READ": read.union(Interval(0, 0)).bits,
    }


@split_layer.register
def _(layer: ProductLayer, splitter: Splitter) -> None:
    kind = splitter.add(
        layer,
        "product",
        {**splitter.sending(layer), "GATE": splitter.taken(layer, "gate")},
        {},
    )
    for role in layer.INPUT_ROLES:
        splitter.connect(layer, kind, role, role)


@split_layer.register
def _(layer: HeadLayer, splitter: Splitter) -> None:
    source = layer.source("residual")
    x = splitter.message(source)
    scaling = Descaling.of(layer, x)
    heaviest = Interval.of(layer.weight).union(Interval(0, 0))
    kind = splitter.add(
        layer,
        "forecast_head",
        {
            **scaling.params,
            "X": splitter.taken(layer, "residual"),
            "ACC": scaling.sum.bits,
            "TERM": corners(heaviest, x).bits,
        },
        {
            **{k: np.repeat(v, layer.channels) for k, v in scaling.constants.items()},
            "weight": np.repeat(layer.weight.T, layer.channels, axis=1),
        },
        counts_at_end=False,
    )
    splitter.connect(layer, kind, "x", "residual")


# The layers of the other family register themselves; they need the names above.
from lava_spikyspace.hardware.microcode import spike_ssm as _spike_ssm  # noqa: E402, F401
