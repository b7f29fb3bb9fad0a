"""An estimate as three exact numbers: low, nominal, high."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Spread:
    """Low, nominal and high of an estimate.

    Exact fractions, so that a total is the sum of its parts to the last digit.

    Parameters
    ----------
    low, nominal, high : Fraction
        In one unit, which the context names.
    """

    low: Fraction
    nominal: Fraction
    high: Fraction

    @classmethod
    def exact(cls, value: Fraction | int) -> Spread:
        """Return the spread of a value that is known."""
        return cls(Fraction(value), Fraction(value), Fraction(value))

    @property
    def ends(self) -> tuple[Fraction, Fraction, Fraction]:
        """The three values, lowest first."""
        return self.low, self.nominal, self.high

    def __add__(self, other: Spread) -> Spread:
        return Spread(self.low + other.low, self.nominal + other.nominal, self.high + other.high)

    def __mul__(self, factor: Fraction | int) -> Spread:
        return Spread(self.low * factor, self.nominal * factor, self.high * factor)

    def __truediv__(self, divisor: Fraction | int) -> Spread:
        return self * (1 / Fraction(divisor))

    def times(self, other: Spread) -> Spread:
        """Return the product with another estimate of a quantity that is not negative."""
        return Spread(self.low * other.low, self.nominal * other.nominal, self.high * other.high)

    def most(self, other: Spread) -> Spread:
        """Return the larger of each of the three values."""
        return Spread(*(max(a, b) for a, b in zip(self.ends, other.ends, strict=True)))

    def to_dict(self) -> dict[str, float]:
        """Return the three values as the nearest floats."""
        return {"low": float(self.low), "nominal": float(self.nominal), "high": float(self.high)}


NOTHING = Spread.exact(0)
"""No energy, no time."""
