"""Operations and bits, and what they take."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TypeAlias

from lava_spikyspace.hardware.profile import Operations
from lava_spikyspace.hardware.quantity import Quantity

Count: TypeAlias = Fraction | int

PJ_PER_MJ = 10**9


@dataclass(frozen=True)
class OperationCounts:
    """What one stage, or a whole model, does for one forecast.

    Parameters
    ----------
    multiply_accumulate_fp32, accumulate_fp32, accumulate_int8, shift : Fraction or int
        Operations; fractions where a firing rate makes them means.
    movement : Fraction or int
        Bits of activations that are moved.
    weight_access : Fraction or int
        Bits of weights that are read.
    """

    multiply_accumulate_fp32: Count = 0
    accumulate_fp32: Count = 0
    accumulate_int8: Count = 0
    shift: Count = 0
    movement: Count = 0
    weight_access: Count = 0

    def __add__(self, other: OperationCounts) -> OperationCounts:
        return OperationCounts(*(getattr(self, n) + getattr(other, n) for n in OPERATIONS))

    def __mul__(self, times: Count) -> OperationCounts:
        return OperationCounts(*(getattr(self, name) * times for name in OPERATIONS))

    def to_dict(self) -> dict[str, float]:
        """Return the counts by name."""
        return {name: float(getattr(self, name)) for name in OPERATIONS}


OPERATIONS: tuple[str, ...] = tuple(item.name for item in fields(OperationCounts))
"""Names of operations, as `profile.Operations` has them."""

COMPUTE = ("multiply_accumulate_fp32", "accumulate_fp32", "accumulate_int8", "shift")
"""Those that compute; the others move bits."""


@dataclass(frozen=True)
class OperationEnergy:
    """Energy of one forecast, in mJ.

    Parameters
    ----------
    compute : Fraction
        Operations alone.
    weights : Fraction
        Reading weights.
    movement : Fraction
        Moving activations.
    """

    compute: Fraction
    weights: Fraction
    movement: Fraction

    @property
    def total(self) -> Fraction:
        """With memory traffic."""
        return self.compute + self.weights + self.movement

    def to_dict(self) -> dict[str, float]:
        """Return the energies in mJ."""
        return {
            "compute_mj": float(self.compute),
            "weights_mj": float(self.weights),
            "movement_mj": float(self.movement),
            "total_mj": float(self.total),
        }


def energy_of(counts: OperationCounts, operations: Operations) -> OperationEnergy:
    """Return the energy of counted operations.

    Parameters
    ----------
    counts : OperationCounts
        Of one forecast.
    operations : Operations
        Constants of a profile.
    """
    each = {name: _price(getattr(operations, name)) * getattr(counts, name) for name in OPERATIONS}
    return OperationEnergy(
        compute=sum((each[name] for name in COMPUTE), Fraction(0)) / PJ_PER_MJ,
        weights=each["weight_access"] / PJ_PER_MJ,
        movement=each["movement"] / PJ_PER_MJ,
    )


def _price(quantity: Quantity) -> Fraction:
    return Fraction(0) if quantity.value is None else Fraction(quantity.value)


def total(stages: Iterable[OperationCounts]) -> OperationCounts:
    """Return the sum of the counts of several stages."""
    found = OperationCounts()
    for stage in stages:
        found = found + stage
    return found
