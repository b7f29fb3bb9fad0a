"""What a placed network has to keep on a chip, as small functions over a `Placement`.

`RULES` is the table of all of them, for `check` and for the documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lava_spikyspace.diagnostics import Severity
from lava_spikyspace.hardware.findings import Finding
from lava_spikyspace.hardware.placement import Placement
from lava_spikyspace.hardware.rules import cores, events, neurons, synapses

Check = Callable[[Placement], Iterator[Finding]]


@dataclass(frozen=True)
class Rule:
    """One limit.

    Parameters
    ----------
    code : str
        Stable name; its findings carry it.
    severity : str
        Of its findings.
    demand : str
        What a network has to keep, in one line.
    limit : str
        Place of the number in a profile.
    check : callable
        Yields the findings.
    """

    code: str
    severity: Severity
    demand: str
    limit: str
    check: Check


RULES: tuple[Rule, ...] = (
    Rule(
        "graded-payload",
        "error",
        "no event carries a payload on a chip of binary spikes",
        "widths.payload_bits",
        events.check_graded_payload,
    ),
    Rule(
        "signed-spike",
        "error",
        "no binary spike carries a sign on a chip of binary spikes",
        "widths.payload_bits",
        events.check_signed_spike,
    ),
    Rule(
        "payload-width",
        "error",
        "every payload fits a graded spike",
        "widths.payload_bits",
        events.check_payload_width,
    ),
    Rule(
        "delay",
        "error",
        "no event is held back longer than a synapse can",
        "widths.delay_steps",
        events.check_delay,
    ),
    Rule(
        "weight-bits",
        "error",
        "every weight fits its field",
        "widths.weight_bits",
        synapses.check_weight_bits,
    ),
    Rule(
        "weight-exponent",
        "error",
        "the exponent of every group of weights is one the chip has",
        "widths.weight_exponent_min, widths.weight_exponent_max",
        synapses.check_weight_exponent,
    ),
    Rule(
        "accumulator-width",
        "error",
        "the sum of the synapses of a neuron fits its accumulator in every step",
        "widths.accumulator_bits",
        synapses.check_accumulator_width,
    ),
    Rule(
        "neuron-program",
        "error",
        "every neuron is one that the chip has or can be programmed to be",
        "features.programmable_neurons",
        neurons.check_neuron_program,
    ),
    Rule(
        "neuron-operations",
        "error",
        "every neuron is a program in the public operations of the chip on words of 24 bits",
        "features.programmable_neurons",
        neurons.check_neuron_operations,
    ),
    Rule(
        "state-width",
        "error",
        "every state variable of a neuron fits a register",
        "widths.state_bits",
        neurons.check_state_width,
    ),
    Rule(
        "product-width",
        "warning",
        "every product inside a neuron fits a register before it is shifted; whether the chip's "
        "multiplier is wider is not public",
        "widths.state_bits",
        neurons.check_product_width,
    ),
    Rule(
        "state-bytes",
        "error",
        "state and parameters of a neuron fit its memory",
        "widths.state_bytes",
        neurons.check_state_bytes,
    ),
    Rule(
        "reset-interval",
        "error",
        "a periodic reset by the chip has an interval that it can count",
        "features.reset_interval_is_power_of_two",
        neurons.check_reset_interval,
    ),
    *(
        Rule(code, "error", demand, f"core.chip.{resource}, core.compiler.{resource}", check)
        for code, demand, resource, check in cores.core_rules()
    ),
    Rule(
        "cores",
        "error",
        "the board has as many cores as the network takes",
        "layout.chips, layout.usable_cores_per_chip",
        cores.check_cores,
    ),
)
"""All rules, in the order in which they are checked."""


def check_placement(placement: Placement) -> list[Finding]:
    """Return all that all rules find.

    Parameters
    ----------
    placement : Placement
        A network on the cores of a board.
    """
    return [finding for rule in RULES for finding in rule.check(placement)]


__all__ = ["RULES", "Check", "Rule", "check_placement"]
