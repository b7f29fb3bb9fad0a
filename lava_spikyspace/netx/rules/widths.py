"""Rules about proven ranges: how wide messages, accumulators and products may be."""

from __future__ import annotations

from collections.abc import Iterator

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.intervals import dense_product_magnitude, layer_ranges, limb_intervals
from lava_spikyspace.network import (
    DENSE_BITS,
    EXACT_BITS,
    MESSAGE_BITS,
    REGISTER_BITS,
    WIDE_MESSAGE_BITS,
    Interval,
    RmsNormLayer,
)
from lava_spikyspace.netx.draft import Draft
from lava_spikyspace.netx.rules.catalogue import finding
from lava_spikyspace.plan import Weighted

_MESSAGE = "message"


def check_widths(draft: Draft) -> Iterator[Diagnostic]:
    """Check that messages and accumulators keep to widths that every engine computes exactly."""
    whole = {
        source.index
        for slot, _, source in draft.edges()
        if slot.layer is not None and not slot.layer.TAKES_LIMBS
    }
    for slot in draft.slots:
        if slot.layer is None:
            continue
        in_limbs = slot.layer.MAY_BE_WIDE and slot.index not in whole
        message = WIDE_MESSAGE_BITS if in_limbs else MESSAGE_BITS
        for name, interval in slot.layer.ranges.items():
            rule, limit = (
                ("message-width", message)
                if name == _MESSAGE
                else ("accumulator-width", EXACT_BITS)
            )
            if interval.bits > limit:
                found = (
                    f"found [{interval.lo}, {interval.hi}], {interval.bits} bits, expected at most "
                    f"{limit}"
                )
                yield finding(rule, slot.at(f"width/{name}"), found)


def check_radicands(draft: Draft) -> Iterator[Diagnostic]:
    """Check that the root of a mean square, with its extra bits, is one of less than 2**62."""
    for slot in draft.slots:
        layer = slot.layer
        if isinstance(layer, RmsNormLayer):
            bits = layer.ranges["state"].hi.bit_length() + 2 * layer.root_bits
            if bits > REGISTER_BITS:
                message = f"found {bits} bits of the radicand, expected at most {REGISTER_BITS}"
                yield finding("radicand-width", slot.at("params/root_bits"), message)


def check_dense(draft: Draft) -> Iterator[Diagnostic]:
    """Check that products through one `Dense`, of each limb of a message, stay below 2**30."""
    for slot in draft.slots:
        layer = slot.layer
        if not isinstance(layer, Weighted):
            continue
        source = draft.source_layer(slot, layer.INPUT_ROLES[0])
        if source is None:
            continue
        limbs: tuple[int, ...] = getattr(layer, "limbs", ())
        for limb, interval in enumerate(limb_intervals(source.ranges[_MESSAGE], limbs)):
            largest = dense_product_magnitude(layer.weight, interval)
            if largest >= 1 << DENSE_BITS:
                part = f"limb {limb}" if limbs else "the message"
                message = (
                    f"a product of {part} can reach {largest}, expected less than "
                    f"2**{DENSE_BITS} = {1 << DENSE_BITS}"
                )
                yield finding("dense-width", slot.at("weight"), message)


def check_proof(draft: Draft) -> Iterator[Diagnostic]:
    """Check that the stored ranges contain what interval arithmetic proves.

    Only for a draft that keeps all other rules. Where a message is found wider than stored, the
    proof goes on from the stored range, so that one fault is one finding.
    """
    messages: list[Interval] = []
    for slot in draft.slots:
        if slot.layer is None:
            return
        proven = layer_ranges(slot.layer, [messages[source] for source in slot.sources])
        for name, interval in proven.items():
            stored = slot.layer.ranges[name]
            if not stored.contains(interval):
                message = (
                    f"found [{stored.lo}, {stored.hi}], the values can reach "
                    f"[{interval.lo}, {interval.hi}]"
                )
                yield finding("range-proof", slot.at(f"width/{name}"), message)
        stored = slot.layer.ranges[_MESSAGE]
        messages.append(proven[_MESSAGE] if stored.contains(proven[_MESSAGE]) else stored)
