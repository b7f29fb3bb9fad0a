from fractions import Fraction

from lava_spikyspace.hardware.spread import NOTHING, Spread

A = Spread(Fraction(1), Fraction(2), Fraction(3))


def test_sums_and_products_are_exact():
    tenth = Spread.exact(Fraction("0.1"))
    assert tenth + tenth + tenth == Spread.exact(Fraction("0.3"))
    assert (A * 3).ends == (3, 6, 9)
    assert A / 3 * 3 == A
    assert A.times(A) == Spread(Fraction(1), Fraction(4), Fraction(9))
    assert A + NOTHING == A


def test_the_larger_of_each():
    other = Spread(Fraction(0), Fraction(5), Fraction(3))
    assert A.most(other) == Spread(Fraction(1), Fraction(5), Fraction(3))


def test_plain_values():
    assert A.to_dict() == {"low": 1.0, "nominal": 2.0, "high": 3.0}
