"""The guard itself is interrupted or killed in the middle of a simulation."""

import os
import shutil
import signal
import subprocess
import sys
from multiprocessing import resource_tracker, shared_memory
from pathlib import Path

import psutil
import pytest

from tests.runtime.guard_remains import MARK, Remains

pytest.importorskip("lava.magma")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def program():
    """A program in the middle of a simulation, and what is known of it."""
    mark = os.urandom(8).hex()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.guard_script"],
        cwd=ROOT,
        env={**os.environ, MARK: mark},
        stdout=subprocess.PIPE,
        text=True,
    )
    remains = Remains(mark)
    with process:
        for line in process.stdout:
            if line == "1 of 100\n":
                break
        remains.look()
        yield process, remains
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_everything_before_the_program(program, number):
    process, remains = program
    process.send_signal(number)
    assert process.wait(timeout=60) == 130
    assert len(remains.processes) >= 1 + 1 + 4 + 2  # program, worker, 3 models + service, helpers
    assert remains.folders
    assert remains.segments or sys.platform != "linux"
    assert remains.left() == []


@pytest.mark.skipif(sys.platform != "linux", reason="reads /dev/shm")
def test_death_of_the_program_ends_everything(program):
    process, remains = program
    process.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert remains.segments
    assert remains.folders
    assert remains.wait_until_gone() == []


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's death signal")
def test_death_of_the_program_and_the_worker_leaves_no_process_and_no_segment(program):
    process, remains = program
    (worker,) = psutil.Process(process.pid).children()
    process.kill()
    worker.kill()
    assert process.wait(timeout=60) == -signal.SIGKILL
    for folder in remains.folders:  # nobody is left to remove it
        shutil.rmtree(folder, ignore_errors=True)
    assert remains.segments
    assert remains.wait_until_gone() == []


KILLED = """
import os, sys
from pathlib import Path
from lava_spikyspace.runtime import guard_worker
guard_worker.end_processes_of = lambda token: os._exit(9)  # as if killed in the middle of it
guard_worker._leave(sys.argv[1], Path(sys.argv[2]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /dev/shm")
def test_a_worker_that_is_killed_while_it_ends_others_leaves_no_segment(tmp_path):
    token = f"lss-{os.urandom(8).hex()}-"
    segment = shared_memory.SharedMemory(f"{token}one", create=True, size=8)
    done = subprocess.run([sys.executable, "-c", KILLED, token, tmp_path], cwd=ROOT, check=False)
    assert done.returncode == 9
    left = Path("/dev/shm", segment.name).exists()
    segment.close()
    if left:
        segment.unlink()
    else:
        resource_tracker.unregister(f"/{segment.name}", "shared_memory")
    assert not left
