"""Rules about the integers of a layer and the numbers of the normalisation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.network import (
    MESSAGE_BITS,
    HeadLayer,
    LinearLayer,
    NormEncoderLayer,
    ResidualLayer,
    ScanLayer,
)
from lava_spikyspace.netx.draft import Draft, Slot
from lava_spikyspace.netx.rules.catalogue import finding
from lava_spikyspace.plan import MAX_LIMBS
from lava_spikyspace.spike_ssm.layers import ClassificationHeadLayer, ProjectionLayer, S4dLayer

LIMBED = (NormEncoderLayer, ResidualLayer, ProjectionLayer, ClassificationHeadLayer)
"""Layer types that read their message in limbs."""

_THRESHOLDS = ("theta", "theta_out", "theta_state")


def check_thresholds(draft: Draft) -> Iterator[Diagnostic]:
    """Check that thresholds of one encoder do not descend."""
    for slot in draft.slots:
        for name in _THRESHOLDS:
            theta = getattr(slot.layer, name, None)
            if theta is None:
                continue
            descents = np.argwhere(theta[..., 1:] < theta[..., :-1])
            if len(descents):
                before = tuple(int(i) for i in descents[0])
                at = (*before[:-1], before[-1] + 1)
                message = (
                    f"found {theta[at]} after {theta[before]} at {at}, expected no descent "
                    f"({len(descents)} in all)"
                )
                yield finding("threshold-order", slot.at(f"params/{name}"), message)


def check_decays(draft: Draft) -> Iterator[Diagnostic]:
    """Check that a decay shifts to the left or to the right, not both."""
    for slot in draft.slots:
        if isinstance(slot.layer, ScanLayer | S4dLayer):
            left, right = slot.layer.left, slot.layer.right
            both = np.argwhere((left != 0) & (right != 0))
            if len(both):
                at = tuple(int(i) for i in both[0])
                message = (
                    f"found left {left[at]} and right {right[at]} at {at}, expected one of them 0 "
                    f"({len(both)} in all)"
                )
                yield finding("decay-exponents", slot.at("params/left"), message)


def check_dynamics(draft: Draft) -> Iterator[Diagnostic]:
    """Check that states fade: decays inside the unit circle, leaks below 1."""
    for slot in draft.slots:
        layer = slot.layer
        if isinstance(layer, S4dLayer):
            real, imag = (part.astype(object) for part in (layer.decay_real, layer.decay_imag))
            outside = np.argwhere(real**2 + imag**2 >= 1 << (2 * layer.decay_bits))
            if len(outside):
                at = tuple(int(i) for i in outside[0])
                message = (
                    f"found {real[at]}, {imag[at]} at {at}, expected a magnitude below "
                    f"2**{layer.decay_bits} ({len(outside)} in all)"
                )
                yield finding("fading-states", slot.at("params/decay_real"), message)
        for name in ("leak", "fade"):
            value = getattr(layer, name, None)
            if value is not None and value >= 1 << layer.leak_bits:  # type: ignore[union-attr]
                message = f"found {value}, expected less than 2**{layer.leak_bits}"  # type: ignore[union-attr]
                yield finding("fading-states", slot.at(f"params/{name}"), message)


def check_limbs(draft: Draft) -> Iterator[Diagnostic]:
    """Check that limbs fit the message and are the same for all layers that read it."""
    first: dict[int, tuple[Slot, tuple[int, ...]]] = {}
    for slot in draft.slots:
        layer = slot.layer
        if not isinstance(layer, LIMBED):
            continue
        where = slot.at("params/limbs")
        source = draft.source(slot, layer.INPUT_ROLES[0])
        bits = MESSAGE_BITS
        if source is not None and source.layer is not None:
            bits = max(bits, source.layer.ranges["message"].bits)
        if not 1 <= bits - sum(layer.limbs) <= MESSAGE_BITS or len(layer.limbs) >= MAX_LIMBS:
            message = (
                f"found {layer.limbs}, expected at most {MAX_LIMBS - 1} low limbs that leave 1 to "
                f"{MESSAGE_BITS} of {bits} bits"
            )
            yield finding("limb-widths", where, message)
        if source is None:
            continue
        other, limbs = first.setdefault(source.index, (slot, layer.limbs))
        if layer.limbs != limbs:
            message = f"found {layer.limbs}, expected {limbs} as in {other.name}"
            yield finding("limb-widths", where, message)


def check_product_limbs(draft: Draft) -> Iterator[Diagnostic]:
    """Check that the low limbs of thresholds and multipliers are covered by the shift."""
    for slot in draft.slots:
        layer = slot.layer
        if isinstance(layer, NormEncoderLayer):
            name, limbs, shift = "theta_limbs", layer.theta_limbs, layer.rms_shift
        elif isinstance(layer, LinearLayer | HeadLayer):
            name, limbs, shift = "mult_limbs", layer.mult_limbs, int(layer.shift.min())
        else:
            continue
        if sum(limbs) > shift:
            message = f"found {limbs}, expected at most {shift} bits together"
            yield finding("product-limbs", slot.at(f"params/{name}"), message)


def check_normalisation(draft: Draft) -> Iterator[Diagnostic]:
    """Check mean and scale of each variate for ``fixed``, eps for ``instance``."""
    norm = draft.normalisation
    where = "/deployment/normalisation"
    if norm is None:
        return
    if norm.kind not in ("fixed", "instance"):
        message = f"found the kind {norm.kind!r}, expected fixed or instance"
        yield finding("normalisation", where, message)
        return
    present = {name for name in ("mean", "scale", "eps") if getattr(norm, name) is not None}
    expected = {"mean", "scale"} if norm.kind == "fixed" else {"eps"}
    if present != expected:
        found = ", ".join(sorted(present)) or "nothing"
        message = f"found {found}, expected {' and '.join(sorted(expected))} for {norm.kind}"
        yield finding("normalisation", where, message)
    if norm.eps is not None and not (np.isfinite(norm.eps) and norm.eps > 0):
        yield finding("normalisation", f"{where}@eps", f"found {norm.eps}, expected more than 0")
    channels = _variates(draft)
    for name in ("mean", "scale"):
        values = getattr(norm, name)
        if values is None:
            continue
        if channels not in (None, len(values)):
            message = f"found {len(values)} values, expected {channels}, one for each variate"
            yield finding("normalisation", f"{where}/{name}", message)
        bad = ~np.isfinite(values) if name == "mean" else ~(np.isfinite(values) & (values > 0))
        if bad.any():
            demand = "finite values" if name == "mean" else "finite values above 0"
            message = f"found {values[bad][0]} at {int(np.argmax(bad))}, expected {demand}"
            yield finding("normalisation", f"{where}/{name}", message)


def check_variates(draft: Draft) -> Iterator[Diagnostic]:
    """Check that there is one unique name for each variate."""
    names = draft.variates
    if names is None:
        return
    channels = _variates(draft)
    if channels not in (None, len(names)):
        message = f"found {len(names)} names, expected {channels}"
        yield finding("variate-names", "/deployment/variates", message)
    for name, count in Counter(names).items():
        if count > 1:
            message = f"found the name {name!r} {count} times, expected once"
            yield finding("variate-names", "/deployment/variates", message)


def _variates(draft: Draft) -> int | None:
    """Return the number of variates, where the input layer could be decoded."""
    layer = draft.slots[0].layer if draft.slots else None
    return layer.neurons if layer is not None else None
