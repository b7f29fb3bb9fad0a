"""Decode the group ``neuron`` of a layer."""

from __future__ import annotations

from lava_spikyspace.network import Interval
from lava_spikyspace.netx.stock.description import (
    FULL_DECAY,
    CubaNeuron,
    Neuron,
    SigmaDeltaNeuron,
)
from lava_spikyspace.netx.stock.fields import Fields

NEURON_TYPES = ("CUBA", "LOIHI", "SDNN")

THRESHOLD = Interval(0, (1 << 18) - 1)
"""Of ``vThMant``. The largest is what lava-dl writes for a neuron that must not fire."""

DECAY = Interval(0, FULL_DECAY)
MESSAGE_BITS = Interval(0, 24)
"""Graded spikes of Loihi 2 carry up to 24 bits."""

_ZERO = Interval(0, 0)
_ANY = Interval.signed(64)
_OF_TRAINING = ("theta", "tauRho", "scaleRho")


def decode_neuron(fields: Fields) -> Neuron | None:
    """Return a neuron; None, with a finding, where there is none that could run.

    Parameters
    ----------
    fields : Fields
        The group ``neuron``.
    """
    kind = fields.choice("type", "neuron-type", NEURON_TYPES)
    if kind is None:
        fields.findings.know_all_below(fields.group)
        return None
    threshold = fields.integer("vThMant", THRESHOLD)
    message_bits = fields.integer("messageBits", MESSAGE_BITS, required=False)
    if kind == "SDNN":
        return _sigma_delta(fields, threshold, message_bits)
    return _cuba(fields, kind, threshold, message_bits)


def _cuba(
    fields: Fields, kind: str, threshold: int | None, message_bits: int | None
) -> CubaNeuron | None:
    current, voltage = fields.integer("iDecay", DECAY), fields.integer("vDecay", DECAY)
    fields.ignore(_OF_TRAINING)
    _require(fields, "refDelay", 1, "steps without firing")
    _require(fields, "wgtExp", 0, "as the exponent of the weights")
    _require(fields, "weight_exp", 0, "as the exponent of the weights")
    if fields.flag("gradedSpike"):
        fields.find("not-simulated", "gradedSpike", f"found graded spikes of a {kind} neuron")
    if threshold is None or current is None or voltage is None:
        return None
    return CubaNeuron(
        kind=kind,
        threshold=threshold,
        current_decay=current,
        voltage_decay=voltage,
        message_bits=message_bits or 0,
    )


def _sigma_delta(
    fields: Fields, threshold: int | None, message_bits: int | None
) -> SigmaDeltaNeuron | None:
    activation = fields.text("activation") if fields.has("activation") else "relu"
    if activation not in (None, "relu"):
        fields.find("not-simulated", "activation", f"found {activation[:60]!r}, expected 'relu'")
    _require(fields, "weight_exp", 0, "as the exponent of the weights")
    # lava-dl asks whether it is there, and writes nothing but true.
    sends_sums = fields.has("sigma_output")
    fields.ignore(["sigma_output"])
    if threshold is None:
        return None
    bits = SigmaDeltaNeuron.message_bits if message_bits is None else message_bits
    return SigmaDeltaNeuron(threshold=threshold, sends_sums=sends_sums, message_bits=bits)


def _require(fields: Fields, name: str, value: int, meaning: str) -> None:
    """Find a value, where there is one, that Lava's processes do not follow."""
    found = fields.integer(name, _ANY, required=False)
    if found not in (None, value):
        fields.find("not-simulated", name, f"found {found} {meaning}, expected {value}")
