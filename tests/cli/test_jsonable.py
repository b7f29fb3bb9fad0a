import json
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from lava_spikyspace.cli.jsonable import to_jsonable
from lava_spikyspace.errors import InternalError


class Coding(Enum):
    GRADED = "graded"


class Level(IntEnum):
    HIGH = 3


@dataclass(frozen=True)
class Window:
    start: int
    values: np.ndarray


class Profile(BaseModel):
    name: str
    energy: float


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (float("nan"), None),
        (float("inf"), None),
        (np.float64("-inf"), None),
        (np.float32(0.5), 0.5),
        (np.int64(-7), -7),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.array(5), 5),
        (pd.Series([1, 2]), [1, 2]),
        (Path("a/b.net"), "a/b.net"),
        (Coding.GRADED, "graded"),
        (Level.HIGH, 3),
        ({"b", "a"}, ["a", "b"]),
        ((1, (2.5, None)), [1, [2.5, None]]),
        ({1: "one", np.int64(2): "two", "all": 3}, {"1": "one", "2": "two", "all": 3}),
        (Window(3, np.array([True])), {"start": 3, "values": [True]}),
        (Profile(name="x", energy=float("nan")), {"name": "x", "energy": None}),
    ],
)
def test_values_become_plain(value, plain):
    converted = to_jsonable(value)
    assert converted == plain
    assert type(converted) is type(plain)
    json.dumps(converted, allow_nan=False)


@pytest.mark.parametrize("value", [object(), 1j, b"bytes", {"deep": [object()]}, Window])
def test_what_json_cannot_say_is_named(value):
    with pytest.raises(InternalError, match="cannot be written as JSON"):
        to_jsonable(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_everything_survives_the_way_through_json_but_infinities(value):
    def without_infinities(item):
        if isinstance(item, float) and abs(item) == float("inf"):
            return None
        if isinstance(item, list):
            return [without_infinities(entry) for entry in item]
        if isinstance(item, dict):
            return {key: without_infinities(entry) for key, entry in item.items()}
        return item

    text = json.dumps(to_jsonable(value), allow_nan=False)
    assert json.loads(text) == without_infinities(value)
