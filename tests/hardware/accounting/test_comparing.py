import json
from fractions import Fraction

import pytest

from lava_spikyspace.hardware.accounting.comparing import counted_rates, estimate_on_paper
from lava_spikyspace.hardware.activity_sources import golden_works
from lava_spikyspace.hardware.profile_files import load_accounting
from lava_spikyspace.hardware.stated_activity import stated_works
from tests.random_networks import random_network

NETWORK = random_network(4, golden=3, bits={"c": 3, "x": 1})
WORKS = golden_works(NETWORK)
CMOS45 = load_accounting("cmos45")


@pytest.fixture(scope="module")
def estimate():
    return estimate_on_paper(NETWORK, WORKS, CMOS45)


def test_rates_are_means_over_the_blocks():
    rates = counted_rates(NETWORK, WORKS["graded"])
    rows = WORKS["graded"].counts
    for firing, name, bits in (
        (rates.c, "in_proj.scan.neuron", 3),
        (rates.s, "conv.neuron", 2),
        (rates.delta, "delta.neuron", 2),
        (rates.delta1, "dt_proj.neuron", 2),
        (rates.x, "scan.state", 1),
        (rates.y, "scan.output", 2),
    ):
        mean = sum(rows[f"blocks.{i}.{name}"].firing_rate for i in (0, 1)) / 2
        assert firing.steps == 2**bits - 1
        assert float(firing.rate) == pytest.approx(mean)
    sent = sum(WORKS["graded"].messages(f"blocks.{i}.product") for i in (0, 1))
    assert rates.gated == Fraction(sent, 2 * 4 * 3 * NETWORK.window)


def test_rates_do_not_depend_on_the_coding():
    assert counted_rates(NETWORK, WORKS["graded"]) == counted_rates(NETWORK, WORKS["unary"])


def test_a_stated_rate_comes_back():
    rates = counted_rates(NETWORK, stated_works(NETWORK, 0.25)["unary"])
    assert float(rates.s.rate) == pytest.approx(0.25, abs=0.01)


def test_claims_stand_beside_what_was_counted(estimate):
    rows = {(row.name, row.accounting): row for row in estimate.published_task}
    released = rows["SpikySpace", "released"]
    assert round(float(released.energy.total), 4) == 0.1687
    assert float(released.published_energy.value) == 0.12
    assert float(rows["iTransformer", "complete"].published_energy.value) == 9.47
    assert rows["GRU", "complete"].published_energy.value is None
    assert {row.name for row in estimate.published_task} == {
        "SpikySpace",
        "iTransformer",
        "iSpikformer",
        "GRU",
        "Mamba, float",
    }


def test_the_model_stands_beside_the_others_on_its_own_task(estimate):
    names = [(row.name, row.accounting) for row in estimate.model_task]
    assert names[:2] == [("this model", "released"), ("this model", "complete")]
    assert all(row.published_energy is None for row in estimate.model_task)
    complete = estimate.model_task[1]
    assert sum(e.total for e in estimate.stages.values()) == complete.energy.total


def test_the_ledger_names_constants_and_claims(estimate):
    ledger = {entry.subject: entry.text for entry in estimate.assumptions}
    for name, number in CMOS45.operations:
        assert str(number.value) in ledger[f"operations.{name}"]
    assert "0.169" in ledger["published, spikyspace"]
    assert "its own size is not published" in ledger["GRU"]
    assert "golden windows" in ledger["counts of this model"]


def test_plain_values(estimate):
    plain = json.loads(json.dumps(estimate.to_dict()))
    first = plain["published_task"][0]
    assert first["total_mj"] == pytest.approx(0.168667, abs=1e-6)
    assert first["published_mj"] == 0.12
    assert first["published_parameters"] == 868000
    assert set(plain) == {"profile", "published_task", "model_task", "stages", "assumptions"}
