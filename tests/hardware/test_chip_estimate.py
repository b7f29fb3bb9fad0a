"""Counts, routes, energy and time of work on a chip, each recounted from its definition."""

import json
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from lava_spikyspace.errors import InputError
from lava_spikyspace.hardware.activity_sources import golden_works
from lava_spikyspace.hardware.charging import EVENTS, charge, constants
from lava_spikyspace.hardware.chip_estimate import decimal_text, estimate_on_chip
from lava_spikyspace.hardware.describing import describe_plan
from lava_spikyspace.hardware.pacing import core_loads, step_time
from lava_spikyspace.hardware.placement import place
from lava_spikyspace.hardware.profile_files import load_chip
from lava_spikyspace.hardware.routing import events_of, route
from lava_spikyspace.hardware.work import work_of_counts
from lava_spikyspace.network import ScanLayer
from lava_spikyspace.plan import CODINGS
from tests.hardware.boards import board
from tests.older_runs import before_squares
from tests.random_networks import random_network

NETWORK = random_network(5, channels=8, d_inner=6, d_state=4, wide=True, golden=3)
WORKS = golden_works(NETWORK)
SMALL = board(
    neurons=8, synapse_words=150, axons_in=200, usable_cores_per_chip=10, chips=9, total_words=500
)


@pytest.fixture(scope="module", params=CODINGS)
def work(request):
    return WORKS[request.param]


@pytest.fixture(scope="module")
def placement(work):
    found = place(describe_plan(work.plan), SMALL)
    assert len(found.cores) > 12
    assert found.chips > 1
    return found


@pytest.fixture(scope="module")
def routes(placement, work):
    return route(placement, work)


def core_of(placement, group, neuron):
    for core, run in placement.sites[group]:
        if run.start <= neuron < run.stop:
            return core
    raise AssertionError(f"{group}[{neuron}] lies nowhere")


def test_packets_and_hops_neuron_by_neuron(placement, work, routes):
    expected = {group.name: np.zeros(4, dtype=np.int64) for group in placement.graph.neurons}
    longest = 0
    for links in placement.graph.synapses:
        events = events_of(placement, links, work)
        reaches = [set() for _ in events]
        for target in range(links.pattern.targets):
            core = core_of(placement, links.target, target)
            for sender in np.flatnonzero(links.pattern.reaching(target, target + 1)):
                reaches[sender].add(core.index)
        for sender, (count, cores) in enumerate(zip(events.tolist(), reaches, strict=True)):
            for index in cores:
                target = placement.cores[index]
                row = np.array([count, 0, 0, 0])
                if not placement.graph.by_name[links.source].on_host:
                    source = core_of(placement, links.source, links.pattern.first + sender)
                    if source.chip != target.chip:
                        row[3] = count
                    else:
                        hops = [abs(source.column - target.column), abs(source.row - target.row)]
                        row[1:3] = [count * hop for hop in hops]
                        longest = max(longest, sum(hops)) if count else longest
                expected[links.source] += row
    for name, packets in routes.by_row.items():
        found = [
            packets.packets,
            packets.hops_east_west,
            packets.hops_north_south,
            packets.chip_crossings,
        ]
        assert found == expected[name].tolist(), name
    assert sum(routes.longest) == longest > 0
    assert sum(p.chip_crossings for p in routes.by_row.values()) > 0
    total = sum(p.packets for p in routes.by_row.values())
    assert sum(routes.received.values()) == total
    from_host = routes.by_row["input"].packets
    assert sum(routes.sent.values()) == total - from_host


def further_limbs(placement, work):
    """Return by row one operation for each limb but the first of each message inside a process."""
    ports = {(group.source, group.row, group.port) for group in placement.graph.inside}
    limbs = Counter((source, row) for source, row, _ in ports)
    further = Counter()
    for (source, row), count in limbs.items():
        further[row] += (count - 1) * work.messages(source)
    return +further


