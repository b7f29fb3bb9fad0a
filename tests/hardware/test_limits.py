"""Every limit of every profile: nothing is found at it, its rule finds what is one beyond it.

The limits are those that the rules name, and the profiles those of the package: a new limit without
an entry here fails, and so does a new number of a profile that no rule looks at.
"""

from functools import cache, partial

import pytest

from lava_spikyspace.hardware.locations import profile_paths
from lava_spikyspace.hardware.placement import assign, place
from lava_spikyspace.hardware.profile import ADAPTER, ChipProfile, numbers
from lava_spikyspace.hardware.profile_files import load_profile
from lava_spikyspace.hardware.rules import RULES
from lava_spikyspace.hardware.usage import RESOURCES, Slice
from lava_spikyspace.network import Interval
from tests.hardware.boards import chain
from tests.hardware.test_rules import pair

CHIPS = tuple(name for name in profile_paths() if isinstance(load_profile(name), ChipProfile))
LIMITS = tuple(dict.fromkeys(place for rule in RULES for place in rule.limit.split(", ")))

NO_LIMITS = {
    # Sizes that the limits are counted in, and where the cores lie.
    "layout.cores_per_chip",
    "layout.cores_per_tile",
    "layout.tile_columns",
    "layout.tile_rows",
    "layout.embedded_processors",
}
PRICED = ("tables.", "energy.", "time.", "anchors.")
"""Numbers that are multiplied, not kept."""


@cache
def alone(profile: str, kept: str) -> ChipProfile:
    """Return a profile that has one limit of a core, or none if the limit is none of a core."""
    content = load_profile(profile).to_dict()
    for source in ("chip", "compiler"):
        for resource in RESOURCES:
            if f"core.{source}.{resource}" != kept:
                content["core"][source][resource].update(
                    value=None, low=None, high=None, evidence=None, missing="left out by the test"
                )
    return ADAPTER.validate_python(content)


def value_of(profile: ChipProfile, place_name: str):
    return dict(numbers(profile))[place_name].value


def on_one_core(profile, graph):
    slices = [Slice(group.name, 0, group.neurons) for group in graph.on_cores]
    return assign(graph, profile, [slices])


