"""A number of a hardware profile: its value, its unit, and what it rests on."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    WithJsonSchema,
    model_validator,
)
from typing_extensions import Self

from lava_spikyspace.hardware.spread import Spread

Evidence = Literal["datasheet", "source", "measured", "fitted", "derived", "proxy"]
"""What a number rests on; see `EVIDENCE_MEANING`."""

EVIDENCE_MEANING: dict[Evidence, str] = {
    "datasheet": "published by the maker of the chip",
    "source": "stated in public source code or a paper that comes with code",
    "measured": "measured on the chip and printed in public",
    "fitted": "fitted by us to printed measurements; reproduces them, not tested on others",
    "derived": "computed from other numbers",
    "proxy": "the number of something else that stands in for it",
}


def _plain_number(value: object) -> object:
    """Refuse what is no number in the file; pydantic would take text and truth values as well."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"found {value!r}, expected a number")  # noqa: TRY004 - pydantic's way
    if isinstance(value, float):
        return Decimal(repr(value))
    return value


def _as_json(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


Number = Annotated[
    Decimal,
    BeforeValidator(_plain_number),
    PlainSerializer(_as_json, when_used="json"),
    WithJsonSchema({"type": "number"}),
]
"""A decimal exactly as the file writes it: 23.6 is 23.6, not the nearest binary fraction."""


class Section(BaseModel):
    """A table of a profile: immutable, and without room for unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Quantity(Section):
    """One number with its unit and evidence, or the reason why there is none.

    Parameters
    ----------
    value : Decimal, optional
        The number; of an estimate the nominal one.
    low, high : Decimal, optional
        Bounds of an estimate; both or neither.
    unit : str
        Unit of all three.
    evidence : str, optional
        What the number rests on; see `Evidence`.
    source : str, optional
        Key of the profile's ``sources``.
    note : str, optional
        How the number was obtained, or what it assumes.
    missing : str, optional
        Why there is no value, such as ``not public``.
    """

    value: Number | None = None
    low: Number | None = None
    high: Number | None = None
    unit: str
    evidence: Evidence | None = None
    source: str | None = None
    note: str | None = None
    missing: str | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if (self.low is None) != (self.high is None):
            raise ValueError("found one of low and high, expected both or neither")
        if self.value is None:
            if not self.missing:
                raise ValueError("found no value, expected one, or `missing` with the reason")
            if self.low is not None or self.evidence is not None:
                raise ValueError("found bounds or evidence for a number that is missing")
            return self
        if self.missing is not None:
            raise ValueError("found a value and `missing`, expected one of them")
        if self.evidence is None or self.source is None:
            raise ValueError("found a value without evidence and source, expected both")
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        if not low <= self.value <= high:
            raise ValueError(f"found {low}, {self.value}, {high}, expected low <= value <= high")
        return self

    @property
    def spread(self) -> Spread | None:
        """The number as an exact estimate; None where there is no value."""
        if self.value is None:
            return None
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        return Spread(Fraction(low), Fraction(self.value), Fraction(high))

    @property
    def whole(self) -> int | None:
        """The value of a number that is whole by its unit; None where there is no value."""
        return None if self.value is None else int(self.value)


class Statement(Section):
    """A yes or no with what it rests on.

    Parameters
    ----------
    value : bool
        The answer.
    evidence : str
        See `Evidence`.
    source : str
        Key of the profile's ``sources``.
    note : str, optional
        What it means in practice.
    """

    value: bool
    evidence: Evidence
    source: str
    note: str | None = None


def _of_unit(unit: str) -> AfterValidator:
    def check(quantity: Quantity) -> Quantity:
        if quantity.unit != unit:
            raise ValueError(f"found unit {quantity.unit!r}, expected {unit!r}")
        return quantity

    return AfterValidator(check)


def _whole(quantity: Quantity) -> Quantity:
    for number in (quantity.value, quantity.low, quantity.high):
        if number is not None and number != number.to_integral_value():
            raise ValueError(f"found {number}, expected a whole number")
    return quantity


def _not_negative(quantity: Quantity) -> Quantity:
    for number in (quantity.value, quantity.low, quantity.high):
        if number is not None and number < 0:
            raise ValueError(f"found {number}, expected a number of 0 or more")
    return quantity


_WHOLE = AfterValidator(_whole)
_NATURAL = AfterValidator(_not_negative)

Chips = Annotated[Quantity, _of_unit("chip"), _WHOLE, _NATURAL]
Cores = Annotated[Quantity, _of_unit("core"), _WHOLE, _NATURAL]
Tiles = Annotated[Quantity, _of_unit("tile"), _WHOLE, _NATURAL]
Processors = Annotated[Quantity, _of_unit("processor"), _WHOLE, _NATURAL]
Neurons = Annotated[Quantity, _of_unit("neuron"), _WHOLE, _NATURAL]
Groups = Annotated[Quantity, _of_unit("group"), _WHOLE, _NATURAL]
Axons = Annotated[Quantity, _of_unit("axon"), _WHOLE, _NATURAL]
Words = Annotated[Quantity, _of_unit("word"), _WHOLE, _NATURAL]
Bytes = Annotated[Quantity, _of_unit("byte"), _WHOLE, _NATURAL]
Bits = Annotated[Quantity, _of_unit("bit"), _WHOLE, _NATURAL]
Exponent = Annotated[Quantity, _of_unit("exponent"), _WHOLE]
Steps = Annotated[Quantity, _of_unit("step"), _WHOLE, _NATURAL]
Energy = Annotated[Quantity, _of_unit("pJ"), _NATURAL]
EnergyPerBit = Annotated[Quantity, _of_unit("pJ/bit"), _NATURAL]
EnergyPerForecast = Annotated[Quantity, _of_unit("mJ"), _NATURAL]
Duration = Annotated[Quantity, _of_unit("ns"), _NATURAL]
Power = Annotated[Quantity, _of_unit("W"), _NATURAL]
Parameters = Annotated[Quantity, _of_unit("parameter"), _WHOLE, _NATURAL]
