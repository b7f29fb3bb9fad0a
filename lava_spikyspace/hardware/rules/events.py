"""Rules about what travels from neuron to neuron."""

from __future__ import annotations

from collections.abc import Iterator

from lava_spikyspace.hardware.findings import Finding
from lava_spikyspace.hardware.groups import SynapseGroup
from lava_spikyspace.hardware.placement import Placement
from lava_spikyspace.hardware.profile import known


def check_graded_payload(placement: Placement) -> Iterator[Finding]:
    """Name every link with graded payloads on a chip whose spikes carry none."""
    if known(placement.profile.widths.payload_bits):
        return
    for group in placement.graph.synapses:
        if group.payload is not None:
            yield Finding(
                "graded-payload",
                "error",
                f"found events with a payload of {group.payload.bits} bits, expected binary "
                f"spikes: {placement.profile.name} has no graded spikes",
                where=group.link,
                hint=_instead_of_payload(group),
                actual=group.payload.bits,
                limit=0,
                unit="bit",
            )


def _instead_of_payload(group: SynapseGroup) -> str:
    if group.is_code:
        return "--coding unary sends this code as binary spikes"
    return "this link carries a value, not a code: a chip with graded spikes (--profile loihi2)"


def check_signed_spike(placement: Placement) -> Iterator[Finding]:
    """Name every link whose binary spikes carry a sign on a chip whose spikes carry nothing."""
    if known(placement.profile.widths.payload_bits):
        return
    for group in placement.graph.synapses:
        if group.payload is None and group.is_signed:
            yield Finding(
                "signed-spike",
                "error",
                "found binary spikes that carry a sign, expected none: a spike of "
                f"{placement.profile.name} carries nothing",
                where=group.link,
                hint="a chip with graded spikes (--profile loihi2)",
                actual=1,
                limit=0,
                unit="bit",
            )


def check_payload_width(placement: Placement) -> Iterator[Finding]:
    """Name every link whose payloads are wider than a graded spike."""
    limit = known(placement.profile.widths.payload_bits)
    if not limit:
        return
    for group in placement.graph.synapses:
        if group.payload is not None and group.payload.bits > limit:
            yield Finding(
                "payload-width",
                "error",
                f"found payloads of {group.payload.bits} bits, expected at most {limit}",
                where=group.link,
                hint=placement.graph.narrower(limit),
                actual=group.payload.bits,
                limit=limit,
                unit="bit",
            )


def check_delay(placement: Placement) -> Iterator[Finding]:
    """Name every link that holds events back longer than a synapse can."""
    limit = placement.profile.widths.delay_steps.whole
    if limit is None:
        return
    for group in placement.graph.synapses:
        if group.delay_steps > limit:
            yield Finding(
                "delay",
                "error",
                f"found a delay of {group.delay_steps} steps, expected at most {limit}",
                where=group.link,
                hint=_shorter_delay(placement, limit),
                actual=group.delay_steps,
                limit=limit,
                unit="step",
            )


def _shorter_delay(placement: Placement, limit: int) -> str:
    if placement.graph.exporter == "lava-dl":
        return f"train with delays of at most {limit} steps"
    return (
        "--coding graded takes one step a frame where unary takes several; or fewer bits per code"
    )
