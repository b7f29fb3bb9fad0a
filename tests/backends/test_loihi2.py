"""The Loihi 2 backend: against a stand-in for Intel's extension, and without any."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.backends import loihi2, selection
from lava_spikyspace.backends.base import EngineResult
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.deployment import (
    EXTENSION_MODELS,
    ON_HOST,
    SYNAPSES,
    Deployed,
    expected_deployment,
)
from lava_spikyspace.backends.loihi2 import Loihi2Backend, loihi2_readiness
from lava_spikyspace.backends.loihi_host import GENERATIONS, LoihiHost
from lava_spikyspace.backends.measurement import Measurement
from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.plan import make_plan
from lava_spikyspace.profiling.counters import count_processes
from lava_spikyspace.results import RunResult
from tests.random_networks import random_network
from tests.run_cases import walk_values

STAND_IN = Path(__file__).parent / "stand_in"


@pytest.fixture(scope="module")
def plan():
    return make_plan(random_network(3, channels=4, window=4, blocks=1, golden=0), "graded")


# ------------------------------------------------------------ without the extension


def test_every_process_is_told_where_it_belongs_and_what_it_lacks(plan):
    rows = {row.process: row for row in expected_deployment(plan)}
    assert set(rows) >= {process.name for process in plan.processes}
    for process in plan.processes:
        row = rows[process.name]
        assert row.runs == "host"
        if process.kind in ON_HOST:
            assert (row.belongs, row.missing) == ("host", None)
        elif process.kind in EXTENSION_MODELS:
            # There is a model of the synapses, but not of the neurons on whose core they lie.
            (target,) = {link.target for link in plan.links if link.source == process.name}
            assert row.missing == f"model of {rows[target].type}"
        else:
            assert (row.belongs, row.missing) == ("neurocore", f"model of {process.kind}")
    adapters = [row for row in rows.values() if row.belongs == "embedded"]
    assert {row.type for row in adapters} == {"PyToNxAdapter", "NxToPyAdapter"}
    assert {(row.runs, row.missing) for row in adapters} == {(None, "Intel's extension")}


def test_an_absent_extension_is_no_backend(plan, monkeypatch):
    monkeypatch.setattr(loihi2, "backend_availability", lambda: (lacking("not installed"),))
    ready = loihi2_readiness(plan)
    assert (ready.reason, ready.hint) == ("not installed", "ask Intel")
    assert ready.deployment == expected_deployment(plan)
    with pytest.raises(BackendUnavailableError, match="not installed") as caught:
        Loihi2Backend().run(plan, np.zeros((1, plan.network.window, 4), dtype=np.int64))
    assert caught.value.exit_code == 4


def lacking(reason):
    return lss.availability.Availability("loihi2", "", reason is None, reason, "ask Intel")


def test_an_extension_that_cannot_be_imported_is_told(plan, monkeypatch):
    pytest.importorskip("lava.magma")
    from lava_spikyspace.backends import vendor

    monkeypatch.setattr(loihi2, "backend_availability", lambda: (lacking(None),))
    monkeypatch.setattr(vendor, "PROBLEM", "No module named 'nxcore'")
    assert "No module named 'nxcore'" in loihi2_readiness(plan).reason


def test_a_run_needs_a_window(plan):
    with pytest.raises(UsageError, match="at least one window"):
        Loihi2Backend().run(plan, np.zeros((0, plan.network.window, 4), dtype=np.int64))


# ------------------------------------------------------------ with a stand-in


NEURONS = ("RmsNorm", "NormEncoder", "PTSiLU", "ThresholdEncoder", "LinearNeuron", "PTSoftplus")
ALL = ("Dense", "CausalConv", *NEURONS, "SelectiveScan", "Product", "Residual")
FEW = ("LinearNeuron", "Product")

CALLS = {
    "shim": ("shim",),
    "order": ("order",),
    "dense": ("places", ("Dense",)),
    "B and C": ("places", ("Dense", "LinearNeuron", "WindowSource")),
    ("all", "graded"): ("run_mixed", ALL, "graded"),
    ("all", "unary"): ("run_mixed", ALL, "unary"),
    ("few", "graded"): ("run_mixed", FEW, "graded"),
    "probe": ("probe", 100),
    # Takes attributes away: the last one.
    "poor probe": (
        "probe",
        100,
        (("Loihi2ExecutionTime", "avg_time_per_step"), ("Loihi2Activity", "core_idx")),
    ),
}


@pytest.fixture(scope="module")
def done():
    """Results of functions of `chip_jobs`, called where the stand-in can be imported."""
    pytest.importorskip("lava.magma")
    from lava_spikyspace.runtime.guard import run_guarded
    from tests.backends import chip_jobs

    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(STAND_IN))
        results = run_guarded(chip_jobs.call_all, list(CALLS.values()), timeout_s=300)
    return dict(zip(CALLS, results, strict=True))


def test_the_shim_finds_the_extension(done):
    assert done["shim"] == (True, None)


def test_neurocore_models_come_first_then_embedded_then_python_as_lava_has_it(done):
    ours, lavas = done["order"]
    assert ours == {
        "all": "neurocore",
        "general": "neurocore",
        "no neurocore": "embedded",
        "python": "host",
        "other chip": "host",
    }
    assert lavas == ours


def test_without_models_of_neurons_all_runs_on_the_host(done):
    reason, rows = done["dense"]
    assert reason is None
    assert {row["runs"] for row in rows} == {"host"}
    assert all(row["model"].startswith("Py") for row in rows)
    missing = {row["type"]: row["missing"] for row in rows if row["type"] not in SYNAPSES}
    assert missing.pop("WindowSource") is None
    assert missing.pop("ForecastHead") is None
    assert missing == {kind: f"model of {kind}" for kind in missing}


def test_synapses_go_to_cores_with_their_neurons_only(done):
    _, rows = done["B and C"]
    by_name = {row["process"]: row for row in rows}
    on_cores = {name for name, row in by_name.items() if row["runs"] == "neurocore"}
    assert on_cores == {
        f"blocks.0.{name}.{part}" for name in "BC" for part in ("synapses", "neuron")
    }
    adapters = {name: row["type"] for name, row in by_name.items() if row["runs"] == "embedded"}
    assert adapters == {
        "blocks.0.conv.neuron.message-blocks.0.B.synapses": "PyToNxAdapter",
        "blocks.0.conv.neuron.message-blocks.0.C.synapses": "PyToNxAdapter",
        "blocks.0.B.neuron.message-blocks.0.scan": "NxToPyAdapter",
        "blocks.0.C.neuron.message-blocks.0.scan": "NxToPyAdapter",
    }
    assert by_name["blocks.0.out_proj.synapses"]["missing"] == "model of Residual"


@pytest.mark.parametrize(
    ("name", "kinds", "coding"),
    [("all", ALL, "graded"), ("all", ALL, "unary"), ("few", FEW, "graded")],
)
def test_a_graph_over_host_and_cores_computes_the_same(done, name, kinds, coding):
    rows, widths, is_same, nonzero = done[name, coding]
    assert is_same
    assert nonzero > 10
    runs = {row["type"]: row["runs"] for row in rows}
    assert {kind for kind, place in runs.items() if place == "neurocore"} == set(kinds)
    assert {row["process"] for row in rows if row["runs"] == "embedded"} == set(widths)
    codes = {name for name in widths if "conv.neuron" in name.split("-")[0]}
    assert {widths[name] for name in codes} <= {0 if coding == "unary" else 24}
    assert {widths[name] for name in set(widths) - codes} <= {0, 24}


def test_profilers_are_attached_and_read(done):
    names, found = done["probe"]
    assert names == ["Loihi2Power", "Loihi2ExecutionTime", "Loihi2Activity", "Loihi2Memory"]
    assert found["cores"] == [
        {"core": 3, "spikes_in": 10, "syn_ops": 4, "dendrite_updates": 5},
        {"core": 4, "spikes_in": 20, "syn_ops": 6, "dendrite_updates": 6},
    ]
    assert found["totals"]["syn_ops"] == 10
    assert (found["total_power_w"], found["static_power_w"]) == (0.6, 0.25)
    assert found["time_s"] == pytest.approx(800e-6)
    assert found["dynamic_energy_j"] == pytest.approx(0.35 * 800e-6)
    assert found["io_power_w"] is None


def test_what_a_profiler_does_not_offer_is_none(done):
    _, found = done["poor probe"]
    assert found["time_per_step_us"] is found["dynamic_energy_j"] is None
    assert found["cores"] == []


def test_a_whole_run_has_the_results_of_the_simulator(monkeypatch, tmp_path):
    pytest.importorskip("lava.magma")
    monkeypatch.syspath_prepend(str(STAND_IN))
    monkeypatch.setattr(loihi2, "loihi2_readiness", lambda plan: loihi2.Readiness(None, None, ()))
    everything = (lacking(None), lss.availability.Availability("batch", "", available=True))
    monkeypatch.setattr(selection, "backend_availability", lambda: everything)
    network = random_network(3, channels=4, window=4, d_inner=3, d_state=2, blocks=1, golden=0)
    table = walk_values(network, 4 + network.window)
    result = lss.run(network, table, backend="loihi2", windows=2)
    expected = lss.run(network, table, backend="batch", windows=2)
    assert np.array_equal(result.forecasts, expected.forecasts)
    assert result.counts == expected.counts
    assert (result.backend, result.runtime) == ("loihi2", None)
    assert {row.runs for row in result.deployment} == {"host"}
    assert "nothing-on-cores" in [entry.code for entry in result.diagnostics]
    result.save(tmp_path / "run")
    loaded = RunResult.load(tmp_path / "run")
    assert loaded.deployment == result.deployment
    assert loaded.to_dict() == result.to_dict()


# ------------------------------------------------------------ counts of processes on cores


def test_processes_on_cores_get_the_counts_of_the_integer_engine(plan):
    windows = np.full((2, plan.network.window, 4), 3)
    reference = BatchBackend().run(plan, windows)
    expected = count_processes(plan, reference.activities, 2)
    rows = ("blocks.0.B.neuron", "blocks.0.product")
    left = {row: one for row, one in reference.activities.items() if row not in rows}
    where = tuple(Deployed(process=r, type="", belongs="neurocore", runs="neurocore") for r in rows)

    def completed(forecasts):
        result = EngineResult(forecasts, left, deployment=where)
        return loihi2._completed(plan, windows, result)

    same = completed(reference.forecasts)
    assert list(same.activities) == list(reference.activities)
    assert count_processes(plan, same.activities, 2) == expected
    assert [entry.code for entry in same.diagnostics] == ["counted-by-batch"]
    other = completed(reference.forecasts + 1)
    assert [entry.code for entry in other.diagnostics] == ["counted-by-batch", "chip-differs"]


def test_a_measurement_survives_its_plain_values():
    found = Measurement(10, ({"core": 1, "syn_ops": 5},), 2.0, 0.5, 0.25, None, None, None)
    assert Measurement.from_dict(found.to_dict()) == found
    assert found.to_dict()["dynamic_energy_j"] == pytest.approx(0.25 * 20e-6)


# ------------------------------------------------------------ hosts


def test_generations_are_those_of_lava():
    loihi = pytest.importorskip("lava.utils.loihi")
    known = {generation.name for generation in loihi.ChipGeneration}
    assert set(GENERATIONS) == known - {"N2A2"}  # which is Loihi 1


@pytest.mark.parametrize("slurm", [{"slurm": True}, {"partition": "kp"}, {"board": "ncl-1"}])
def test_slurm_and_ethernet_exclude_each_other(slurm):
    with pytest.raises(UsageError, match=r"10\.1\.2\.3"):
        LoihiHost(address="10.1.2.3", **slurm)


def test_unknown_generations_list_the_known():
    with pytest.raises(UsageError, match="N3B2, N3B3, N3C1, N3D1"):
        LoihiHost(generation="N9")


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Programs of a host's own, first on the path."""

    def make(**scripts):
        for name, text in scripts.items():
            file = tmp_path / name
            file.write_text(f"#!/bin/sh\n{text}\n")
            file.chmod(file.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")

    return make


VARIABLES = (
    "SLURM",
    "NOSLURM",
    "BOARD",
    "PARTITION",
    "LOIHI_GEN",
    "NXSDKHOST",
    "HOST_BINARY",
)


@pytest.fixture
def job(monkeypatch):
    """Choose a host; return the variables that this sets, or why it failed."""
    pytest.importorskip("lava.magma")
    monkeypatch.syspath_prepend(str(STAND_IN))
    for name in VARIABLES:  # known to the fixture, so that it restores them
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)

    def connect(fields):
        try:
            LoihiHost(**fields).connect()
        except BackendUnavailableError as error:
            return error.message, error.hint
        return {name: os.environ.get(name) for name in VARIABLES}

    return connect