def test_synops_and_updates_are_those_of_the_counts(placement, work):
    estimate = estimate_on_chip({work.coding: work}, SMALL)
    (entry,) = estimate.codings.values()
    charged = {row.name: row for row in entry.processes}
    assert list(charged) == list(work.counts)
    further = further_limbs(placement, work)
    assert any(row.endswith(".norm") for row in further)  # squares have more than one word
    for name, counts in work.counts.items():
        row = charged[name].counts
        assert row.synop == counts.synops + further.get(name, 0)
        updates = row.update_active + row.update_inactive
        assert updates == (0 if name == "input" else counts.neuron_updates)
        assert row.update_active == (0 if name == "input" else min(work.messages(name), updates))


@pytest.mark.parametrize("profile", ["loihi1", "loihi2", "kapoho_point", SMALL])
def test_totals_are_sums_of_count_times_constant_to_the_last_digit(profile, work):
    chip = load_chip(profile)
    estimate = estimate_on_chip({work.coding: work}, chip)
    data = json.loads(json.dumps(estimate.to_dict()), parse_float=Decimal)
    entry = data["codings"][work.coding]
    prices = {name: price for name, price in data["constants_pj"].items() if price is not None}
    assert set(prices) == set(EVENTS) - {"chip_crossing"}
    for level in ("low", "nominal", "high"):
        total = Decimal(0)
        for process in entry["processes"]:
            energy = sum(Decimal(prices[n][level]) * process[n] for n in prices)
            assert Decimal(process["energy_pj_exact"][level]) == energy
            assert process["energy_pj"][level] == energy
            total += energy
        assert Decimal(entry["totals"]["energy_pj_exact"][level]) == total
        assert entry["totals"]["energy_pj"][level] == total
        by_event = {n: Decimal(prices[n][level]) * entry["totals"][n] for n in prices}
        assert {n: e[level] for n, e in entry["energy_by_event_pj"].items()} == by_event
    for name in ("spikes", *EVENTS):
        assert entry["totals"][name] == sum(process[name] for process in entry["processes"])


def test_energy_and_time_of_a_forecast(work):
    entry = estimate_on_chip({work.coding: work}, SMALL).codings[work.coding]
    assert entry.energy_per_forecast * 3 == entry.energy
    assert entry.steps_per_forecast == NETWORK.window * work.plan.frame_steps
    step = entry.step.step
    assert entry.time_per_forecast == step * entry.steps_per_forecast
    assert entry.latency == step * (entry.steps_per_forecast + work.plan.latency_steps)
    watts = Fraction("0.232") * entry.placement.chips
    assert entry.static_power.nominal == watts
    static = watts * entry.time_per_forecast.nominal * 1000
    assert entry.static_energy_per_forecast.nominal == static


def test_a_step_takes_as_long_as_the_most_of_its_bounds(placement, work, routes):
    times = step_time(placement, work, routes)
    bounds = times.bounds
    assert set(bounds) == {"synapses", "neurons", "traffic", "route", "barrier"}
    for level in ("low", "nominal", "high"):
        assert getattr(times.step, level) == max(getattr(b, level) for b in bounds.values())
    assert bounds[times.limited_by].nominal == times.step.nominal
    assert times.barrier.nominal == 200
    loads = core_loads(placement, work, routes)
    chip = SMALL.time
    slowest = max(loads.values(), key=lambda load: load.synops)
    assert float(bounds["synapses"].nominal) == pytest.approx(
        slowest.synops * float(chip.synop.value)
    )
    busy = max(
        load.active * float(chip.update_active.value)
        + load.inactive * float(chip.update_inactive.value)
        for load in loads.values()
    )
    assert float(bounds["neurons"].nominal) == pytest.approx(busy)


