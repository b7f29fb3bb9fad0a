"""The stored result of changing every instruction is that of the programs as they are."""

from itertools import islice

import pytest

from tests.hardware.microcode.mutation import (
    DEMANDED,
    Bench,
    benches,
    digest_of,
    graph_of,
    stored,
)
from tests.hardware.microcode.reasons import REASONS

TALLIES = stored()
SAMPLE = TALLIES[::5]
"""Programs of which one change is tried again."""


def tally_id(tally):
    return f"{tally.network} {tally.coding} {tally.kind}"


def test_every_program_is_stored_as_it_is():
    known = {
        digest_of(graph_of(bench.network, bench.coding).by_name[kind].program)
        for bench in benches()
        for kind in bench.kinds
    }
    hint = "run python -m tests.hardware.microcode.mutation --new --write"
    assert {tally.digest for tally in TALLIES} == known, hint


def test_enough_changes_are_noticed_and_each_other_one_has_a_reason():
    total, caught = sum(t.mutants for t in TALLIES), sum(t.caught for t in TALLIES)
    assert caught >= DEMANDED * total
    for tally in TALLIES:
        assert len(tally.survivors) == tally.mutants - tally.caught
        for survivor in tally.survivors:
            assert survivor["reason"] in REASONS
            # Two reasons are found by looking at executions.
            assert (survivor["executions"] > 0) == (survivor["reason"] in ("same", "lost"))


def fate(bench: Bench, tally, mutant) -> None:
    """A change fares as the stored tally says."""
    listed = {(s["at"], s["after"]) for s in tally.survivors}
    assert bench.survives(mutant) == ((mutant.at, mutant.after) in listed), mutant.after


@pytest.mark.parametrize("tally", SAMPLE, ids=tally_id)
def test_a_sample_fares_as_it_is_stored(tally):
    bench = Bench(tally.network, tally.coding, tally.layer, (tally.kind,))
    at = int(tally.digest, 16) % tally.mutants
    fate(bench, tally, next(islice(bench.changes(tally.kind), at, None)))


@pytest.mark.slow
@pytest.mark.parametrize("tally", TALLIES, ids=tally_id)
def test_all_changes_fare_as_they_are_stored(tally):
    bench = Bench(tally.network, tally.coding, tally.layer, (tally.kind,))
    assert bench.tally(tally.kind) == tally
