"""Rules about the recorded windows."""

from __future__ import annotations

from collections.abc import Iterator

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.network import (
    GateLayer,
    Interval,
    Layer,
    OutputLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.netx.draft import Draft
from lava_spikyspace.netx.rules.catalogue import finding


def check_golden_shapes(draft: Draft) -> Iterator[Diagnostic]:
    """Check that inputs are (window, element, variate), forecasts (window, step, variate)."""
    golden = draft.golden
    channels = _neurons(draft, 0)
    if golden is None or None in (channels, draft.window, draft.horizon):
        return
    head = draft.slots[-1].layer
    values = head.output_shape[1] if isinstance(head, OutputLayer) else channels
    count = golden.inputs.shape[0]
    shapes = {
        "inputs": (golden.inputs.shape, (count, draft.window, channels)),
        "forecasts": (golden.forecasts.shape, (count, draft.horizon, values)),
    }
    for name, (found, expected) in shapes.items():
        if found != expected:
            message = f"found shape {found}, expected {expected}"
            yield finding("golden-shape", f"/golden/{name}", message)


def check_golden_ranges(draft: Draft) -> Iterator[Diagnostic]:
    """Check that inputs lie in the range of the input layer, forecasts in that of the head."""
    if draft.golden is None or not draft.slots:
        return
    recorded = {"inputs": (draft.golden.inputs, 0), "forecasts": (draft.golden.forecasts, -1)}
    for name, (values, index) in recorded.items():
        layer = draft.slots[index].layer
        if layer is None:
            continue
        found, expected = Interval.of(values), layer.ranges["message"]
        if not expected.contains(found):
            message = (
                f"found values from {found.lo} to {found.hi}, {layer.name} has {expected.lo} to "
                f"{expected.hi}"
            )
            yield finding("golden-range", f"/golden/{name}", message)


def check_golden_digests(draft: Draft) -> Iterator[Diagnostic]:
    """Check that digests belong to records of the layers."""
    if draft.golden is None or any(slot.layer is None for slot in draft.slots):
        return
    known = {name for slot in draft.slots if slot.layer for name in record_names(slot.layer)}
    for name in draft.golden.digests:
        if name not in known:
            message = (
                f"found a digest for {name}, expected a layer's name, or .code or .state of it"
            )
            yield finding("golden-digests", "/golden/digests", message)


def record_names(layer: Layer) -> tuple[str, ...]:
    """Return the names of what an engine records of a layer."""
    inner = {GateLayer: "code", SoftplusLayer: "code", ScanLayer: "state"}.get(type(layer))
    return (layer.name, f"{layer.name}.{inner}") if inner else (layer.name,)


def _neurons(draft: Draft, index: int) -> int | None:
    layer = draft.slots[index].layer if draft.slots else None
    return layer.neurons if layer is not None else None
