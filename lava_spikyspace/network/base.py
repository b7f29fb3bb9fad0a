"""What all layers have, and where their fields stand in the file."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import ClassVar, get_type_hints

from lava_spikyspace.network.formats import Ranges


@dataclass(frozen=True)
class Stored:
    """Where and how a field of a layer stands in the file (an annotation of the field).

    Parameters
    ----------
    path : str
        Path below ``/layer/<i>``.
    dtype : str
        Integer dtype in the file.
    axes : tuple of str
        Names of the axes; within a layer, axes of one name have one size. Empty for a scalar.
    """

    path: str
    dtype: str = "int64"
    axes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer:
    """What all layers have.

    Parameters
    ----------
    name : str
        Unique name, e.g. ``blocks.0.scan``.
    inputs : tuple of str
        Names of the layers it reads, in the order of `INPUT_ROLES`.
    ranges : mapping of str to Interval
        Proven ranges of its values, by the names of `RANGE_NAMES`.
    """

    netx_type: ClassVar[str]
    neuron_type: ClassVar[str | None] = None
    INPUT_ROLES: ClassVar[tuple[str, ...]] = ()
    RANGE_NAMES: ClassVar[tuple[str, ...]] = ("accumulator", "message")
    COMPARED: ClassVar[str] = "accumulator"
    """Range whose extremes the counts report: the value before the comparison."""
    MAY_BE_WIDE: ClassVar[bool] = False
    """Whether its message may have up to `WIDE_MESSAGE_BITS`, if all its readers take limbs. A
    message of more than `MESSAGE_BITS` goes to all of them in limbs (`Network.limbs_of`)."""

    TAKES_LIMBS: ClassVar[bool] = False
    """Whether it reads wide messages."""

    name: str
    inputs: tuple[str, ...] = ()
    ranges: Ranges = field(default_factory=dict)

    @property
    def neurons(self) -> int:
        """Number of output channels."""
        raise NotImplementedError

    @property
    def bits(self) -> int | None:
        """Width of the code that the layer sends as spikes; None if it sends messages."""
        return None

    def source(self, role: str) -> str:
        """Return the name of the layer that plays `role` among the inputs."""
        return self.inputs[self.INPUT_ROLES.index(role)]


def stored_fields(layer_type: type[Layer]) -> dict[str, Stored]:
    """Return the stored fields of a layer type by field name, in the order of declaration."""
    hints = get_type_hints(layer_type, include_extras=True)
    return {
        item.name: note
        for item in fields(layer_type)
        for note in getattr(hints[item.name], "__metadata__", ())
        if isinstance(note, Stored)
    }
