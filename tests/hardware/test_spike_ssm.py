"""Check, placement and estimate of SPikE-SSM-style networks."""

import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.checking import check
from lava_spikyspace.hardware.describing import describe_plan
from lava_spikyspace.hardware.estimating import estimate
from lava_spikyspace.plan import CODINGS, make_plan
from tests.random_networks import with_golden
from tests.random_spike_ssm import NEURONS, random_sequences, random_spike_ssm


@pytest.fixture(scope="module", params=NEURONS)
def network(request):
    made = random_spike_ssm(4, neuron=request.param, channels=6, states=4, wide=True)
    return with_golden(made, random_sequences(4, made, 2))


@pytest.mark.parametrize("coding", CODINGS)
def test_every_neuron_is_placed_once_and_no_budget_is_broken(network, coding):
    result = check(network, "loihi2", coding=coding)
    placed = {}
    for core in result.placement.cores:
        for part in core.slices:
            placed[part.group] = placed.get(part.group, 0) + part.stop - part.start
    groups = describe_plan(make_plan(network, coding)).neurons
    assert placed == {group.name: group.neurons for group in groups if not group.on_host}
    assert not [found for found in result.findings if found.code.startswith("core")]


def test_the_states_of_an_s4d_are_two_registers_each(network):
    groups = {group.name: group for group in describe_plan(make_plan(network, "graded")).neurons}
    few = random_spike_ssm(4, channels=6, states=1)
    fewer = {group.name: group for group in describe_plan(make_plan(few, "graded")).neurons}
    more = groups["blocks.0.s4d"].state_bytes - fewer["blocks.0.s4d"].state_bytes
    assert more >= 3 * 2 * 3


def test_loihi1_names_the_graded_links(network):
    graded = [f for f in check(network, "loihi1").findings if "graded" in f.code]
    named = " ".join(str(finding.where) for finding in graded)
    for link in ("embed", "norm", "s4d", "value", "gate", "mixer", "head"):
        assert link in named


def test_hints_name_no_flag_that_this_family_lacks(network):
    hints = {finding.hint for finding in check(network, "loihi2").findings}
    assert not [hint for hint in hints if "--width" in hint]


def test_estimates_from_recorded_windows_and_from_a_stated_rate(network):
    for activity in ({}, {"rate": 0.1}):
        codings = estimate(network, "loihi2", **activity).codings
        assert set(codings) == set(CODINGS)
        for entry in codings.values():
            assert entry.energy_per_forecast.nominal > 0


def test_operations_are_counted_of_the_other_family_only(network):
    with pytest.raises(UsageError, match="a SPikE-SSM-style network is estimated on a chip"):
        estimate(network, "cmos45")
