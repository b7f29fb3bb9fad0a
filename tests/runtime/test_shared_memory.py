import subprocess
import sys

import pytest

from lava_spikyspace.runtime.shared_memory import objects_with, remove_objects_with

_SHOW_NAMES = """
import multiprocessing, os
from multiprocessing import shared_memory
from lava_spikyspace.runtime.shared_memory import name_objects_with, objects_with

name_objects_with("lss-test-0-")
segment = shared_memory.SharedMemory(create=True, size=8)
multiprocessing.get_context("spawn").Semaphore()
print(segment.name)
print([path.name for path in objects_with("lss-test-0-")] == [segment.name])
segment.close()
segment.unlink()
"""


@pytest.fixture
def folder(tmp_path):
    for name in ("lss-1-a", "lss-1-b", "sem.lss-1-c", "lss-10-a", "psm_lss-1-a", "other"):
        (tmp_path / name).touch()
    return tmp_path


def test_lists_only_what_carries_the_prefix(folder):
    names = [path.name for path in objects_with("lss-1-", folder)]
    assert names == ["lss-1-a", "lss-1-b", "sem.lss-1-c"]


def test_removes_only_what_carries_the_prefix(folder):
    remove_objects_with("lss-1-", folder)
    assert sorted(path.name for path in folder.iterdir()) == ["lss-10-a", "other", "psm_lss-1-a"]


def test_is_content_without_a_folder(tmp_path):
    assert objects_with("lss-1-", tmp_path / "absent") == []
    remove_objects_with("lss-1-", tmp_path / "absent")


@pytest.mark.skipif(sys.platform != "linux", reason="names are set on Linux only")
def test_new_segments_carry_the_prefix():
    shown = subprocess.run(
        [sys.executable, "-c", _SHOW_NAMES], capture_output=True, text=True, check=True
    )
    name, is_listed = shown.stdout.splitlines()
    assert name.startswith("lss-test-0-")
    assert is_listed == "True"
