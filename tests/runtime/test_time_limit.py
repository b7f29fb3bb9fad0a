"""Whatever a block of code does, it ends when its time is up."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lava_spikyspace.runtime import time_limit as module
from lava_spikyspace.runtime.time_limit import TimeIsUp, time_limit

ROOT = Path(__file__).parents[2]


def spin():
    while True:
        pass


def sleep():
    time.sleep(3600)


def wait_for_a_lock():
    threading.Lock().acquire()
    threading.Event().wait()


def swallow():
    """Give up after a while only, as an ``except`` around everything does."""
    for _ in range(3):
        try:
            spin()
        except BaseException:  # noqa: BLE001 - as a process model might
            continue
    spin()


@pytest.mark.parametrize("block", [spin, sleep, wait_for_a_lock, swallow])
def test_main_thread(block):
    before = [signal.getsignal(number) for number in (signal.SIGVTALRM, signal.SIGALRM)]
    with pytest.raises(TimeIsUp), time_limit(0.05):
        block()
    assert [signal.getsignal(n) for n in (signal.SIGVTALRM, signal.SIGALRM)] == before


@pytest.mark.parametrize("block", [spin, swallow])
def test_another_thread(block):
    ended = []

    def run():
        try:
            with time_limit(0.05):
                block()
        except TimeIsUp:
            ended.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(60)
    assert ended == [True]


@pytest.mark.parametrize("limit", [None, 600])
def test_a_block_that_ends_in_time_is_left_alone(limit):
    threads = threading.active_count()
    with time_limit(limit):
        assert threading.active_count() == threads + (limit is not None)
    assert threading.active_count() == threads


def test_exceptions_of_the_block_pass():
    with pytest.raises(ValueError, match="mine"), time_limit(600):
        raise ValueError("mine")


def test_the_limit_may_have_passed_already():
    with pytest.raises(TimeIsUp), time_limit(-1):
        spin()


STUCK = {
    "never leaves": "while True:\n try:\n  time.sleep(9)\n except BaseException: pass",
    "holds the interpreter": "sum(range(10**13))",
}


@pytest.mark.skipif(sys.platform != "linux", reason="uses signals and the C library of Linux")
@pytest.mark.parametrize("block", STUCK)
def test_a_program_that_agrees_is_ended_with_the_code_for_a_time_out(block):
    program = "\n".join(
        [
            "import time",
            "from lava_spikyspace.runtime import time_limit as module",
            "module._PATIENCE_S = 0.4",
            "module.may_end_process()",
            "with module.time_limit(0.1):",
            *(f" {line}" for line in STUCK[block].split("\n")),
        ]
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 6


@pytest.mark.skipif(sys.platform != "linux", reason="uses signals and the C library of Linux")
def test_the_last_resort_is_disarmed(monkeypatch):
    monkeypatch.setattr(module, "_may_end_process", True)
    handler = signal.getsignal(signal.SIGABRT)
    with time_limit(600):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGABRT) == handler
