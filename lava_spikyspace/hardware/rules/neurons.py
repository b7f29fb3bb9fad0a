"""Rules about what a neuron holds and computes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from lava_spikyspace.hardware.findings import Finding
from lava_spikyspace.hardware.groups import STANDARD_NEURON, NeuronGroup
from lava_spikyspace.hardware.microcode.operations import OPERATIONS
from lava_spikyspace.hardware.microcode.words import WORD_BITS
from lava_spikyspace.hardware.placement import Placement
from lava_spikyspace.hardware.profile import known
from lava_spikyspace.hardware.profile_files import load_chip

_ROOMY = "loihi2"
"""The smallest board whose neurons have memory of any size."""


def check_neuron_program(placement: Placement) -> Iterator[Finding]:
    """Name every group of neurons that a chip with fixed neurons does not have."""
    if placement.profile.features.programmable_neurons.value:
        return
    for group in placement.graph.on_cores:
        if group.program != STANDARD_NEURON:
            yield Finding(
                "neuron-program",
                "error",
                f"found neurons that compute {group.program}, expected {STANDARD_NEURON}: the "
                f"neurons of {placement.profile.name} cannot be programmed",
                where=group.name,
                hint="a chip with programmable neurons (--profile loihi2)",
                actual=1,
                limit=0,
                unit="program",
            )


def check_neuron_operations(placement: Placement) -> Iterator[Finding]:
    """Name every group of neurons that no program in public operations computes."""
    if not placement.profile.features.programmable_neurons.value:
        return
    for group in placement.graph.on_cores:
        if group.refusal is not None:
            yield Finding(
                "neuron-operations",
                "error",
                f"found no program in the {len(OPERATIONS)} public operations on words of "
                f"{WORD_BITS} bits: {group.refusal.message}",
                where=group.name,
                hint=group.refusal.hint,
                actual=1,
                limit=0,
                unit="program",
            )


def check_state_width(placement: Placement) -> Iterator[Finding]:
    """Name every state variable that is proven wider than a register."""
    limit = placement.profile.widths.state_bits.whole
    if limit is None:
        return
    for group in placement.graph.on_cores:
        for name, interval in group.registers.items():
            if interval.bits > limit:
                yield Finding(
                    "state-width",
                    "error",
                    f"found {name} from {interval.lo} to {interval.hi}, {interval.bits} bits, "
                    f"expected at most {limit}",
                    where=f"{group.name} ({name})",
                    hint=placement.graph.narrower(limit),
                    actual=interval.bits,
                    limit=limit,
                    unit="bit",
                )


def check_product_width(placement: Placement) -> Iterator[Finding]:
    """Warn of every product that is proven wider than a register before its shift."""
    limit = placement.profile.widths.state_bits.whole
    if limit is None:
        return
    for group in placement.graph.on_cores:
        for name, interval in group.products.items():
            if interval.bits > limit:
                yield Finding(
                    "product-width",
                    "warning",
                    f"found a {name} of {interval.bits} bits before its shift, expected at most "
                    f"{limit}: how wide the chip multiplies is not public",
                    where=f"{group.name} ({name})",
                    hint=placement.graph.narrower(limit),
                    actual=interval.bits,
                    limit=limit,
                    unit="bit",
                )


def check_state_bytes(placement: Placement) -> Iterator[Finding]:
    """Name every group whose neurons need more memory than a neuron has."""
    limit = placement.profile.widths.state_bytes.whole
    if limit is None:
        return
    for group in placement.graph.on_cores:
        if group.state_bytes > limit:
            yield Finding(
                "state-bytes",
                "error",
                f"found {group.state_bytes} bytes of state and parameters for each neuron, "
                f"expected at most {limit}",
                where=group.name,
                hint=_more_memory(group.state_bytes),
                actual=group.state_bytes,
                limit=limit,
                unit="byte",
            )


@cache
def _roomy_bytes() -> int:
    return known(load_chip(_ROOMY).widths.state_bytes)


def _more_memory(needed: int) -> str:
    roomy = _roomy_bytes()
    fewer = "fewer bits per code: a neuron holds one threshold for each code"
    if needed > roomy:
        return fewer
    return f"a chip with more memory for a neuron (--profile {_ROOMY}, {roomy} bytes), or {fewer}"


def check_reset_interval(placement: Placement) -> Iterator[Finding]:
    """Name every group whose reset interval the chip cannot count."""
    if not placement.profile.features.reset_interval_is_power_of_two.value:
        return
    for group in placement.graph.on_cores:
        interval = group.reset_interval
        if interval is not None and not _is_power_of_two(interval):
            yield Finding(
                "reset-interval",
                "error",
                f"found a reset every {interval} steps, expected a power of two",
                where=group.name,
                hint=f"reset every {_next_power_of_two(group)} steps",
                actual=interval,
                limit=_next_power_of_two(group),
                unit="step",
            )


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


def _next_power_of_two(group: NeuronGroup) -> int:
    return 1 << max(0, ((group.reset_interval or 1) - 1)).bit_length()
