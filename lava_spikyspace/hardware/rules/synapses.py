"""Rules about weights and their sums."""

from __future__ import annotations

from collections.abc import Iterator

from lava_spikyspace.hardware.findings import Finding
from lava_spikyspace.hardware.placement import Placement


def check_weight_bits(placement: Placement) -> Iterator[Finding]:
    """Name every group of synapses whose weights are wider than their field."""
    limit = placement.profile.widths.weight_bits.whole
    if limit is None:
        return
    for group in placement.graph.synapses:
        if group.weight_bits > limit:
            yield Finding(
                "weight-bits",
                "error",
                f"found weights of {group.weight_bits} bits, expected at most {limit}",
                where=group.name,
                hint=f"quantise the weights to {limit} bits",
                actual=group.weight_bits,
                limit=limit,
                unit="bit",
            )


def check_weight_exponent(placement: Placement) -> Iterator[Finding]:
    """Name every group of synapses with an exponent that the chip does not have."""
    low = placement.profile.widths.weight_exponent_min.whole
    high = placement.profile.widths.weight_exponent_max.whole
    if low is None or high is None:
        return
    for group in placement.graph.synapses:
        nearest = min(max(group.weight_exponent, low), high)
        if group.weight_exponent != nearest:
            surplus = group.weight_exponent - nearest
            yield Finding(
                "weight-exponent",
                "error",
                f"found the weight exponent {group.weight_exponent}, expected {low} to {high}",
                where=group.name,
                hint=f"put a factor of 2**{-surplus} into the thresholds, and use {nearest}",
                actual=group.weight_exponent,
                limit=nearest,
                unit="exponent",
            )


def check_accumulator_width(placement: Placement) -> Iterator[Finding]:
    """Name every group of synapses whose sums are proven wider than an accumulator."""
    limit = placement.profile.widths.accumulator_bits.whole
    if limit is None:
        return
    for group in placement.graph.synapses:
        if group.accumulator is not None and group.accumulator.bits > limit:
            yield Finding(
                "accumulator-width",
                "error",
                f"found sums from {group.accumulator.lo} to {group.accumulator.hi}, "
                f"{group.accumulator.bits} bits, expected at most {limit}",
                where=group.name,
                hint=placement.graph.narrower(limit),
                actual=group.accumulator.bits,
                limit=limit,
                unit="bit",
            )
