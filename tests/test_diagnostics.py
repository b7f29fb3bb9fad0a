import pytest

from lava_spikyspace.diagnostics import Diagnostic

FINDING = Diagnostic(
    "weight-out-of-range",
    "error",
    "weight 200, expected -127..127",
    where="layer 3",
    hint="export the model again",
)


def test_a_diagnostic_is_one_line_with_place_severity_and_rule():
    assert str(FINDING) == "layer 3: error: weight 200, expected -127..127 [weight-out-of-range]"


def test_a_diagnostic_without_a_place_begins_with_the_severity():
    assert str(Diagnostic("slow", "info", "no numba")) == "info: no numba [slow]"


def test_the_mapping_has_the_documented_keys_in_their_order():
    assert FINDING.to_dict() == {
        "code": "weight-out-of-range",
        "severity": "error",
        "where": "layer 3",
        "message": "weight 200, expected -127..127",
        "hint": "export the model again",
    }
    assert list(FINDING.to_dict()) == ["code", "severity", "where", "message", "hint"]


def test_a_diagnostic_cannot_be_changed():
    with pytest.raises(AttributeError):
        FINDING.severity = "info"
