import shutil
from collections import namedtuple

import pytest

from lava_spikyspace import installation
from lava_spikyspace.availability import Availability
from lava_spikyspace.errors import SimulationError
from lava_spikyspace.installation import (
    OPTIONAL,
    REQUIRED,
    InstallationCheck,
    examine_installation,
)
from lava_spikyspace.runtime import trial


def look(**options):
    return {
        (check.topic, check.name): check for check in examine_installation(steps=False, **options)
    }


@pytest.fixture
def with_sim(monkeypatch):
    """Pretend that Lava is there, or why it is not."""

    def pretend(reason=None):
        found = Availability("sim", "Lava processes on the CPU", reason is None, reason, "get Lava")
        monkeypatch.setattr(installation, "backend_availability", lambda: (found,))

    return pretend


def runtimes():
    return {check.name: check for check in installation._steps(5.0)}


def test_everything_is_looked_at():
    found = look()
    assert {name for topic, name in found if topic == "library"} == {*REQUIRED, *OPTIONAL}
    assert {name for topic, name in found if topic == "backend"} == {"batch", "sim", "loihi2"}
    assert found["python", "version"].status == "ok"
    assert found["library", "numpy"].status == "ok"
    assert "usable of" in found["machine", "cores"].detail


def test_a_missing_library_is_a_fault_only_where_it_is_needed(monkeypatch):
    monkeypatch.setattr(installation, "REQUIRED", {"no-such-library": "nothing"})
    monkeypatch.setattr(installation, "OPTIONAL", {"nor-this": ("nothing", "get it")})
    found = look()
    assert found["library", "no-such-library"].status == "failed"
    optional = found["library", "nor-this"]
    assert (optional.status, optional.hint) == ("absent", "get it")


def test_a_library_that_cannot_be_imported_has_failed(monkeypatch, tmp_path):
    (tmp_path / "broken_library.py").write_text("raise OSError('no such symbol')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(installation, "REQUIRED", {"numpy": "broken_library"})
    check = look()["library", "numpy"]
    assert check.status == "failed"
    assert "cannot be imported: OSError: no such symbol" in check.detail


def test_little_shared_memory_is_a_fault(monkeypatch, tmp_path):
    monkeypatch.setattr(installation, "SHARED_MEMORY", tmp_path)
    assert look()["machine", str(tmp_path)].status == "ok"
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 0, 1 << 20))
    check = look()["machine", str(tmp_path)]
    assert check.status == "failed"
    assert check.detail == "1 MiB free, expected 64 MiB"
    monkeypatch.setattr(installation, "SHARED_MEMORY", tmp_path / "none")
    assert look()["machine", str(tmp_path / "none")].status == "absent"


def test_programs_and_variables_of_a_loihi_host(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setenv("PARTITION", "oheogulch")
    found = look()
    assert (found["loihi", "slurm"].status, found["loihi", "slurm"].detail) == ("ok", "sinfo, srun")
    assert "PARTITION=oheogulch" in found["loihi", "variables"].detail


def test_without_lava_no_step_is_tried(with_sim):
    with_sim("not installed: lava-nc")
    found = runtimes()
    assert {check.status for check in found.values()} == {"absent"}
    assert found["inprocess"].detail == "not tried: not installed: lava-nc"
    assert found["inprocess"].hint == "get Lava"


def fails(error):
    def step(*_):
        raise error

    return step


@pytest.mark.parametrize(
    ("step", "detail"),
    [
        (fails(SimulationError("the model raised")), "the model raised"),
        (fails(ImportError("no lava")), "ImportError: no lava"),
        (lambda *_: 8, "a neuron has the voltage 8, expected 7"),
    ],
)
def test_a_step_that_fails_says_why(with_sim, monkeypatch, step, detail):
    with_sim()
    monkeypatch.setattr(trial, "step_inprocess", step)
    monkeypatch.setattr(trial, "step_multiprocessing", lambda _: trial.BIAS)
    found = runtimes()
    assert (found["inprocess"].status, found["inprocess"].detail) == ("failed", detail)
    assert found["multiprocessing"].status == "ok"


def test_plain_values():
    check = InstallationCheck("a", "b", "ok", "c")
    expected = {"topic": "a", "name": "b", "status": "ok", "detail": "c", "hint": None}
    assert check.to_dict() == expected
