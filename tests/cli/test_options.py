from typing import get_args

import pytest

from lava_spikyspace.cli import options
from lava_spikyspace.cli.options import OutputOptions


@pytest.mark.parametrize(
    ("words", "json", "verbose"),
    [
        ([], False, False),
        (["run", "--json"], True, False),
        (["-v", "run", "--bogus"], False, True),
        (["run", "--verbose", "--json"], True, True),
        (["run", "--", "--json", "-v"], False, False),
    ],
)
def test_flags_are_guessed_from_a_command_line_that_may_be_wrong(words, json, verbose):
    assert OutputOptions.guess(words) == OutputOptions(json=json, verbose=verbose)


def test_merging_keeps_what_either_side_has_set():
    left, right = OutputOptions(json=True), OutputOptions(quiet=True, no_progress=True)
    both = OutputOptions(json=True, quiet=True, no_progress=True)
    assert left.merge(right) == right.merge(left) == both


def test_the_choices_are_those_of_the_library():
    """The help page must not import the library, so the flags repeat its names."""
    from lava_spikyspace.backends import selection, sim
    from lava_spikyspace.evaluation import PartName
    from lava_spikyspace.plan import Coding

    assert get_args(options.BackendName) == get_args(selection.BackendName)
    assert get_args(options.RuntimeName) == get_args(sim.Runtime)
    assert get_args(options.CodingName) == get_args(Coding)
    assert get_args(options.PartName) == get_args(PartName)
