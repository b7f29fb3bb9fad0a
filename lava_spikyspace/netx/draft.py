"""A network with holes: what could be decoded of a file, for rules that look at all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lava_spikyspace.errors import InternalError
from lava_spikyspace.network import Golden, Layer, Network, Normalisation


@dataclass(frozen=True, kw_only=True)
class Slot:
    """The place of one layer.

    Parameters
    ----------
    index : int
        Its number: position in the network and id in the file.
    name : str, optional
        Its name, where it has one.
    sources : tuple of int
        Ids of the layers that it reads; one that does not exist is out of range.
    layer : Layer, optional
        The layer; None if it could not be decoded.
    """

    index: int
    name: str | None
    sources: tuple[int, ...]
    layer: Layer | None

    @property
    def where(self) -> str:
        """Path in the file, with the name."""
        return self.at("")

    def at(self, path: str) -> str:
        """Return the path in the file of one of its values, with the name of the layer."""
        inside = f"/{path}" if path else ""
        return f"/layer/{self.index}{inside}" + (f" ({self.name})" if self.name else "")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The parts of a `Network`, each of them None if it could not be decoded."""

    slots: tuple[Slot, ...]
    window: int | None
    horizon: int | None
    normalisation: Normalisation | None
    variates: tuple[str, ...] | None = None
    bits: Mapping[str, int] = field(default_factory=dict)
    formats: Mapping[str, int] = field(default_factory=dict)
    golden: Golden | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def source(self, slot: Slot, role: str) -> Slot | None:
        """Return the slot that plays a role among the inputs; None if it does not exist."""
        if slot.layer is None or role not in slot.layer.INPUT_ROLES:
            return None
        index = slot.sources[slot.layer.INPUT_ROLES.index(role)]
        return self.slots[index] if 0 <= index < len(self.slots) else None

    def source_layer(self, slot: Slot, role: str) -> Layer | None:
        """Return the layer that plays a role among the inputs; None if it is a hole."""
        source = self.source(slot, role)
        return source.layer if source else None

    def edges(self) -> Iterator[tuple[Slot, str, Slot]]:
        """Yield (reader, role, source) of all inputs that exist; a hole reads nothing."""
        for slot in self.slots:
            if slot.layer is not None:
                for role in slot.layer.INPUT_ROLES:
                    source = self.source(slot, role)
                    if source is not None:
                        yield slot, role, source

    def network(self) -> Network:
        """Return the network; only for a draft without holes."""
        layers = tuple(slot.layer for slot in self.slots if slot.layer is not None)
        if (
            len(layers) < len(self.slots)
            or self.window is None
            or self.horizon is None
            or self.normalisation is None
        ):
            raise InternalError("a draft with holes is not a network")
        return Network(
            window=self.window,
            horizon=self.horizon,
            layers=layers,
            normalisation=self.normalisation,
            variates=self.variates,
            bits=self.bits,
            formats=self.formats,
            golden=self.golden,
            provenance=self.provenance,
        )
