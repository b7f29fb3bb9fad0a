"""Rules about sizes: channels along edges, levels of codes, tables, window and horizon."""

from __future__ import annotations

from collections.abc import Iterator

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.network import (
    ConvLayer,
    DenseLayer,
    EncoderLayer,
    GateLayer,
    HeadLayer,
    Layer,
    LinearLayer,
    NormEncoderLayer,
    OutputLayer,
    ProductLayer,
    ResidualLayer,
    RmsNormLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.netx.draft import Draft, Slot
from lava_spikyspace.netx.rules.catalogue import finding
from lava_spikyspace.netx.schema import MAX_CODE_BITS, QUANTISERS
from lava_spikyspace.spike_ssm.layers import (
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    S4dLayer,
    SpikingLayer,
)


def check_channels(draft: Draft) -> Iterator[Diagnostic]:
    """Check that the channels that a layer reads are those that the source sends."""
    for slot, role, source in draft.edges():
        expected = _channels_read(slot.layer, role) if slot.layer else None
        if expected is None or source.layer is None:
            continue
        rule, count = expected
        if count != source.layer.neurons:
            message = f"reads {count} channels as {role}, {source.name} has {source.layer.neurons}"
            yield finding(rule, slot.where, message)


def _channels_read(layer: Layer, role: str) -> tuple[str, int] | None:
    """Return (rule, number of channels) that a layer expects of a source; None for any number."""
    match layer, role:
        case ResidualLayer(), "residual":
            count = layer.neurons
        case ScanLayer(), "B" | "C":
            return "scan-states", layer.states
        case DenseLayer() | ClassificationHeadLayer(), "codes" | "residual" | "product" | "message":
            count = int(layer.weight.shape[1])
        case RmsNormLayer() | ProductLayer() | HeadLayer() | GluLayer(), _:
            count = layer.channels
        case ConvLayer() | ScanLayer() | ChannelNormLayer() | S4dLayer() | SpikingLayer(), _:
            count = layer.neurons
        case _:
            return None
    return "channel-count", count


def check_levels(draft: Draft) -> Iterator[Diagnostic]:
    """Check that an encoder has 2**b - 1 thresholds, the table of its code one entry more."""
    for slot in draft.slots:
        for name in ("theta", "theta_out", "theta_state"):
            theta = getattr(slot.layer, name, None)
            if theta is None:
                continue
            levels = int(theta.shape[-1])
            bits = levels.bit_length()
            if levels != (1 << bits) - 1 or bits > MAX_CODE_BITS:
                message = f"found {levels} thresholds, expected 2**b - 1 with b to {MAX_CODE_BITS}"
                yield finding("code-levels", slot.at(f"params/{name}"), message)
        yield from _table_sizes(slot)


def _table_sizes(slot: Slot) -> Iterator[Diagnostic]:
    match slot.layer:
        case GateLayer() | SoftplusLayer():
            name, size = "table", int(slot.layer.table.shape[0])
            codes = int(slot.layer.theta.shape[-1]) + 1
        case ScanLayer():
            name, size = "level", int(slot.layer.level.shape[0])
            codes = int(slot.layer.theta_state.shape[-1]) + 1
        case _:
            return
    if size != codes:
        message = f"found {size} entries, expected {codes}, one for each code"
        yield finding("code-levels", slot.at(f"params/{name}"), message)


def check_scan_tables(draft: Draft) -> Iterator[Diagnostic]:
    """Check that a scan has one gain for each code of the convolution and of the step size."""
    for slot in draft.slots:
        layer = slot.layer
        if not isinstance(layer, ScanLayer):
            continue
        sizes = {"delta": ("gain", layer.gain.shape[0]), "codes": ("gain", layer.gain.shape[1])}
        for role, (name, size) in sizes.items():
            source = draft.source(slot, role)
            bits = source.layer.bits if source and source.layer else None
            if source is not None and bits is not None and size != 1 << bits:
                message = (
                    f"found {size} entries for the codes that it reads as {role}, expected "
                    f"{1 << bits}: {source.name} sends {bits} bits"
                )
                yield finding("scan-tables", slot.at(f"params/{name}"), message)


def check_head(draft: Draft) -> Iterator[Diagnostic]:
    """Check that layers that know the elements of a window know those of the deployment."""
    for slot in draft.slots:
        layer = slot.layer
        if isinstance(layer, OutputLayer) and draft.horizon is not None:
            steps = layer.output_shape[0]
            if steps != draft.horizon:
                message = f"found {steps} steps, expected {draft.horizon}, the horizon"
                yield finding("head-size", slot.at("weight"), message)
        elements = _elements(layer)
        if None not in (elements, draft.window) and elements != draft.window:
            message = f"found {elements} elements, expected {draft.window}, the window"
            yield finding("head-size", slot.where, message)


def _elements(layer: Layer | None) -> int | None:
    """Return the elements of a window that a layer is made for; None for any number."""
    match layer:
        case HeadLayer():
            return int(layer.weight.shape[1])
        case S4dLayer() | ClassificationHeadLayer():
            return layer.elements
        case _:
            return None


def check_bits(draft: Draft) -> Iterator[Diagnostic]:
    """Check that the deployment lists the bits that the layers have."""
    for name, bits in draft.bits.items():
        if name not in QUANTISERS:
            message = f"found the quantiser {name}, expected one of {', '.join(QUANTISERS)}"
            yield finding("quantiser-bits", "/deployment/bits", message)
            continue
        for slot in draft.slots:
            found = quantiser_bits(slot.layer).get(name) if slot.layer else None
            if found not in (None, bits):
                message = f"found {bits} bits for {name}, {slot.name} has {found}"
                yield finding("quantiser-bits", f"/deployment/bits@{name}", message)


def quantiser_bits(layer: Layer) -> dict[str, int | None]:
    """Return the bits of the quantisers inside a layer, by their published names."""
    match layer:
        case GateLayer():
            return {"y1": _bits(layer)}
        case NormEncoderLayer():
            return {"c": layer.bits}
        case ConvLayer():
            return {"s": layer.bits}
        case SoftplusLayer():
            return {"pts": _bits(layer), "delta1": layer.bits}
        case ScanLayer():
            return {"x": layer.state_bits, "y": layer.bits}
        case EncoderLayer() if not isinstance(layer, LinearLayer):
            return {"delta": layer.bits}
        case _:
            return {}


def _bits(layer: EncoderLayer) -> int:
    """Return the bits of the code that stays inside the neuron."""
    return int(layer.theta.shape[-1]).bit_length()