def words(profile, total):
    # One word for each neuron, one for each arriving axon, one for its list of synapses: for one
    # neuron an odd number, for two an even one.
    neurons = 2 - total % 2
    return on_one_core(profile, chain((total - neurons) // 2, neurons))


def sending(profile, axons):
    graph = chain(1, axons, 1)
    return assign(graph, profile, [[Slice("layer1", 0, axons)], [Slice("layer2", 0, 1)]])


def signed(bits):
    return Interval.signed(bits)


def boards_full(profile, surplus, unit):
    """Place one neuron on each core of all chips but for one more chip, or one more core."""
    per_chip = int(profile.layout.usable_cores_per_chip.value)
    cores = profile.usable_cores + surplus * (per_chip if unit == "chip" else 1)
    slices = [[Slice("layer1", index, index + 1)] for index in range(cores)]
    return assign(chain(1, cores), profile, slices)


# By limit: what is placed for a number, and the rules that have to find one beyond it.
CORE = {
    "neurons": lambda profile, n: on_one_core(profile, chain(1, n)),
    "neuron_groups": lambda profile, n: on_one_core(profile, chain(*[1] * (n + 1))),
    "synapse_words": lambda profile, n: on_one_core(profile, chain(n, 1)),
    "axons_in": lambda profile, n: on_one_core(profile, chain(n, 1)),
    "axons_out": sending,
    "total_words": words,
}


def of_pair(profile, number, make):
    return place(pair(**make(number)), profile)


WIDTHS = {
    "widths.payload_bits": (
        lambda n: {"payload": signed(n) if n else None},
        {"graded-payload", "payload-width"},
    ),
    "widths.delay_steps": (lambda n: {"delay_steps": n}, {"delay"}),
    "widths.weight_bits": (lambda n: {"weight_bits": n}, {"weight-bits"}),
    "widths.weight_exponent_max": (lambda n: {"weight_exponent": n}, {"weight-exponent"}),
    "widths.accumulator_bits": (lambda n: {"accumulator": signed(n)}, {"accumulator-width"}),
    "widths.state_bits": (
        lambda n: {"target": {"registers": {"v": signed(n)}, "products": {"p": signed(n)}}},
        {"state-width", "product-width"},
    ),
    "widths.state_bytes": (lambda n: {"target": {"state_bytes": n}}, {"state-bytes"}),
}

AT_AND_BEYOND = {
    **{
        f"core.{source}.{resource}": (make, {f"core-{resource.replace('_', '-')}"})
        for source in ("chip", "compiler")
        for resource, make in CORE.items()
    },
    **{name: (partial(of_pair, make=make), codes) for name, (make, codes) in WIDTHS.items()},
}
TESTED_APART = {
    "widths.weight_exponent_min",
    "features.programmable_neurons",
    "features.reset_interval_is_power_of_two",
    "layout.chips",
    "layout.usable_cores_per_chip",
}


def found(placement):
    """Codes of the findings of all rules but that of signs, which needs no number."""
    return {finding.code for rule in RULES for finding in rule.check(placement)}


def test_every_limit_that_a_rule_names_is_tested():
    assert set(LIMITS) == set(AT_AND_BEYOND) | TESTED_APART


@pytest.mark.parametrize("name", CHIPS)
def test_every_number_of_a_profile_is_a_limit_of_a_rule_or_no_limit(name):
    places = {place for place, _ in numbers(load_profile(name))}
    assert set(LIMITS) <= places
    left = {place for place in places - set(LIMITS) if not place.startswith(PRICED)}
    assert left == NO_LIMITS


@pytest.mark.parametrize("limit", AT_AND_BEYOND)
@pytest.mark.parametrize("name", CHIPS)
def test_at_the_limit_and_one_beyond_it(name, limit):
    make, codes = AT_AND_BEYOND[limit]
    profile = alone(name, limit)
    value = value_of(profile, limit)
    if value is None:  # not public: nothing is too much
        assert found(make(profile, 50_000 if limit != "core.chip.neuron_groups" else 300)) == set()
        return
    assert found(make(profile, int(value))) == set()
    beyond = found(make(profile, int(value) + 1))
    assert beyond
    assert beyond <= codes
    placement = make(profile, int(value) + 1)
    for rule in RULES:
        for finding in rule.check(placement):
            assert (finding.actual, finding.limit) == (value + 1, value)
            assert finding.hint


@pytest.mark.parametrize("name", CHIPS)
def test_the_least_exponent_and_one_below_it(name):
    profile = load_profile(name)
    least = int(value_of(profile, "widths.weight_exponent_min"))
    assert found(place(pair(weight_exponent=least), profile)) == set()
    assert found(place(pair(weight_exponent=least - 1), profile)) == {"weight-exponent"}


@pytest.mark.parametrize("unit", ["core", "chip"])
@pytest.mark.parametrize("name", CHIPS)
def test_a_full_board_and_one_more(name, unit):
    profile = load_profile(name)
    if profile.usable_cores > 5000:  # the same rule on fewer chips
        content = profile.to_dict()
        content["layout"]["chips"]["value"] = 3
        profile = ADAPTER.validate_python(content)
    assert found(boards_full(profile, 0, unit)) == set()
    assert found(boards_full(profile, 1, unit)) == {"cores"}


@pytest.mark.parametrize("name", CHIPS)
def test_what_a_chip_can_do_at_all(name):
    profile = load_profile(name)
    program = place(pair(target={"program": "PTSiLU"}), profile)
    is_fixed = not profile.features.programmable_neurons.value
    assert found(program) == ({"neuron-program"} if is_fixed else set())
    counts_powers = profile.features.reset_interval_is_power_of_two.value
    for interval, is_power in ((64, True), (65, False)):
        reset = place(pair(target={"reset_interval": interval}), profile)
        assert found(reset) == ({"reset-interval"} if counts_powers and not is_power else set())
