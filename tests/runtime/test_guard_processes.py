import os
import subprocess
import sys

import pytest

from lava_spikyspace.runtime.guard_processes import (
    RUN_VARIABLE,
    end_processes_of,
    processes_of,
)

pytestmark = pytest.mark.skipif(os.name != "posix", reason="uses sessions and forks")


@pytest.fixture
def start():
    """Start sleeping processes with a token; whatever the test leaves is ended."""
    started = []

    def start(token, **options):
        process = subprocess.Popen(
            [sys.executable, "-c", "print(flush=True); import time; time.sleep(3600)"],
            env={**os.environ, RUN_VARIABLE: token},
            stdout=subprocess.PIPE,
            **options,
        )
        process.stdout.readline()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def pids(token):
    return {process.pid for process in processes_of(token)}


def test_finds_and_ends_the_processes_of_one_run_only(start):
    token = f"test-{os.urandom(8).hex()}"
    ours = start(token), start(token, start_new_session=True)
    other = start(f"{token}0")
    assert pids(token) == {process.pid for process in ours}
    end_processes_of(token)
    assert pids(token) == set()
    assert [process.wait() for process in ours] == [-9, -9]
    assert other.poll() is None


def test_leaves_the_caller_alone(monkeypatch, start):
    token = f"test-{os.urandom(8).hex()}"
    script = (
        "import sys; from lava_spikyspace.runtime.guard_processes import *; "
        "end_processes_of(sys.argv[1]); print(len(processes_of(sys.argv[1])))"
    )
    start(token)
    shown = subprocess.run(
        [sys.executable, "-c", script, token],
        env={**os.environ, RUN_VARIABLE: token},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "0\n"
    assert pids(token) == set()


def test_collects_ended_children():
    script = (
        "import os, signal, time\n"
        "from lava_spikyspace.runtime.guard_processes import collect_children\n"
        "import psutil\n"
        "ended, waiting = os.pipe()\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0)\n"
        "os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)\n"
        "print(psutil.pid_exists(child))\n"
        "collect_children()\n"
        "print(psutil.pid_exists(child))\n"
        "collect_children()\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "True\nFalse\n"
