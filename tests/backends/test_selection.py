"""`lava_spikyspace.backends.selection`: names of backends to engines."""

import pytest

from lava_spikyspace import availability
from lava_spikyspace.backends import selection
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.loihi2 import Loihi2Backend
from lava_spikyspace.backends.loihi_host import LoihiHost
from lava_spikyspace.backends.sim import SimBackend
from lava_spikyspace.errors import BackendUnavailableError, UsageError


@pytest.fixture
def pretend(monkeypatch):
    """Pretend that a backend is there, or lacks something."""

    def change(name, reason):
        entry = availability.Availability(name, "", reason is None, reason, "buy one")
        monkeypatch.setattr(selection, "backend_availability", lambda: (entry,))

    return change


def test_batch_needs_nothing():
    assert isinstance(selection.make_backend("batch"), BatchBackend)


def test_sim_gets_runtime_and_time(pretend):
    pretend("sim", None)
    engine = selection.make_backend("sim", runtime="multiprocessing", timeout_s=3.0)
    assert engine == SimBackend(runtime="multiprocessing", timeout_s=3.0)


@pytest.mark.parametrize("name", ["sim", "loihi2"])
def test_what_is_missing_is_named(pretend, name):
    pretend(name, "not installed: lava-nc")
    with pytest.raises(BackendUnavailableError, match=f"{name}.*lava-nc") as caught:
        selection.make_backend(name)
    assert caught.value.hint == "buy one"


def test_the_chip_gets_host_and_time(pretend):
    pretend("loihi2", None)
    host = LoihiHost(board="ncl-1")
    engine = selection.make_backend("loihi2", timeout_s=3.0, host=host)
    assert engine == Loihi2Backend(host=host, timeout_s=3.0)


def test_unknown_names_list_the_known():
    with pytest.raises(UsageError, match=r"abacus.*batch, sim, loihi2"):
        selection.make_backend("abacus")
    with pytest.raises(UsageError, match=r"abacus.*inprocess, multiprocessing"):
        selection.make_backend("batch", runtime="abacus")
