"""`lss verify`: golden windows replayed."""

from dataclasses import replace

import pytest

from lava_spikyspace.cli.verify import verify
from netx_export.writer import write_network
from tests.run_cases import small_network


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture
def model(network, tmp_path):
    write_network(network, tmp_path / "m.net")
    return tmp_path / "m.net"


@pytest.fixture
def broken(network, tmp_path):
    """A model whose file is in order, and whose first golden forecast is off by one."""
    forecasts = network.golden.forecasts.copy()
    forecasts[0, 0, 0] += 1
    golden = replace(network.golden, forecasts=forecasts)
    write_network(replace(network, golden=golden), tmp_path / "b.net")
    return tmp_path / "b.net"


def test_equal(call, model, network):
    called = call(verify, "probe", str(model), "--strict")
    count = len(network.golden.digests)
    assert called.code == 0
    assert called.stdout == f"2 golden windows on batch: {count} of {count} records equal\n"
    assert called.stderr == f"next: lss check {model}\n"


def test_json(call, model, network):
    envelope = call(verify, "probe", str(model), "--coding", "unary", "--json").envelope
    assert envelope["ok"] is True
    assert envelope["backend"] == "batch"
    assert envelope["model"]["path"] == str(model)
    data = envelope["data"]
    assert set(data) == {"windows", "records", "equal", "mismatches", "runtime", "coding"}
    assert (data["windows"], data["equal"], data["mismatches"]) == (2, len(data["records"]), [])
    assert set(data["records"]) == set(network.golden.digests)
    assert data["coding"] == "unary"


def test_the_simulator(call, model):
    pytest.importorskip("lava.magma")
    envelope = call(verify, "probe", str(model), "--backend", "sim", "--json").envelope
    assert envelope["ok"] is True
    assert envelope["data"]["runtime"] == "inprocess"


def test_unequal(call, broken):
    called = call(verify, "probe", str(broken))
    assert called.code == 1
    assert "head: error: 1 of 16 forecasts differ" in called.stdout
    assert "[golden-forecast-differs]" in called.stdout
    envelope = call(verify, "probe", str(broken), "--json").envelope
    assert envelope["ok"] is False
    assert [entry["code"] for entry in envelope["diagnostics"]] == ["golden-forecast-differs"]
    assert envelope["data"]["mismatches"] == envelope["diagnostics"]


def test_nothing_to_replay(call, network, tmp_path):
    write_network(replace(network, golden=None), tmp_path / "m.net")
    called = call(verify, "probe", str(tmp_path / "m.net"))
    assert called.code == 3
    assert "no golden windows" in called.stderr


def test_no_file(call, tmp_path):
    assert call(verify, "probe", str(tmp_path / "m.net")).code == 3


def test_backend_that_is_not_here(call, model):
    assert call(verify, "probe", str(model), "--backend", "loihi2").code == 4
