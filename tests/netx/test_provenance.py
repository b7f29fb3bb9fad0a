import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lava_spikyspace.netx.provenance import from_json, to_json
from lava_spikyspace.netx.storage import MAX_TEXT_BYTES

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_what_is_written_is_read(provenance):
    text = to_json(provenance)
    assert text.isascii()
    assert from_json(text) == provenance
    assert to_json(from_json(text)) == text


@given(st.text())
def test_any_text_is_an_object_or_an_error(text):
    try:
        found = from_json(text)
    except ValueError:
        return
    assert isinstance(found, dict)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "1", "{", '{"a":1,"a":2}', '{"a":NaN}', '{"a":-Infinity}', '{"a":1e999}',
        '{"a":' + "1" * 5000 + "}", '{"a":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"a":"' + "x" * MAX_TEXT_BYTES + '"}',
    ],
    ids=range(11),
)  # fmt: skip
def test_malformed_texts(text):
    with pytest.raises(ValueError, match=r"."):
        from_json(text)


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, object(), {1, 2}, b"bytes", "x" * MAX_TEXT_BYTES, {("a",): 1}]
)
def test_what_json_has_no_form_for(value):
    with pytest.raises(ValueError, match=r"."):
        to_json({"key": value})


def test_cycles():
    cycle = {}
    cycle["self"] = cycle
    with pytest.raises(ValueError, match=r"[Cc]ircular"):
        to_json(cycle)