def test_the_loads_of_all_cores_are_what_is_charged(placement, work, routes):
    loads = core_loads(placement, work, routes).values()
    charged = charge(placement, work, routes)
    synops = sum(row.counts.synop for row in charged)
    assert sum(load.synops for load in loads) * work.steps == pytest.approx(synops)
    for kind in ("active", "inactive"):
        updates = sum(getattr(row.counts, f"update_{kind}") for row in charged)
        spent = sum(getattr(load, kind) for load in loads)
        assert spent * work.steps == pytest.approx(updates)


def test_a_longer_barrier_makes_a_longer_step(placement, work, routes):
    content = SMALL.to_dict()
    content["time"]["barrier"].update(value=10**6, low=10**6, high=10**6)
    from lava_spikyspace.hardware.profile import ADAPTER

    slow = place(describe_plan(work.plan), ADAPTER.validate_python(content))
    times = step_time(slow, work, route(slow, work))
    assert times.limited_by == "barrier"
    assert times.step.nominal == 10**6


def test_the_ledger_names_every_constant_and_its_evidence(work):
    estimate = estimate_on_chip(WORKS, SMALL)
    ledger = {entry.subject: entry for entry in estimate.assumptions}
    for section in ("energy", "time"):
        for name, number in getattr(SMALL, section):
            entry = ledger[f"{section}.{name}"]
            assert entry.evidence == number.evidence
            assert str(number.value) in entry.text or "not charged" in entry.text
    assert ledger["energy.synop"].evidence == "proxy"
    assert "golden windows" in ledger["counts, unary"].text
    assert {"payloads", "neuron programs", "time", "chip crossings"} <= set(ledger)
    assert "all its limbs" in ledger["messages inside a process"].text
    assert "on a chip it takes one" in ledger["latency"].text
    assert any(layer.level[0] for layer in NETWORK if isinstance(layer, ScanLayer))
    assert "a state of code 0 sends one" in ledger["messages of states"].text


def test_partial_sums_are_charged_and_stated():
    narrow = board(axons_in=20, usable_cores_per_chip=200)
    network = random_network(5, channels=24, d_inner=3, blocks=1, golden=2)
    estimate = estimate_on_chip(golden_works(network), narrow)
    entry = estimate.codings["graded"]
    sums = [row for row in entry.processes if ".part" in row.name]
    assert sums
    frames = 2 * network.window
    for row in sums:
        neurons = entry.placement.graph.by_name[row.name].neurons
        assert row.spikes == row.counts.synop == row.counts.update_active == neurons * frames
    assert "partial sums" in {a.subject for a in estimate.assumptions}
    counted = sum(row.synops for row in entry.work.counts.values())
    further = sum(further_limbs(entry.placement, entry.work).values())
    assert entry.counts.synop == counted + further + sum(row.spikes for row in sums)


def test_counts_of_an_earlier_version_are_refused(work):
    """Squares were counted with the root then."""
    older = {row.name: row for row in before_squares(tuple(work.counts.values()))}
    with pytest.raises(InputError, match=r"no row for blocks\.0\.norm\.squares, blocks\.1\.norm"):
        work_of_counts(work.plan, older, work.windows, "an old run")
    other = {name: row for name, row in work.counts.items() if name != "head"}
    other["tail"] = work.counts["head"]
    with pytest.raises(InputError, match="other processes than the model has: head"):
        work_of_counts(work.plan, other, work.windows, "another run")


def test_a_model_that_does_not_fit_is_estimated_with_a_warning():
    estimate = estimate_on_chip(WORKS, load_chip("loihi1"))
    assert [found.code for found in estimate.diagnostics] == ["does-not-fit"] * 2


def test_constants_without_a_number_are_left_out():
    assert set(constants(load_chip("loihi2").energy)) == set(EVENTS) - {"chip_crossing"}


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0"), ("12", "12"), ("0.5", "0.5"), ("1234567.89", "1234567.89"), ("0.0625", "0.0625")],
)
def test_fractions_are_written_with_all_their_digits(value, text):
    assert decimal_text(Fraction(value)) == text
