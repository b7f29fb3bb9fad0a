"""From the values below ``/layer`` to layers; one that is malformed leaves a hole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast, get_origin, get_type_hints

import numpy as np

from lava_spikyspace.families import LAYER_TYPES
from lava_spikyspace.network import Interval, Layer
from lava_spikyspace.netx.draft import Slot
from lava_spikyspace.netx.form import Form, Section
from lava_spikyspace.netx.schema import LAYER_ENTRIES, LAYER_IDENTITY, LAYER_KEYS
from lava_spikyspace.netx.tree import Value, join, layer_ids

_NAME, _INPUTS, _TYPE, _NEURON_TYPE = LAYER_IDENTITY
_TUPLE_FIELDS = {
    layer_type: {n for n, hint in get_type_hints(layer_type).items() if get_origin(hint) is tuple}
    for layer_type in LAYER_TYPES
}


@dataclass(frozen=True)
class _Place:
    """Where a layer stands: its group and its position among the layers that are there."""

    group: str
    index: int
    names: list[str | None]

    @property
    def hole(self) -> Slot:
        """The slot of a layer that could not be decoded."""
        return Slot(index=self.index, name=self.names[self.index], sources=(), layer=None)


def decode_layers(form: Form) -> Iterator[Slot]:
    """Yield one slot per layer of the file, in the order of their ids."""
    ids = layer_ids(form.tree)
    if not ids or int(ids[-1]) != len(ids) - 1:
        found = ", ".join(ids[:20]) or "no layer"
        form.find("layer-ids", "/layer", f"found {found}, expected the ids 0 to n - 1")
    groups = [f"/layer/{name}" for name in ids]
    names = [cast("str | None", form.peek(join(group, "@name"), _NAME)) for group in groups]
    for index, group in enumerate(groups):
        yield _decode_layer(form, _Place(group, index, names))


def _decode_layer(form: Form, place: _Place) -> Slot:
    sources = _sources(form, place)
    layer_type = None if sources is None else _identify(form, place.group, len(sources))
    if layer_type is None or sources is None:
        form.section(place.group, (_NAME, _INPUTS))
        form.ignore(place.group)
        return place.hole
    section = form.section(place.group, LAYER_ENTRIES[layer_type])
    if not (section.complete and _axes_agree(form, section, layer_type)):
        return place.hole
    ranges = _ranges(form, section, layer_type)
    if ranges is None:
        return place.hole
    known = dict(enumerate(place.names))
    layer = layer_type(
        name=cast("str", section.values["@name"]),
        inputs=tuple(known.get(i) or f"/layer/{i}" for i in sources),
        ranges=ranges,
        **_fields(section, layer_type),
    )
    shape = cast("Value", section.values["shape"]).tolist()
    if shape != [layer.neurons]:
        where = join(place.group, "shape")
        form.find("layer-shape", where, f"found {shape}, expected [{layer.neurons}]")
    return Slot(index=place.index, name=layer.name, sources=sources, layer=layer)


def _sources(form: Form, place: _Place) -> tuple[int, ...] | None:
    """Return the ids that a layer reads; where it says nothing, as in NetX, the one before."""
    path = join(place.group, "@inputs")
    if path not in form.tree.values:
        return (place.index - 1,) if place.index else ()
    found = form.peek(path, _INPUTS)
    return None if found is None else tuple(cast("Value", found).tolist())


def _identify(form: Form, group: str, inputs: int) -> type[Layer] | None:
    """Return the type that type, neuron type and inputs tell, or find why there is none."""
    present = [_TYPE]
    if join(group, _NEURON_TYPE.path) in form.tree.values:
        present.append(_NEURON_TYPE)
    section = form.section(group, present)
    if not section.complete:
        return None
    # Both are texts of one element.
    names = [cast("tuple[str]", section.values[entry.path])[0] for entry in present]
    netx_type, neuron_type = (*names, None)[:2]
    key = (cast("str", netx_type), neuron_type, inputs)
    found = LAYER_KEYS.get(key)
    if found is None:
        alike = [known for known in LAYER_KEYS if known[0] == netx_type] or [*LAYER_KEYS]
        expected = ", ".join(_described(*known) for known in alike)
        message = f"found {_described(*key)}, expected one of: {expected}"
        form.find("layer-type", join(group, "type"), message)
    return found


def _described(netx_type: str, neuron_type: str | None, inputs: int) -> str:
    neuron = f"/{neuron_type}" if neuron_type else ""
    return f"{netx_type}{neuron} of {inputs} input{'' if inputs == 1 else 's'}"


def _axes_agree(form: Form, section: Section, layer_type: type[Layer]) -> bool:
    """Compare the sizes of the axes that have one name."""
    first: dict[str, tuple[int, str]] = {}
    agree = True
    for entry in LAYER_ENTRIES[layer_type]:
        value = section.values[entry.path] if entry.layer_field else None
        if not isinstance(value, np.ndarray):
            continue
        for axis, size in zip(entry.axes, value.shape, strict=True):
            expected, other = first.setdefault(axis, (size, entry.path))
            if size != expected:
                where = join(section.group, entry.path)
                message = f"found {size} along {axis}, expected {expected} as in {other}"
                form.find("axis-sizes", where, message)
                agree = False
    return agree


def _ranges(form: Form, section: Section, layer_type: type[Layer]) -> dict[str, Interval] | None:
    ranges = {}
    for name in layer_type.RANGE_NAMES:
        lo, hi = cast("Value", section.values[f"width/{name}"]).tolist()
        if lo > hi:
            where = join(section.group, f"width/{name}")
            form.find("range-order", where, f"found [{lo}, {hi}], expected the low end first")
            return None
        ranges[name] = Interval(lo, hi)
    return ranges


def _fields(section: Section, layer_type: type[Layer]) -> dict[str, Any]:
    """Return the stored fields of a layer as its dataclass has them."""
    found: dict[str, Any] = {}
    for entry in LAYER_ENTRIES[layer_type]:
        if entry.layer_field is None:
            continue
        value = section.values[entry.path]
        if entry.layer_field in _TUPLE_FIELDS[layer_type]:
            value = tuple(cast("Value", value).tolist())
        found[entry.layer_field] = value
    return found
