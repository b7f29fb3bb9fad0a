"""Fixtures for runs under guard: what they leave behind, and a clock that can be put forward."""

import os
import time
from importlib.util import find_spec

import pytest

# The guard comes with the extra [lava]; without it there is nothing here to import.
collect_ignore_glob = [] if find_spec("psutil") else ["test_guard*.py", "test_multiprocessing.py"]


@pytest.fixture
def remains(monkeypatch, tmp_path):
    """Marks every process that the test starts; its `look` is a progress callback."""
    from tests.runtime.guard_remains import GATE, MARK, Remains

    mark = os.urandom(8).hex()
    gate = tmp_path / "gate"
    monkeypatch.setenv(MARK, mark)
    monkeypatch.setenv(GATE, str(gate))
    return Remains(mark, gate)


class Clock:
    """A clock that can be put beyond every limit."""

    def __init__(self):
        self.offset = 0.0

    def __call__(self):
        return time.monotonic() + self.offset

    def expire(self, *_):
        self.offset = 1e9


@pytest.fixture
def clock(monkeypatch):
    """The clock that the guard reads."""
    from lava_spikyspace.runtime import guard

    clock = Clock()
    monkeypatch.setattr(guard, "monotonic", clock)
    return clock
