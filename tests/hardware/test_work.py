from dataclasses import replace

import numpy as np
import pytest

from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.hardware.activity_sources import golden_works, run_model, run_works
from lava_spikyspace.hardware.work import spread_evenly, work_of_counts
from lava_spikyspace.inputs import load
from lava_spikyspace.plan import CODINGS, MESSAGE
from lava_spikyspace.running import run
from netx_export.writer import write_network
from tests.random_networks import random_network


@pytest.fixture(scope="module")
def network():
    return random_network(8, wide=True, golden=4)


@pytest.fixture(scope="module")
def works(network):
    return golden_works(network)


@pytest.fixture(scope="module")
def model(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("work") / "model.net"
    write_network(network, path)
    return path


@pytest.fixture(scope="module", params=CODINGS)
def kept_run(request, network, model, tmp_path_factory):
    """A run of random rows in one coding, kept in a directory."""
    rng = np.random.default_rng(0)
    mean, scale = network.normalisation.mean, network.normalisation.scale
    table = mean + scale * rng.normal(size=(30, network.channels))
    result = run(
        load(model), table, backend="batch", coding=request.param, windows=6, clip_input=True
    )
    folder = tmp_path_factory.mktemp("run") / request.param
    result.save(folder)
    return request.param, result, folder


@pytest.mark.parametrize("coding", CODINGS)
def test_events_by_port_follow_from_the_counts(works, coding):
    work = works[coding]
    plain = work_of_counts(work.plan, work.counts, work.windows, "counts")
    read = {(a.source, a.port) for found in work.plan.arrivals.values() for a in found}
    for outlet in read:
        assert plain.events[outlet].sum() == work.events[outlet].sum(), outlet
        assert plain.events[outlet].shape == work.events[outlet].shape
    assert work.is_by_neuron
    assert not plain.is_by_neuron


def test_events_are_spread_evenly():
    assert spread_evenly(7, 3).tolist() == [3, 2, 2]
    assert spread_evenly(0, 2).tolist() == [0, 0]


def test_both_codings_of_the_golden_windows_have_the_same_codes(works):
    graded, unary = works["graded"], works["unary"]
    assert (graded.windows, unary.windows) == (4, 4)
    assert unary.steps == graded.steps * unary.plan.frame_steps
    for row, entry in graded.counts.items():
        assert unary.counts[row].firing_rate == entry.firing_rate
        assert unary.messages(row) >= graded.messages(row)


def test_counts_of_another_model_are_refused(works):
    other = golden_works(random_network(9, d_inner=5))["graded"]
    with pytest.raises(InputError, match="found other processes than the model has"):
        work_of_counts(works["graded"].plan, other.counts, 4, "there")


def test_without_golden_windows_other_sources_are_named():
    with pytest.raises(UsageError, match="no golden windows") as caught:
        golden_works(random_network(8, golden=0))
    assert "--activity" in caught.value.hint
    assert "--rate" in caught.value.hint


def test_a_run_directory_gives_its_counts_and_the_other_coding(network, kept_run):
    coding, result, folder = kept_run
    works = run_works(network, folder)
    assert tuple(works) == CODINGS
    assert works[coding].windows == 6
    assert {row.name: row for row in result.counts} == dict(works[coding].counts)
    (other,) = set(CODINGS) - {coding}
    assert "scaled" in works[other].origin
    # Links that carry values do not depend on the coding.
    for row in ("input", "blocks.0.norm", "blocks.1.out_proj.neuron"):
        assert works[other].messages(row) == works[coding].messages(row)
    expected = {row.name: row.neuron_updates for row in result.counts}
    factor = works[other].plan.frame_steps / works[coding].plan.frame_steps
    for row, entry in works[other].counts.items():
        assert entry.neuron_updates == expected[row] * factor


def test_the_other_coding_is_close_to_what_it_would_have_counted(network, model, kept_run):
    coding, _, folder = kept_run
    (other,) = set(CODINGS) - {coding}
    rng = np.random.default_rng(0)
    mean, scale = network.normalisation.mean, network.normalisation.scale
    table = mean + scale * rng.normal(size=(30, network.channels))
    truth = run(load(model), table, backend="batch", coding=other, windows=6, clip_input=True)
    scaled = run_works(network, folder)[other]
    assert sum(row.synops for row in scaled.counts.values()) == pytest.approx(
        sum(row.synops for row in truth.counts), rel=0.1
    )


def test_scaling_the_golden_windows_gives_the_golden_windows(network, works, kept_run, tmp_path):
    """A run whose counts are those of the golden windows, to the last event."""
    coding, result, _ = kept_run
    golden = works[coding]
    kept = replace(
        result,
        counts=tuple(golden.counts.values()),
        windows=result.windows[:4],
        forecasts=result.forecasts[:4],
    )
    kept.save(tmp_path / "run")
    (other,) = set(CODINGS) - {coding}
    scaled = run_works(network, tmp_path / "run")[other]
    for row, entry in works[other].counts.items():
        found = scaled.counts[row]
        assert (found.synops, found.events_in) == (entry.synops, entry.events_in)
        if "product" in row:  # sent in limbs only, each of which may be 0
            assert 0 < scaled.messages(row) <= works[other].messages(row)
        else:
            assert scaled.messages(row) == works[other].messages(row)


def test_without_golden_windows_a_run_has_one_coding(network, kept_run):
    coding, _, folder = kept_run
    assert tuple(run_works(replace(network, golden=None), folder)) == (coding,)


def test_a_run_knows_its_model(model, kept_run, tmp_path):
    _, _, folder = kept_run
    assert run_model(folder) == model
    assert run_works(load(model), folder)
    other = tmp_path / "other.net"
    write_network(random_network(9, wide=True), other)
    with pytest.raises(InputError, match="expected one of"):
        run_works(load(other), folder)


def test_messages_leave_limbs_out(works):
    work = works["graded"]
    assert work.messages("input") == work.events["input", MESSAGE].sum()
    assert work.counts["input"].graded_spikes > work.messages("input")
