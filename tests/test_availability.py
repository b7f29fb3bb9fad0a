import sys

import pytest

from lava_spikyspace import availability
from lava_spikyspace.availability import backend_availability


@pytest.fixture
def installed(monkeypatch):
    """Pretend that only the given modules, and this version of Python, are there."""

    def pretend(*modules, python=(3, 10, 13)):
        monkeypatch.setattr(availability, "_is_installed", lambda module: module in modules)
        monkeypatch.setattr(sys, "version_info", python)
        return {entry.name: entry for entry in backend_availability()}

    return pretend


LAVA = (availability.LAVA_MODULE, availability.GREENLET_MODULE)


def test_the_batch_engine_needs_nothing(installed):
    assert installed()["batch"].available


def test_lava_is_enough_for_sim_but_not_for_the_chip(installed):
    found = installed(*LAVA)
    assert found["sim"].available
    assert found["sim"].reason is None
    assert not found["loihi2"].available
    assert "Intel's extension" in found["loihi2"].reason


def test_the_chip_needs_the_extension_too(installed):
    assert installed(*LAVA, availability.LOIHI_MODULE)["loihi2"].available


def test_without_lava_the_missing_packages_and_the_command_are_named(installed):
    sim = installed()["sim"]
    assert sim.reason == "not installed: lava-nc, greenlet"
    assert sim.hint == "pip install 'lava-spikyspace[lava]'"


def test_on_a_newer_python_the_extra_would_not_help_and_is_not_advised(installed):
    sim = installed(python=(3, 12, 1))["sim"]
    assert "CPython 3.10 only" in sim.reason
    assert "environment of CPython 3.10" in sim.hint


def test_the_module_that_stands_for_lava_is_there_where_lava_is():
    pytest.importorskip("lava.magma.core.process.process")
    assert {entry.name: entry.available for entry in backend_availability()}["sim"]


def test_looking_imports_no_code_of_lava(run_python):
    pytest.importorskip("lava.magma.core.process.process")
    probe = (
        "import sys; from lava_spikyspace.availability import backend_availability;"
        "backend_availability();"
        "print([name for name, module in sys.modules.items()"
        " if name.split('.')[0] in ('lava', 'greenlet', 'numpy') and module.__file__])"
    )
    assert run_python("-c", probe).stdout == "[]\n"
