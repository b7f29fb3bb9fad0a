"""Check, placement and estimate of SPikE-SSM-style networks."""

import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.checking import check
from lava_spikyspace.hardware.describing import describe_plan
from lava_spikyspace.hardware.estimating import estimate
from lava_spikyspace.hardware.microcode.splitting import split_plan
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


def test_a_diagonal_state_space_is_placed_as_its_two_kinds(network):
    """One neuron for each complex state, one for each channel, as the programs have it."""
    for coding in CODINGS:
        plan = make_plan(network, coding)
        graph, kinds = describe_plan(plan), split_plan(plan)
        assert {g.name: g.neurons for g in graph.neurons} == {
            kind.name: kind.neurons for kind in kinds.kinds
        }
        assert graph.by_name["blocks.0.s4d.state"].neurons == 6 * 4
        assert graph.by_name["blocks.0.s4d"].neurons == 6
        reached = {
            (g.source, g.target, g.role): g.pattern.synapses
            for g in graph.synapses
            if g.target.startswith("blocks.0.s4d")
        }
        assert reached == {
            ("blocks.0.norm", "blocks.0.s4d.state", "message"): 24,
            ("blocks.0.norm", "blocks.0.s4d", "message"): 6,
            ("blocks.0.s4d.state", "blocks.0.s4d", "state"): 24,
        }


def test_the_state_of_a_complex_number_is_two_registers(network):
    plan = make_plan(network, "graded")
    (kind,) = [k for k in split_plan(plan).kinds if k.name == "blocks.0.s4d.state"]
    held = {name.split(".")[0] for name in kind.program.states}
    assert held == {"element", "real", "imag"}
    group = describe_plan(plan).by_name[kind.name]
    # Element, both registers, and what arrives; decay, shifts and what is read of the state.
    assert group.state_bytes >= 3 * (1 + 2 + 1) + 6


def test_states_are_charged_with_what_was_counted(network):
    entry = estimate(network, "loihi2").codings["graded"]
    charged = {row.name: row for row in entry.processes}
    for name in ("blocks.0.s4d.state", "blocks.0.s4d"):
        row, counts = charged[name], entry.work.counts[name]
        assert row.spikes == counts.graded_spikes > 0
        limbs = 2 if name == "blocks.0.s4d" else 1
        messages = entry.work.counts["blocks.0.s4d.state"].graded_spikes
        assert row.counts.synop == counts.synops + (limbs - 1) * messages
        assert row.counts.update_active + row.counts.update_inactive == counts.neuron_updates
    state, whole = (entry.work.counts[f"blocks.0.s4d{part}"] for part in (".state", ""))
    norm = entry.work.counts["blocks.0.norm"].graded_spikes
    assert (state.neurons, state.events_in, state.synops) == (24, norm, 4 * norm)
    assert (whole.neurons, whole.events_in) == (6, norm + state.graded_spikes)


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
