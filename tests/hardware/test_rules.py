"""Every limit: nothing is found at it, one finding one beyond it."""

import pytest

from lava_spikyspace.hardware.groups import GroupGraph, Refusal
from lava_spikyspace.hardware.placement import assign, place
from lava_spikyspace.hardware.profile import numbers
from lava_spikyspace.hardware.profile_files import load_chip
from lava_spikyspace.hardware.rules import RULES, check_placement
from lava_spikyspace.hardware.usage import RESOURCES, Slice
from lava_spikyspace.network import Interval
from tests.hardware.boards import board, chain, neurons, synapses, with_statement


def pair(source=None, target=None, **values):
    """Two groups of one neuron each and the synapses between them."""
    a = neurons("a", 1, **{"on_host": True, **(source or {})})
    b = neurons("b", 1, **(target or {}))
    return GroupGraph((a, b), (synapses(a, b, **values),))


def found(graph, profile):
    return check_placement(place(graph, profile))


def signed(bits):
    return Interval.signed(bits)


AT_AND_BEYOND = {
    # rule: network by number, limit, board, subject, unit
    "graded-payload": (
        lambda n: pair(payload=signed(n) if n else None),
        0,
        load_chip("loihi1"),
        "a -> b (codes)",
    ),
    "payload-width": (
        lambda n: pair(payload=signed(n)),
        24,
        load_chip("loihi2"),
        "a -> b (codes)",
    ),
    "delay": (lambda n: pair(delay_steps=n), 62, load_chip("loihi2"), "a -> b (codes)"),
    "weight-bits": (lambda n: pair(weight_bits=n), 8, load_chip("loihi2"), "a-b"),
    "weight-exponent": (lambda n: pair(weight_exponent=n), 7, load_chip("loihi2"), "a-b"),
    "accumulator-width": (
        lambda n: pair(accumulator=signed(n)),
        24,
        load_chip("loihi2"),
        "a-b",
    ),
    "state-width": (
        lambda n: pair(target={"registers": {"v": signed(n)}}),
        24,
        load_chip("loihi2"),
        "b (v)",
    ),
    "product-width": (
        lambda n: pair(target={"products": {"drive": signed(n)}}),
        24,
        load_chip("loihi2"),
        "b (drive)",
    ),
    "neuron-operations": (
        lambda n: pair(target={"refusal": Refusal("too much", "less") if n else None}),
        0,
        load_chip("loihi2"),
        "b",
    ),
    "state-bytes": (lambda n: pair(target={"state_bytes": n}), 4096, load_chip("loihi2"), "b"),
    "cores": (
        lambda n: chain(1, n),
        6,
        board(neurons=1, usable_cores_per_chip=3, chips=2),
        "loihi2",
    ),
}


@pytest.mark.parametrize("code", AT_AND_BEYOND)
def test_at_the_limit_and_one_beyond_it(code):
    network, limit, profile, subject = AT_AND_BEYOND[code]
    assert found(network(limit), profile) == []
    (finding,) = found(network(limit + 1), profile)
    assert (finding.code, finding.where) == (code, subject)
    assert (finding.actual, finding.limit) == (limit + 1, limit)
    assert str(limit + 1) in finding.message
    assert finding.hint
    assert finding.unit