SINFO = """
if [ "$1" = "-N" ]; then
  echo "NODELIST NODES PARTITION STATE"; echo "ncl-1 1 oheogulch* idle"; echo "ncl-2 1 kp down"
else
  echo "PARTITION AVAIL LIMIT NODES STATE NODELIST"; echo "oheogulch up inf 1 idle ncl-1"
fi
"""


def test_slurm_is_asked_for_a_board(job, programs):
    programs(sinfo=SINFO)
    assert job({"board": "ncl-1", "generation": "N3C1"}) == {
        "SLURM": "1",
        "NOSLURM": None,
        "BOARD": "ncl-1",
        "PARTITION": None,
        "LOIHI_GEN": "N3C1",
        "NXSDKHOST": None,
        "HOST_BINARY": None,
    }
    found = job({"partition": "oheogulch"})
    assert (found["PARTITION"], found["BOARD"]) == ("oheogulch", None)
    message, hint = job({"board": "ncl-2"})
    assert "ncl-2 is down" in message
    assert "sinfo" in hint
    assert "not known" in job({"board": "ncl-1", "partition": "kp"})[0]
    assert "partition gpu is not known" in job({"partition": "gpu"})[0]


def test_without_slurm_there_is_none(job, programs, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    message, _ = job({"slurm": True})
    assert message.startswith("no Loihi 2 system: sinfo")


def test_an_ethernet_host_has_to_answer(job, programs):
    programs(ping="echo pong")
    found = job({"address": "10.1.2.3", "binary": "bin/server"})
    assert (found["NXSDKHOST"], found["HOST_BINARY"]) == ("10.1.2.3", "bin/server")
    assert (found["SLURM"], found["NOSLURM"]) == (None, "1")
    programs(ping="exit 1")
    message, hint = job({"address": "10.1.2.3"})
    assert "10.1.2.3" in message
    assert "--ethernet-host" in hint


def test_without_flags_the_environment_stays(job, monkeypatch):
    monkeypatch.setenv("NXSDKHOST", "10.9.9.9")
    assert job({})["NXSDKHOST"] == "10.9.9.9"
