"""Every rule of `lss lint` about a plain NetX file. The docs are made from it."""

from __future__ import annotations

from lava_spikyspace.diagnostics import Diagnostic, Severity
from lava_spikyspace.netx.rules.catalogue import Rule

_EXPORT = "export the network again with lava-dl"
_NOT_SIMULATED = "lava-dl's own loader ignores it, and runs another network than was trained"

_ALL = (
    Rule("missing-entry", "form", "everything that a layer of its type needs is there", _EXPORT),
    Rule(
        "unknown-entry",
        "form",
        "nothing is there that has no meaning in a layer of its type",
        _NOT_SIMULATED,
    ),
    Rule("entry-kind", "form", "numbers are whole numbers, names are text", _EXPORT),
    Rule(
        "entry-shape", "form", "every value has the axes of its kind, none of them empty", _EXPORT
    ),
    Rule(
        "value-bounds", "form", "every number lies within the bounds of Lava's processes", _EXPORT
    ),
    Rule("layer-ids", "form", "the layers are numbered 0 to n - 1", _EXPORT),
    Rule(
        "layer-type",
        "form",
        "the type of a layer is input, dense, dense_rec, conv or flatten",
        "lava-dl's own loader drops other types, or stops",
    ),
    Rule(
        "neuron-type",
        "form",
        "the type of a neuron is CUBA, LOIHI or SDNN",
        "other neurons of lava-dl have no process here",
    ),
    Rule(
        "not-simulated",
        "values",
        "no value asks for what Lava's process does not do: longer refractory time, graded spikes "
        "of a CUBA neuron, exponents of weights, an activation other than relu",
        _NOT_SIMULATED,
    ),
    Rule(
        "weight-clipped",
        "values",
        "weights of both signs in a dense layer lie within -256 to 254",
        "lava-dl's own loader clips them",
    ),
    Rule("layer-shape", "sizes", "shape, sizes and weights of a layer fit together", _EXPORT),
    Rule("layer-input", "sizes", "a layer reads as many values as the one before sends", _EXPORT),
    Rule(
        "layer-order",
        "graph",
        "an input layer comes first; a convolution reads a layer with channels, or an input layer; "
        "between such a layer and a dense one stands a flatten",
        _EXPORT,
    ),
    Rule(
        "weight-altered",
        "values",
        "Lava's Dense holds every weight exactly",
        "it is run as lava-dl runs it, with the altered weights",
    ),
    Rule(
        "delayed-recurrence",
        "values",
        "a recurrent layer with delays has weights that lava-dl does not scale up",
        "it is run as lava-dl runs it, with larger weights than the file has",
    ),
)

STOCK_RULES: dict[str, Rule] = {rule.code: rule for rule in _ALL}
"""All rules by code, in the order of the docs."""

WARNINGS = frozenset({"weight-altered", "delayed-recurrence"})
"""Rules whose breach makes a file doubtful, not unusable."""


def stock_finding(code: str, where: str, message: str) -> Diagnostic:
    """Return what a rule has found.

    Parameters
    ----------
    code : str
        A key of `STOCK_RULES`.
    where : str
        Path in the file.
    message : str
        What was found and what was expected.
    """
    severity: Severity = "warning" if code in WARNINGS else "error"
    return Diagnostic(STOCK_RULES[code].code, severity, message, where, STOCK_RULES[code].hint)
