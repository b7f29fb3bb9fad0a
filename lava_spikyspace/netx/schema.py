"""The declared schema of the model file: every value, its kind, dtype, axes and bounds.

Reader, writer and lint all go by it. What a layer stores comes from the `Stored` annotations of its
dataclass; this module adds the bounds and the parts that are not layers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from lava_spikyspace.arithmetic.exp2 import MAX_FRAC_BITS, MAX_TERMS
from lava_spikyspace.arithmetic.random24 import RANDOM_BITS
from lava_spikyspace.families import LAYER_TYPES
from lava_spikyspace.network import (
    EXACT_BITS,
    MESSAGE_BITS,
    REGISTER_BITS,
    WIDE_MESSAGE_BITS,
    Interval,
    Layer,
    stored_fields,
)

FORMAT = "netx"
EXTENSION = "spikyspace"
VERSION = (1, 3)
"""Version of the extension that this package writes: (major, minor).

1.1 added the layer types of SPikE-SSM-style networks; 1.2 wide messages, which travel in limbs, and
limbs of thresholds and multipliers; 1.3 offsets of the first states of a window."""

Kind = Literal["integer", "real", "text"]

EXACT = Interval.signed(EXACT_BITS)
POSITIVE = Interval(1, EXACT.hi)
INT8_SYMMETRIC = Interval(-127, 127)
FRACTION = Interval(0, MAX_FRAC_BITS)
LIMB = Interval(1, EXACT_BITS - 1)
SIZE = Interval(1, 1 << 20)
"""Sizes of a network: variates, window, horizon, neurons."""

MAX_SHIFT = 62
MAX_RIGHT = 31
MAX_CODE_BITS = 8

BOUNDS: dict[str, Interval] = {
    "channels": SIZE,
    "frac_bits": FRACTION,
    "eps": POSITIVE,
    "root_bits": FRACTION,
    "square_shift": FRACTION,
    "weight": INT8_SYMMETRIC,
    "theta": EXACT,
    "rms_shift": Interval(0, MAX_SHIFT),
    "limbs": Interval(1, MESSAGE_BITS - 1),
    "theta_limbs": LIMB,
    "table": EXACT,
    "exp2_terms": Interval(0, MAX_TERMS),
    "theta_out": EXACT,
    "mult": EXACT,
    "add": Interval.signed(REGISTER_BITS),
    "shift": Interval(1, MAX_SHIFT),
    "mult_limbs": LIMB,
    "residual_bits": Interval(2, WIDE_MESSAGE_BITS),
    "left": Interval(0, EXACT_BITS - 1),
    "right": Interval(0, MAX_RIGHT),
    "gain": EXACT,
    "gain_shift": Interval(0, MAX_SHIFT),
    "level": EXACT,
    "theta_state": EXACT,
    "state_offset": EXACT,
    "skip": EXACT,
    "message_bits": Interval(2, MESSAGE_BITS),
    "decay_real": EXACT,
    "decay_imag": EXACT,
    "decay_bits": Interval(1, EXACT_BITS - MESSAGE_BITS),
    "read_real": EXACT,
    "read_imag": EXACT,
    "elements": SIZE,
    "threshold": POSITIVE,
    "leak": Interval(0, EXACT.hi),
    "leak_bits": FRACTION,
    "refractory": Interval(0, EXACT.hi),
    "fade": Interval(0, EXACT.hi),
    "seed": Interval(1, (1 << RANDOM_BITS) - 1),
}
"""Bounds of the stored fields of layers, by field name."""

MAY_BE_EMPTY = frozenset({"limb", "theta_limb", "mult_limb", "source"})
"""Axes that may have size 0."""

LAYER_NAME = re.compile(r"(?=.{1,200}$)[A-Za-z0-9_\-]+(\.[A-Za-z0-9_\-]+)*")
DIGEST = re.compile(r"[0-9a-f]{64}")
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_WORD = re.compile(r"[A-Za-z0-9_]+")
_UNICODE_LINE = re.compile(r"[^\x00-\x1f\x7f]+")
_ANYTHING = re.compile(r"(?s).*")


@dataclass(frozen=True)
class Entry:
    """One value that a file may hold.

    Parameters
    ----------
    path : str
        Path below its group; with ``@`` for an attribute. ``@*`` stands for any attribute.
    kind : str
        ``integer`` (of any width in the file), ``real`` or ``text``.
    dtype : str
        NumPy dtype that the writer uses and the reader gives; not for text.
    axes : tuple of str
        Names of the axes; empty for a scalar.
    bounds : Interval, optional
        Of every element of an integer value.
    pattern : Pattern
        What every element of a text matches.
    required : bool
        Whether a file must have it.
    layer_field : str, optional
        Field of the layer's dataclass.
    """

    path: str
    kind: Kind
    dtype: str = "int64"
    axes: tuple[str, ...] = ()
    bounds: Interval | None = None
    pattern: re.Pattern[str] = field(default=_PRINTABLE)
    required: bool = True
    layer_field: str | None = None


def _text(path: str, pattern: re.Pattern[str], *, required: bool = True, axis: str = "") -> Entry:
    axes = (axis,) if axis else ()
    return Entry(path, "text", pattern=pattern, required=required, axes=axes)


def _integer(path: str, bounds: Interval, *axes: str) -> Entry:
    return Entry(path, "integer", bounds=bounds, axes=axes)


def _real(path: str, *axes: str) -> Entry:
    return Entry(path, "real", "float64", axes=axes, required=False)


HEADER = (
    _text("@format", _WORD),
    _text("@extension", _WORD),
    _text("@extension_version", re.compile(r"\d{1,4}\.\d{1,4}")),
    _text("@generator", _PRINTABLE),
    _text("@created", re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")),
    _text("@content_sha256", DIGEST),
)
"""Attributes of the root."""

DEPLOYMENT = (
    _integer("@window", SIZE),
    _integer("@horizon", SIZE),
    _text("variates", _UNICODE_LINE, required=False, axis="variate"),
    _integer("bits@*", Interval(1, MAX_CODE_BITS)),
    _integer("formats@*", EXACT),
    _text("normalisation@kind", _WORD),
    _real("normalisation@eps"),
    _real("normalisation/mean", "variate"),
    _real("normalisation/scale", "variate"),
)
"""Below ``/deployment``."""

GOLDEN = (
    _integer("inputs", EXACT, "window", "element", "variate"),
    _integer("forecasts", EXACT, "window", "step", "variate"),
    _text("digests@*", DIGEST),
)
"""Below ``/golden``, which a file may lack."""

PROVENANCE = (_text("provenance", _ANYTHING, axis="one"),)
"""Below the root: JSON text."""

QUANTISERS = ("c", "s", "delta", "pts", "delta1", "x", "y", "y1")
"""Published names of the quantisers; the keys of ``/deployment/bits``."""


LAYER_IDENTITY = (
    _text("@name", LAYER_NAME),
    Entry("@inputs", "integer", axes=("source",), bounds=Interval(0, SIZE.hi), required=False),
    _text("type", _WORD, axis="one"),
    _text("neuron/type", _WORD, axis="one"),
)
"""Name, ids of the layers it reads (absent: the one before), and what tells the type of a layer."""


def _layer_entries(layer_type: type[Layer]) -> Iterator[Entry]:
    name, inputs, kind, neuron = LAYER_IDENTITY
    yield from (name, inputs, kind)
    if layer_type.neuron_type is not None:
        yield neuron
    yield _integer("shape", POSITIVE, "one")
    for member, stored in stored_fields(layer_type).items():
        yield Entry(
            stored.path,
            "integer",
            stored.dtype,
            axes=stored.axes,
            bounds=BOUNDS[member],
            layer_field=member,
        )
    for value in layer_type.RANGE_NAMES:
        yield _integer(f"width/{value}", Interval.signed(64), "bound")


LAYER_ENTRIES: dict[type[Layer], tuple[Entry, ...]] = {
    layer_type: tuple(_layer_entries(layer_type)) for layer_type in LAYER_TYPES
}
"""What ``/layer/<i>`` holds, by layer type, NetX fields first."""

LAYER_KEYS: dict[tuple[str, str | None, int], type[Layer]] = {
    (kind.netx_type, kind.neuron_type, len(kind.INPUT_ROLES)): kind for kind in LAYER_TYPES
}
"""Layer types by what tells them in the file: type, neuron type and number of inputs."""
