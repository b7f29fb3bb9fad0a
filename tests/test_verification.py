"""`lava_spikyspace.verification`: golden windows replayed."""

from dataclasses import replace

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.errors import BackendUnavailableError, ModelFileError
from lava_spikyspace.plan import CODINGS
from netx_export.writer import write_network
from tests.random_networks import random_network
from tests.run_cases import small_network


@pytest.fixture(scope="module")
def network():
    return small_network()


def changed(network, name, **fields):
    """Return the network with one layer changed."""
    layers = [
        replace(layer, **{field: change(getattr(layer, field)) for field, change in fields.items()})
        if layer.name == name
        else layer
        for layer in network
    ]
    return replace(network, layers=tuple(layers))


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("sizes", [{}, {"wide": True, "blocks": 2}, {"instance": True}])
def test_batch_reproduces_what_was_recorded(sizes, coding):
    network = random_network(11, **sizes)
    result = lss.verify(network, coding=coding, strict=True)
    assert result.ok
    assert result.mismatches == ()
    assert set(result.records) == set(network.golden.digests)
    assert result.to_dict()["equal"] == len(result.records)
    assert result.windows == 2


@pytest.mark.parametrize("coding", CODINGS)
def test_sim_reproduces_what_was_recorded(network, coding):
    pytest.importorskip("lava.magma")
    result = lss.verify(network, backend="sim", coding=coding, strict=True)
    assert result.ok
    assert result.runtime == "inprocess"
    assert result.records == lss.verify(network).records


def test_a_changed_parameter_is_found_where_it_acts(network):
    broken = changed(network, "blocks.0.out_proj", add=lambda add: add + (1 << 14))
    result = lss.verify(broken)
    assert not result.ok
    places = [finding.where for finding in result.mismatches]
    assert places[0] == "blocks.0.out_proj"
    assert set(places) == {"blocks.0.out_proj", "head"}
    assert [f.code for f in result.mismatches] == [
        "golden-codes-differ",
        "golden-codes-differ",
        "golden-forecast-differs",
    ]
    assert result.to_dict()["equal"] == len(result.records) - 2


def test_one_forecast_is_named(network):
    forecasts = network.golden.forecasts.copy()
    forecasts[1, 0, 2] += 1
    broken = replace(network, golden=replace(network.golden, forecasts=forecasts))
    (finding,) = lss.verify(broken).mismatches
    assert finding.code == "golden-forecast-differs"
    assert "1 of 16 forecasts differ" in finding.message
    assert "window 1, step 1, variate 2" in finding.message
    assert f"expected {forecasts[1, 0, 2]}" in finding.message


def test_forecasts_of_another_shape(network):
    forecasts = network.golden.forecasts[:, :1]
    broken = replace(network, golden=replace(network.golden, forecasts=forecasts))
    assert [f.code for f in lss.verify(broken).mismatches] == ["golden-forecast-shape"]


def test_a_digest_that_is_missing_or_too_much(network):
    digests = dict(network.golden.digests)
    digests["blocks.9.scan"] = digests.pop("blocks.0.scan")
    broken = replace(network, golden=replace(network.golden, digests=digests))
    findings = {finding.code: finding.where for finding in lss.verify(broken).mismatches}
    assert findings == {
        "golden-digest-missing": "blocks.0.scan",
        "golden-digest-unknown": "blocks.9.scan",
    }


@pytest.mark.parametrize("windows", [0, None])
def test_a_model_without_golden_windows(network, tmp_path, windows):
    golden = network.golden
    empty = None if windows is None else replace(golden, inputs=golden.inputs[:0])
    with pytest.raises(ModelFileError, match="no golden windows") as caught:
        lss.verify(replace(network, golden=empty))
    assert "--golden" in caught.value.hint


def test_a_file_is_named(network, tmp_path):
    path = tmp_path / "m.net"
    write_network(replace(network, golden=None), path)
    with pytest.raises(ModelFileError, match=r"m\.net: has no golden windows"):
        lss.verify(path)


def test_a_backend_that_is_not_here(network):
    with pytest.raises(BackendUnavailableError):
        lss.verify(network, backend="loihi2")


def test_progress(network):
    seen = []
    lss.verify(network, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 2)]


def test_golden_windows_are_not_changed(network):
    before = network.golden.inputs.copy()
    lss.verify(network)
    np.testing.assert_array_equal(network.golden.inputs, before)
