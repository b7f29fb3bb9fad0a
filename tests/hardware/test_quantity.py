from decimal import Decimal
from fractions import Fraction

import pytest
from pydantic import TypeAdapter, ValidationError

from lava_spikyspace.hardware.quantity import Energy, Neurons, Quantity
from lava_spikyspace.hardware.spread import Spread

KNOWN = {"value": Decimal("23.6"), "unit": "pJ", "evidence": "datasheet", "source": "paper"}


def test_a_number_is_what_the_file_says_to_the_last_digit():
    assert Quantity(**KNOWN).spread == Spread.exact(Fraction(236, 10))


def test_an_estimate_has_three_values():
    estimate = Quantity(**KNOWN, low=Decimal("4.72"), high=Decimal("35.5"))
    assert estimate.spread.ends == (Fraction("4.72"), Fraction("23.6"), Fraction("35.5"))


def test_a_number_that_is_not_public_says_so():
    unknown = Quantity(unit="pJ", missing="not public")
    assert (unknown.spread, unknown.whole) == (None, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"unit": "pJ"}, "found no value"),
        ({"unit": "pJ", "missing": "not public", "evidence": "proxy"}, "that is missing"),
        ({**KNOWN, "missing": "not public"}, "a value and `missing`"),
        ({**KNOWN, "evidence": None}, "without evidence and source"),
        ({**KNOWN, "source": None}, "without evidence and source"),
        ({**KNOWN, "low": 1}, "expected both or neither"),
        ({**KNOWN, "low": 24, "high": 30}, "expected low <= value <= high"),
        ({**KNOWN, "value": "23.6"}, "expected a number"),
        ({**KNOWN, "value": True}, "expected a number"),
        ({**KNOWN, "evidence": "guess"}, "Input should be"),
        ({**KNOWN, "colour": "red"}, "Extra inputs"),
    ],
)
def test_what_is_no_number_is_refused(content, message):
    with pytest.raises(ValidationError, match=message):
        Quantity(**content)


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (Energy, {"unit": "nJ"}, "found unit 'nJ', expected 'pJ'"),
        (Energy, {"value": -1}, "0 or more"),
        (Neurons, {"unit": "neuron", "value": Decimal("1.5")}, "expected a whole number"),
    ],
)
def test_units_and_signs_are_those_of_the_field(kind, changes, message):
    with pytest.raises(ValidationError, match=message):
        TypeAdapter(kind).validate_python({**KNOWN, **changes})
