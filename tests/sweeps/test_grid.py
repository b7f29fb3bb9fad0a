"""Reading the grid of a sweep."""

import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.sweeps import parse_grid
from lava_spikyspace.sweeps.settings import SETTINGS, parse_value


def test_all_combinations_the_last_setting_fastest():
    grid = parse_grid(["coding=unary,graded", "exp2_terms=0,4"])
    assert [tuple(point.values()) for point in grid.points()] == [
        ("unary", "0"),
        ("unary", "4"),
        ("graded", "0"),
        ("graded", "4"),
    ]
    assert parse_grid({"coding": ["unary"], "strict": [True, False]}).axes == {
        "coding": ("unary",),
        "strict": ("true", "false"),
    }


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ([], "no setting"),
        (["coding"], "expected key=value"),
        (["coding="], "expected key=value"),
        (["colour=red"], "found the setting 'colour', expected one of coding, backend,"),
        (["coding=unary", "coding=graded"], "coding twice"),
        (["coding=unary,unary"], "a value twice"),
        (["coding=unary,"], "the value '', expected graded or unary"),
        (["exp2_terms=-1"], "the value '-1', expected 0 to"),
        (["width=8"], "expected 16 to 53"),
        (["windows=a:b"], "expected A:B or N"),
        (["clip_input=maybe"], "expected true or false"),
        (["backend=loihi2"], "expected batch or sim"),
    ],
)
def test_what_is_no_grid(terms, message):
    with pytest.raises(UsageError, match=message):
        parse_grid(terms)


def test_every_setting_reads_a_value():
    values = {"coding": "unary", "backend": "sim", "windows": "-4:", "clip_input": "yes"}
    values |= {"strict": "false", "exp2_terms": "3", "width": "24"}
    for name in SETTINGS:
        parse_value(name, values.get(name, "7"))
