"""Formats and how wide values may be: what the exporter chooses within."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.registers import POWER, exp2_register
from lava_spikyspace.network import (
    EXACT_BITS,
    MESSAGE_BITS,
    REGISTER_BITS,
    WIDE_MESSAGE_BITS,
    GateLayer,
    Layer,
    Network,
    RmsNormLayer,
)


@dataclass(frozen=True)
class TooWide:
    """A value that is wider than its budget.

    Parameters
    ----------
    layer, value : str
        Name of the layer, and of the value among its ranges.
    bits, limit : int
        Proven width and the widest allowed.
    """

    layer: str
    value: str
    bits: int
    limit: int

    def __str__(self) -> str:
        return f"{self.layer} {self.value}: {self.bits} bits, at most {self.limit}"


class WidthError(UsageError):
    """With these formats some values are wider than allowed (exit 2: choose other formats).

    Parameters
    ----------
    findings : sequence of TooWide
        All of them.
    """

    def __init__(self, findings: Sequence[TooWide]) -> None:
        listed = "; ".join(str(finding) for finding in findings[:8])
        more = f"; and {len(findings) - 8} more" if len(findings) > 8 else ""
        super().__init__(f"these formats do not fit: {listed}{more}")
        self.findings = tuple(findings)


@dataclass(frozen=True)
class Formats:
    """Fraction bits of the messages, chosen by the exporter or by hand.

    Parameters
    ----------
    residual : int
        Residual stream and input.
    gate : int
        PTSiLU.
    b, c : int
        Values B and C.
    state : int
        k: the state of the scan has units of ``alpha_h / 2**k``.
    """

    residual: int = 16
    gate: int = 18
    b: int = 18
    c: int = 18
    state: int = 16


@dataclass(frozen=True)
class Budget:
    """Widest values allowed.

    Parameters
    ----------
    value_bits : int
        Accumulators, states and everything inside a process.
    message_bits : int
        Messages between processes that are sent whole.
    wide_message_bits : int
        Messages of layers that send them in limbs where they have more than `message_bits`.
    """

    value_bits: int = EXACT_BITS
    message_bits: int = MESSAGE_BITS
    wide_message_bits: int = WIDE_MESSAGE_BITS

    def message_limit(self, layer: Layer) -> int:
        """Return the bits that the message of a layer may have."""
        return self.wide_message_bits if layer.MAY_BE_WIDE else self.message_bits

    @property
    def is_narrow(self) -> bool:
        """Whether values have fewer bits than engines hold, as in registers of a chip."""
        return self.value_bits < EXACT_BITS

    @property
    def power_bits(self) -> int:
        """Bits of the shift-and-add power inside an activation, which is no stored range.

        Engines have room for it in any format; a narrow width is that of a chip's registers.
        """
        return self.value_bits if self.is_narrow else REGISTER_BITS


def check_widths(network: Network, budget: Budget) -> None:
    """Refuse a network in which a proven range is wider than the budget.

    Raises
    ------
    WidthError
        Lists all such values.
    """
    findings = [
        TooWide(layer.name, name, interval.bits, limit)
        for layer in network
        for name, interval in layer.ranges.items()
        for limit in [budget.message_limit(layer) if name == "message" else budget.value_bits]
        if interval.bits > limit
    ]
    for layer in network:
        if isinstance(layer, GateLayer):
            power = exp2_register(layer.frac_bits, layer.exp2_terms).bits
            if power > budget.power_bits:
                findings.append(TooWide(layer.name, POWER, power, budget.power_bits))
        if isinstance(layer, RmsNormLayer):
            radicand = layer.ranges["state"].hi.bit_length() + 2 * layer.root_bits
            if radicand > REGISTER_BITS:
                findings.append(TooWide(layer.name, "radicand", radicand, REGISTER_BITS))
    if findings:
        raise WidthError(findings)
