"""Every rule of `lss lint`: its code, what it demands and what helps. The docs are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lava_spikyspace.diagnostics import Diagnostic

Part = Literal["form", "graph", "sizes", "values", "widths", "golden"]


@dataclass(frozen=True)
class Rule:
    """One demand on a model file.

    Parameters
    ----------
    code : str
        Stable name.
    part : str
        What it is about; the parts are checked in the order of `RULES`.
    demand : str
        What a file has to fulfil, in one line.
    hint : str
        What helps where it does not.
    """

    code: str
    part: Part
    demand: str
    hint: str


_EXPORT_AGAIN = "export the model again; a file is not meant to be edited by hand"
_UPDATE = "update lava-spikyspace, or export the model again with this version"

_ALL = (
    Rule(
        "file-version",
        "form",
        "format, extension and version are known to this reader: its major version, and a minor "
        "version up to its own",
        _UPDATE,
    ),
    Rule("missing-entry", "form", "everything that the schema requires is there", _EXPORT_AGAIN),
    Rule("unknown-entry", "form", "nothing is there that the schema does not know", _UPDATE),
    Rule(
        "entry-kind",
        "form",
        "every value is of the declared kind: integer, real or text",
        _EXPORT_AGAIN,
    ),
    Rule(
        "entry-shape",
        "form",
        "every value has the declared number of axes, none of them empty unless it may be",
        _EXPORT_AGAIN,
    ),
    Rule("entry-text", "form", "every text is of the declared form", _EXPORT_AGAIN),
    Rule("value-bounds", "form", "every integer lies within its declared bounds", _EXPORT_AGAIN),
    Rule("axis-sizes", "form", "axes of one name have one size within a layer", _EXPORT_AGAIN),
    Rule(
        "layer-type",
        "form",
        "type, neuron type and number of inputs of a layer are those of a known layer type",
        _UPDATE,
    ),
    Rule("layer-ids", "form", "the layers are numbered 0 to n - 1", _EXPORT_AGAIN),
    Rule("layer-shape", "form", "the NetX field `shape` is the number of neurons", _EXPORT_AGAIN),
    Rule(
        "content-digest",
        "form",
        "content_sha256 is the digest of the content",
        "the file was changed after it was written: copy or export it again",
    ),
    Rule(
        "layer-names",
        "graph",
        "layer names are unique, and none is another one with a suffix",
        _EXPORT_AGAIN,
    ),
    Rule("dangling-input", "graph", "every input refers to a layer of the file", _EXPORT_AGAIN),
    Rule(
        "input-order",
        "graph",
        "every input refers to an earlier layer, so that there are no cycles",
        _EXPORT_AGAIN,
    ),
    Rule(
        "input-role", "graph", "every input is of a layer type that its role takes", _EXPORT_AGAIN
    ),
    Rule(
        "first-and-last",
        "graph",
        "the first layer and only that is an input, the last and only that is a head",
        _EXPORT_AGAIN,
    ),
    Rule("unread-layer", "graph", "every layer but the head is read by another", _EXPORT_AGAIN),
    Rule(
        "residual-stream",
        "graph",
        "the residual stream is one chain: each residual is added to once, the head reads the last",
        _EXPORT_AGAIN,
    ),
    Rule(
        "block-sources",
        "graph",
        "the branches of a block read one residual, and those of a scan one convolution",
        _EXPORT_AGAIN,
    ),
    Rule(
        "channel-count",
        "sizes",
        "the channels of a layer are those of the layers it reads",
        _EXPORT_AGAIN,
    ),
    Rule(
        "code-levels",
        "sizes",
        "an encoder of b bits has 2**b - 1 thresholds, and a table of its code 2**b entries",
        _EXPORT_AGAIN,
    ),
    Rule(
        "scan-tables",
        "sizes",
        "the tables of a scan have one entry for each code that it reads",
        _EXPORT_AGAIN,
    ),
    Rule(
        "scan-states", "sizes", "B and C have one value for each state of the scan", _EXPORT_AGAIN
    ),
    Rule(
        "head-size",
        "sizes",
        "the head sends the steps of the horizon, and window lengths are that of the deployment",
        _EXPORT_AGAIN,
    ),
    Rule(
        "quantiser-bits",
        "sizes",
        "the bits listed in the deployment are those of the layers",
        _EXPORT_AGAIN,
    ),
    Rule(
        "normalisation",
        "values",
        "fixed: finite mean and scale > 0 for each variate; instance: eps > 0",
        _EXPORT_AGAIN,
    ),
    Rule("variate-names", "values", "one unique name for each variate", _EXPORT_AGAIN),
    Rule("threshold-order", "values", "thresholds do not descend", _EXPORT_AGAIN),
    Rule(
        "decay-exponents",
        "values",
        "of the left and the right shift of a decay at most one is not 0",
        _EXPORT_AGAIN,
    ),
    Rule(
        "fading-states",
        "values",
        "the states of an S4D and of a neuron fade: decays inside the unit circle, leaks below 1",
        _EXPORT_AGAIN,
    ),
    Rule(
        "limb-widths",
        "values",
        "low limbs leave 1 to 24 bits for the top limb, fit the ports of a neuron, and are the "
        "same for all layers that read one message",
        _EXPORT_AGAIN,
    ),
    Rule(
        "product-limbs",
        "values",
        "the limbs of thresholds and multipliers have no more bits than are shifted away",
        _EXPORT_AGAIN,
    ),
    Rule(
        "range-order", "widths", "the low end of a range is not above its high end", _EXPORT_AGAIN
    ),
    Rule(
        "message-width",
        "widths",
        "messages between processes have at most 24 bits; wide ones, which travel in limbs, 32",
        "export with fewer fraction bits",
    ),
    Rule(
        "accumulator-width",
        "widths",
        "accumulators, states and products have at most 53 bits",
        "export with fewer fraction bits",
    ),
    Rule(
        "radicand-width",
        "widths",
        "a mean square, shifted by twice the extra bits of its root, stays below 2**62",
        "export with fewer fraction bits",
    ),
    Rule(
        "dense-width",
        "widths",
        "a product that goes through one Dense stays below 2**30 in magnitude",
        "export with limbs, or with fewer fraction bits",
    ),
    Rule(
        "range-proof",
        "widths",
        "the stored ranges contain those that interval arithmetic proves",
        _EXPORT_AGAIN,
    ),
    Rule(
        "golden-shape",
        "golden",
        "golden inputs and forecasts are of the sizes of the network, as many as each other",
        _EXPORT_AGAIN,
    ),
    Rule(
        "golden-range",
        "golden",
        "golden inputs and forecasts lie in the proven ranges of input and head",
        _EXPORT_AGAIN,
    ),
    Rule(
        "golden-digests",
        "golden",
        "digests are named after the layers, or after the inner code or state of one",
        _EXPORT_AGAIN,
    ),
)

RULES: dict[str, Rule] = {rule.code: rule for rule in _ALL}
"""All rules by code, in the order of the docs."""


def finding(code: str, where: str, message: str) -> Diagnostic:
    """Return what a rule has found; all rules are errors.

    Parameters
    ----------
    code : str
        A key of `RULES`.
    where : str
        Path in the file, with the name of the layer.
    message : str
        What was found and what was expected.
    """
    return Diagnostic(RULES[code].code, "error", message, where, RULES[code].hint)
