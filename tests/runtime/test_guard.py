"""The guard with jobs that need no Lava: results, errors, output, time limit, cleaning."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from lava_spikyspace.errors import (
    BackendUnavailableError,
    InternalError,
    SimulationError,
    SimulationTimeoutError,
    UsageError,
)
from lava_spikyspace.runtime import guard_launch
from lava_spikyspace.runtime.guard import WorkerTraceback, run_guarded
from tests.runtime import guard_jobs

pytestmark = pytest.mark.skipif(os.name != "posix", reason="uses sessions and signals")

LIMIT_S = 120.0


def test_returns_what_the_job_returns():
    values = np.arange(6, dtype=np.int64).reshape(2, 3).T
    result = run_guarded(guard_jobs.twice, values, timeout_s=LIMIT_S)
    np.testing.assert_array_equal(result, 2 * values)
    assert result.dtype == np.int64


def test_large_arrays_travel_exactly_and_come_back_writable():
    generator = np.random.default_rng(0)
    values = {
        "integers": generator.integers(-(2**62), 2**62, size=1_000_000),
        "bytes": generator.integers(0, 100, size=3_000_001, dtype=np.uint8),
        "empty": np.zeros((0, 4)),
    }
    result = run_guarded(guard_jobs.double_all, values, timeout_s=LIMIT_S)
    for name, value in values.items():
        np.testing.assert_array_equal(result[name], 2 * value)
        assert result[name].dtype == value.dtype
    result["integers"][0] = 1


def test_job_runs_in_a_fresh_interpreter_in_its_own_session_without_stdin():
    seen = run_guarded(guard_jobs.describe_worker, timeout_s=LIMIT_S)
    assert seen["pid"] != os.getpid()
    assert seen["session"] == seen["pid"]
    assert "pytest" not in seen["modules"]
    assert "torch" not in seen["modules"]
    assert seen["stdin"] == ""


def test_prints_of_the_worker_do_not_reach_stdout(capfd):
    lines = []
    result = run_guarded(guard_jobs.print_and_return, timeout_s=LIMIT_S, on_output=lines.append)
    captured = capfd.readouterr()
    assert result == "returned"
    assert captured.out == ""
    assert captured.err == ""
    assert lines == ["on stdout of the worker\n"]


def test_exit_of_the_worker_shows_its_status_and_last_output(capfd):
    with pytest.raises(SimulationError, match="ended with exit status 3") as caught:
        run_guarded(guard_jobs.print_and_fail, timeout_s=LIMIT_S)
    assert caught.value.exit_code == 5
    for source in ("stdout of the worker", "stderr of the worker", "stdout of a child"):
        assert f"on {source}\n" in caught.value.traceback
    assert capfd.readouterr().out == ""


def test_segmentation_fault_is_named_and_shows_where():
    with pytest.raises(SimulationError, match="was ended by SIGSEGV") as caught:
        run_guarded(guard_jobs.segfault, timeout_s=LIMIT_S)
    assert "guard_jobs.py" in caught.value.traceback
    assert "in segfault" in caught.value.traceback


def test_errors_of_ours_arrive_as_they_are():
    with pytest.raises(BackendUnavailableError, match="no such backend") as caught:
        run_guarded(guard_jobs.raise_typed, timeout_s=LIMIT_S)
    assert caught.value.hint == "install it"
    assert caught.value.exit_code == 4
    assert "in raise_typed" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("job", "summary"),
    [
        (guard_jobs.raise_value_error, "ValueError: not one of ours"),
        (guard_jobs.raise_system_exit, "SystemExit: leaving early"),
        (guard_jobs.return_unpicklable, "return_unpicklable.<locals>.<lambda>"),
    ],
)
def test_other_errors_are_internal_and_carry_the_traceback(job, summary):
    with pytest.raises(InternalError, match=summary) as caught:
        run_guarded(job, timeout_s=LIMIT_S)
    assert isinstance(caught.value.__cause__, WorkerTraceback)
    assert "Traceback (most recent call last)" in str(caught.value.__cause__)


def test_a_job_that_a_worker_cannot_find_is_refused(monkeypatch):
    with pytest.raises(UsageError, match="cannot be sent to a worker"):
        run_guarded(lambda: None, timeout_s=LIMIT_S)
    with pytest.raises(UsageError, match="cannot be sent to a worker"):
        run_guarded(guard_jobs.twice, threading.Lock(), timeout_s=LIMIT_S)
    monkeypatch.setattr(guard_jobs.twice, "__module__", "__main__")
    with pytest.raises(UsageError, match="main script"):
        run_guarded(guard_jobs.twice, 1, timeout_s=LIMIT_S)


def test_limit_before_any_progress():
    with pytest.raises(SimulationTimeoutError, match=r"within 0 s.*not built all processes"):
        run_guarded(guard_jobs.twice, 1, timeout_s=0.0)


def test_limit_ends_the_worker_and_everything_it_left(remains, clock):
    def look_and_expire(step, steps):
        remains.look()
        clock.expire()

    with pytest.raises(SimulationTimeoutError) as caught:
        run_guarded(
            guard_jobs.share_memory_and_sleep,
            LIMIT_S,
            timeout_s=LIMIT_S,
            on_progress=look_and_expire,
        )
    assert caught.value.exit_code == 6
    assert "within 120 s; until then it had done 0 of 1 time steps" in str(caught.value)
    assert remains.processes
    assert len(remains.folders) == 1
    if sys.platform == "linux":
        assert len(remains.segments) == 1
    assert remains.left() == []


def test_limit_ends_processes_in_other_sessions(remains, clock):
    def look_and_expire(step, steps):
        for _ in range(100):  # a process can be seen before its environment is
            remains.look()
            if len(remains.processes) == 2:
                break
            time.sleep(0.05)
        clock.expire()

    with pytest.raises(SimulationTimeoutError):
        run_guarded(
            guard_jobs.sleep_with_detached_child,
            LIMIT_S,
            timeout_s=LIMIT_S,
            on_progress=look_and_expire,
        )
    assert len(remains.processes) == 2
    assert remains.left() == []


def test_limit_ends_a_worker_that_no_longer_reacts(remains, clock, monkeypatch):
    monkeypatch.setattr(guard_launch, "_LEAVE_WITHIN_S", 0.1)
    with pytest.raises(SimulationTimeoutError):
        run_guarded(guard_jobs.stop_reacting, LIMIT_S, timeout_s=LIMIT_S, on_progress=clock.expire)
    assert remains.left() == []


def test_an_error_in_a_callback_ends_the_worker(remains):
    def fail(step, steps):
        remains.look()
        raise LookupError("of the caller")

    with pytest.raises(LookupError, match="of the caller"):
        run_guarded(guard_jobs.share_memory_and_sleep, LIMIT_S, timeout_s=LIMIT_S, on_progress=fail)
    assert remains.processes
    assert remains.left() == []


def test_runs_of_several_threads_do_not_touch_each_other(remains):
    results = {}

    def run(value):
        results[value] = run_guarded(guard_jobs.twice, value, timeout_s=LIMIT_S)

    threads = [threading.Thread(target=run, args=(value,)) for value in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {1: 2, 2: 4}
    assert remains.left() == []


def test_the_guard_needs_no_lava():
    script = (
        "import sys; import lava_spikyspace.runtime.guard; "
        "print({'lava', 'torch', 'numba'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert shown.stdout == "set()\n"