CORE = {
    # resource: graph on one core by number, limit of the test
    "neurons": (lambda n: (chain(1, n), [[Slice("layer1", 0, n)]]), 40),
    "neuron_groups": (
        lambda n: (chain(*[1] * (n + 1)), [[Slice(f"layer{i}", 0, 1) for i in range(1, n + 1)]]),
        5,
    ),
    "synapse_words": (lambda n: (chain(n, 1), [[Slice("layer1", 0, 1)]]), 30),
    "axons_in": (lambda n: (chain(n, 1), [[Slice("layer1", 0, 1)]]), 30),
    "axons_out": (
        lambda n: (chain(1, n, 1), [[Slice("layer1", 0, n)], [Slice("layer2", 0, 1)]]),
        30,
    ),
    # One word for the neuron, one for each list of synapses and one for each arriving axon.
    "total_words": (lambda n: (chain(n // 2, 1), [[Slice("layer1", 0, 1)]]), 31),
}


@pytest.mark.parametrize("resource", RESOURCES)
def test_a_core_at_its_limit_and_beyond_it(resource):
    network, limit = CORE[resource]
    profile = board(**{resource: limit})

    def on_one_core(number):
        graph, cores = network(number)
        return check_placement(assign(graph, profile, cores))

    assert on_one_core(limit) == []
    step = 2 if resource == "total_words" else 1
    (finding,) = on_one_core(limit + 1)
    assert finding.code == f"core-{resource.replace('_', '-')}"
    assert (finding.actual, finding.limit) == (limit - 1 + 1 + step, limit)
    assert finding.where.startswith("core 0 (layer1[0:")


@pytest.mark.parametrize("resource", ["neurons", "axons_out", "synapse_words"])
def test_splitting_as_the_hint_says_helps(resource):
    profile = board(**{resource: 30})
    graph = chain(2, 90, 1) if resource == "axons_out" else chain(2, 90)
    whole = [[Slice(group.name, 0, group.neurons)] for group in graph.on_cores]
    (finding,) = check_placement(assign(graph, profile, whole))
    pieces = 3 if resource != "synapse_words" else 2
    assert finding.hint == f"split it over {pieces} cores; the default placement does"
    assert check_placement(place(graph, profile)) == []


def test_summing_up_in_parts_as_the_hint_says_helps():
    graph, profile = chain(50, 1), board(axons_in=30)
    (finding,) = check_placement(assign(graph, profile, [[Slice("layer1", 0, 1)]]))
    assert "sum them up in parts" in finding.hint
    assert check_placement(place(graph, profile)) == []


def test_one_finding_names_the_worst_core_and_counts_the_others():
    cores = [[Slice("layer1", 0, 11)], [Slice("layer1", 11, 24)], [Slice("layer1", 24, 26)]]
    (finding,) = check_placement(assign(chain(1, 26), board(neurons=10), cores))
    assert finding.where == "core 1 (layer1[11:24])"
    assert "and 1 more cores exceed it" in finding.message


def test_a_neuron_with_too_many_inputs_for_binary_spikes():
    (finding,) = found(chain(4097, 2), board("loihi1", state_bytes=100))
    assert (finding.code, finding.actual, finding.limit) == ("core-axons-in", 4097, 4096)
    assert "--profile loihi2" in finding.hint
    assert found(chain(4096, 2), load_chip("loihi1")) == []
    assert found(chain(4097, 2), load_chip("loihi2")) == []


def test_exponents_have_two_ends():
    assert found(pair(weight_exponent=-7), load_chip("loihi2")) == []
    (finding,) = found(pair(weight_exponent=-8), load_chip("loihi2"))
    assert (finding.actual, finding.limit) == (-8, -7)


def test_signs_need_a_payload():
    spikes = pair(payload=None, is_signed=True)
    (finding,) = found(spikes, load_chip("loihi1"))
    assert finding.code == "signed-spike"
    assert found(spikes, load_chip("loihi2")) == []


def test_fixed_neurons_are_leaky_integrate_and_fire():
    program = pair(target={"program": "PTSiLU"})
    (finding,) = found(program, load_chip("loihi1"))
    assert (finding.code, finding.where) == ("neuron-program", "b")
    assert found(program, load_chip("loihi2")) == []
    assert found(pair(), load_chip("loihi1")) == []


@pytest.mark.parametrize(("interval", "next_one"), [(1, None), (64, None), (65, 128), (48, 64)])
def test_reset_intervals_are_powers_of_two(interval, next_one):
    graph = pair(target={"reset_interval": interval})
    findings = found(graph, load_chip("loihi2"))
    assert [finding.limit for finding in findings] == ([] if next_one is None else [next_one])
    assert found(graph, with_statement("loihi2", "reset_interval_is_power_of_two", False)) == []


def test_what_runs_beside_the_cores_has_no_limits():
    source = {"program": "WindowSource", "state_bytes": 10_000, "registers": {"v": signed(60)}}
    assert found(pair(source=source), load_chip("loihi1")) == []


def test_limits_that_are_not_known_are_not_checked():
    assert found(chain(1, 30, *[1] * 30), load_chip("loihi1")) == []  # groups per core
    profile = load_chip("loihi2")
    unknown = profile.widths.delay_steps.model_copy(
        update={"value": None, "evidence": None, "missing": "not public"}
    )
    widths = profile.widths.model_copy(update={"delay_steps": unknown})
    assert found(pair(delay_steps=999), profile.model_copy(update={"widths": widths})) == []


def test_the_larger_board_that_the_hint_names_is_large_enough():
    graph = chain(1, 121)
    small = board(neurons=1)
    (finding,) = found(graph, small)
    assert finding.code == "cores"
    # The board of the hint has the same cores; this one has limits of the test's own.
    assert finding.hint.startswith("a smaller model")
    wide = chain(9000, 600)  # two neurons a core
    (finding,) = found(wide, load_chip("loihi2"))
    assert "needs 3 chips" in finding.message
    name = finding.hint.split()[1]
    assert name == "kapoho_point"
    assert found(wide, load_chip(name)) == []


def test_the_table_of_rules_is_fit_for_the_docs():
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    places = {place for place, _ in numbers(load_chip("loihi2"))}
    for rule in RULES:
        assert rule.demand
        assert set(rule.limit.split(", ")) <= places, rule.code
    tested = {*AT_AND_BEYOND, *(f"core-{r.replace('_', '-')}" for r in RESOURCES)}
    assert set(codes) - tested == {"signed-spike", "neuron-program", "reset-interval"}


def test_a_finding_has_its_numbers():
    (finding,) = found(pair(delay_steps=63), load_chip("loihi2"))
    plain = finding.numbers()
    assert list(plain) == [
        "code", "severity", "subject", "actual", "limit", "unit", "message", "hint",
    ]  # fmt: skip
    assert set(finding.to_dict()) == {"code", "severity", "where", "message", "hint"}
