"""Rules about the graph: names, inputs, roles, the residual stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.network import (
    ConvLayer,
    EncoderLayer,
    GateLayer,
    HeadLayer,
    InputLayer,
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
from lava_spikyspace.spike_ssm.layers import (
    BernoulliLayer,
    ChannelNormLayer,
    ClassificationHeadLayer,
    GluLayer,
    HardResetLayer,
    ProjectionLayer,
    RefractoryLayer,
    S4dLayer,
    SigmoidGateLayer,
    SoftResetLayer,
)

_STREAM = (InputLayer, ResidualLayer, ProjectionLayer, GluLayer)
_SPIKING = (SoftResetLayer, HardResetLayer, RefractoryLayer, BernoulliLayer)

ROLE_SOURCES: dict[tuple[type[Layer], str], tuple[type[Layer], ...]] = {
    (RmsNormLayer, "residual"): _STREAM,
    (NormEncoderLayer, "residual"): _STREAM,
    (NormEncoderLayer, "rms"): (RmsNormLayer,),
    (GateLayer, "residual"): _STREAM,
    (GateLayer, "rms"): (RmsNormLayer,),
    (ConvLayer, "codes"): (NormEncoderLayer,),
    (EncoderLayer, "codes"): (ConvLayer,),
    (LinearLayer, "codes"): (ConvLayer, *_SPIKING),
    (SoftplusLayer, "codes"): (EncoderLayer,),
    (ScanLayer, "codes"): (ConvLayer,),
    (ScanLayer, "delta"): (SoftplusLayer,),
    (ScanLayer, "B"): (LinearLayer,),
    (ScanLayer, "C"): (LinearLayer,),
    (ProductLayer, "scan"): (ScanLayer,),
    (ProductLayer, "gate"): (GateLayer,),
    (ResidualLayer, "product"): (ProductLayer, *_SPIKING, ResidualLayer, ProjectionLayer, GluLayer),
    (ResidualLayer, "residual"): _STREAM,
    (HeadLayer, "residual"): _STREAM,
    (ProjectionLayer, "message"): (InputLayer,),
    (ChannelNormLayer, "residual"): _STREAM,
    (S4dLayer, "message"): (ChannelNormLayer,),
    **{(neuron, "current"): (S4dLayer,) for neuron in _SPIKING},
    (SigmoidGateLayer, "codes"): _SPIKING,
    (GluLayer, "residual"): _STREAM,
    (GluLayer, "value"): (LinearLayer,),
    (GluLayer, "gate"): (SigmoidGateLayer,),
    (ClassificationHeadLayer, "residual"): _STREAM,
}
"""Layer types that may play each role, by reader and role; exact types, no subclasses."""

_CONTINUES = (ResidualLayer, GluLayer, OutputLayer)
"""Layer types that continue the residual stream that they read."""


def check_names(draft: Draft) -> Iterator[Diagnostic]:
    """Check that names are unique, also as process names: layer names with a suffix."""
    counts = Counter(slot.name for slot in draft.slots if slot.name)
    for slot in draft.slots:
        if slot.name is None:
            continue
        if counts[slot.name] > 1:
            message = f"found the name {slot.name} {counts[slot.name]} times, expected once"
            yield finding("layer-names", slot.where, message)
        above = slot.name
        while "." in above:
            above = above.rpartition(".")[0]
            if above in counts:
                message = f"the name is that of layer {above} with a suffix"
                yield finding("layer-names", slot.where, message)


def check_inputs(draft: Draft) -> Iterator[Diagnostic]:
    """Check that inputs refer to layers that exist, come earlier and fit their role."""
    count = len(draft.slots)
    for slot in draft.slots:
        for source in slot.sources:
            if source >= count:
                message = f"found an input from layer {source}, expected 0 to {count - 1}"
                yield finding("dangling-input", slot.where, message)
            elif source >= slot.index:
                message = f"found an input from layer {source}, expected an earlier layer"
                yield finding("input-order", slot.where, message)
    for slot, role, source_slot in draft.edges():
        source_layer = source_slot.layer
        allowed = ROLE_SOURCES[type(slot.layer), role]  # type: ignore[index]
        if source_layer is not None and type(source_layer) not in allowed:
            expected = " or ".join(kind.__name__ for kind in allowed)
            message = (
                f"found {source_slot.name} ({type(source_layer).__name__}) as {role}, "
                f"expected {expected}"
            )
            yield finding("input-role", slot.where, message)


def check_ends(draft: Draft) -> Iterator[Diagnostic]:
    """Check that the input comes first, the head last, and both once."""
    last = len(draft.slots) - 1
    for slot in draft.slots:
        for kind, place, index in ((InputLayer, "first", 0), (OutputLayer, "last", last)):
            if slot.layer is not None and isinstance(slot.layer, kind) != (slot.index == index):
                found = type(slot.layer).__name__
                if slot.index == index:
                    message = f"found {found} as the {place} layer, expected {kind.__name__}"
                else:
                    message = f"found {found} as layer {slot.index}, expected it {place} only"
                yield finding("first-and-last", slot.where, message)


def check_readers(draft: Draft) -> Iterator[Diagnostic]:
    """Check that every layer is read, and each residual continues in exactly one layer."""
    count = len(draft.slots)
    if any(slot.layer is None or max(slot.sources, default=0) >= count for slot in draft.slots):
        return  # a hole, or what refers to no layer, may be the reader
    readers: dict[int, list[Slot]] = {slot.index: [] for slot in draft.slots}
    for slot, _, source in draft.edges():
        readers[source.index].append(slot)
    for slot in draft.slots:
        if not readers[slot.index] and not isinstance(slot.layer, OutputLayer):
            yield finding("unread-layer", slot.where, "no layer reads it, expected at least one")
        elif isinstance(slot.layer, _STREAM):
            continued = [
                reader.name
                for reader in readers[slot.index]
                if isinstance(reader.layer, _CONTINUES)
            ] or [
                reader.name
                for reader in readers[slot.index]
                if isinstance(reader.layer, ProjectionLayer)  # another stream begins
            ]
            if len(continued) != 1:
                found = ", ".join(str(name) for name in continued) or "no layer"
                message = f"continues in {found}, expected one residual layer or the head"
                yield finding("residual-stream", slot.where, message)


def check_blocks(draft: Draft) -> Iterator[Diagnostic]:
    """Check that the branches of a block read one residual, those of a scan one convolution."""
    for slot in draft.slots:
        match slot.layer:
            case NormEncoderLayer():
                yield from _agree(draft, slot, ("residual",), ("rms", "residual"))
            case ScanLayer():
                yield from _agree(
                    draft,
                    slot,
                    ("codes",),
                    ("B", "codes"),
                    ("C", "codes"),
                    ("delta", "codes", "codes"),
                )
            case ResidualLayer():
                yield from _agree(
                    draft,
                    slot,
                    ("residual",),
                    ("product", "gate", "residual"),
                    ("product", "scan", "codes", "codes", "residual"),
                )
            case GluLayer():
                branch = ("codes", "current", "message", "residual")
                yield from _agree(draft, slot, ("residual",), ("value", *branch), ("gate", *branch))
            case _:
                continue


def _agree(draft: Draft, slot: Slot, *paths: tuple[str, ...]) -> Iterator[Diagnostic]:
    """Find paths of roles that lead to another layer than the first path."""
    expected, *others = (_follow(draft, slot, path) for path in paths)
    for path, found in zip(paths[1:], others, strict=True):
        if found is not None and expected is not None and found.index != expected.index:
            message = (
                f"its {' -> '.join(path)} is {found.name}, expected {expected.name}, its "
                f"{' -> '.join(paths[0])}"
            )
            yield finding("block-sources", slot.where, message)


def _follow(draft: Draft, slot: Slot | None, roles: tuple[str, ...]) -> Slot | None:
    for role in roles:
        if slot is not None:
            slot = draft.source(slot, role)
    return slot
