"""Lava's multiprocessing runtime under guard: results, failures of each kind, nothing left."""

import os
import signal
import sys

import numpy as np
import pytest

from lava_spikyspace.errors import (
    SimulationError,
    SimulationTimeoutError,
    StrictRangeError,
    UsageError,
)
from lava_spikyspace.runtime.guard import run_guarded
from tests.runtime import guard_jobs

pytest.importorskip("lava.magma")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="uses sessions and signals")

LIMIT_S = 120.0


def fail(remains, stages, steps=40):
    """Run to a failure, hold what remains against what was there, and return the error."""
    with pytest.raises(SimulationError) as caught:
        run_guarded(guard_jobs.simulate, stages, steps, timeout_s=LIMIT_S, on_progress=remains.look)
    if remains.processes:  # else it failed before its first report
        assert len(remains.processes) == processes_of(stages)
        assert remains.segments or sys.platform != "linux"
    assert remains.left() == []
    return caught.value


def processes_of(stages):
    """The models of a chain, their service, the worker, and its two helpers."""
    return (2 + len(stages)) + 1 + 1 + 2


def test_reads_exactly_and_leaves_nothing(remains, capfd):
    steps, size, large = 37, 3, 2**53 - 1
    reports = []

    def look(step, total):
        reports.append((step, total))
        remains.look()

    values = run_guarded(
        guard_jobs.simulate,
        [("none", 0), ("print", 5)],
        steps,
        size,
        large,
        timeout_s=LIMIT_S,
        on_progress=look,
    )
    expected = sum(np.arange(size) + step for step in range(1, steps + 1))
    np.testing.assert_array_equal(values["total"], expected)
    np.testing.assert_array_equal(values["table"], [[-3, -2, -1], [0, 1, 2]])
    assert values["constant"].tolist() == [large]
    assert {values[name].dtype for name in ("total", "table", "constant")} == {np.dtype(np.int64)}
    assert values["ratio"].tolist() == [0.25, 0.25]
    assert values["flag"].tolist() == [True, False]
    assert values["flag"].dtype == np.bool_
    assert reports[0] == (0, steps)
    assert reports[-1] == (steps, steps)
    assert capfd.readouterr().out == ""
    assert len(remains.processes) == processes_of([0, 0])
    if sys.platform == "linux":
        assert remains.segments
        assert all(path.startswith("/dev/shm/lss-") for path in remains.segments)
    assert remains.left() == []


def test_names_vars_of_a_sequence_after_their_processes():
    values = run_guarded(guard_jobs.simulate_sequence, 2, timeout_s=LIMIT_S)
    assert list(values) == ["sink.total", "sink.ratio"]
    assert values["sink.total"].tolist() == [3, 5]


def test_refuses_integers_that_lava_does_not_transmit_exactly():
    with pytest.raises(SimulationError, match=r"Var 'constant' of process 'sink'.*2\^53"):
        run_guarded(guard_jobs.simulate, [], 1, 1, 2**53, timeout_s=LIMIT_S)


def test_refuses_less_than_one_step():
    with pytest.raises(UsageError, match="at least 1 time step, found 0"):
        run_guarded(guard_jobs.simulate, [], 0, timeout_s=LIMIT_S)


@pytest.mark.parametrize("step", [1, 20])
def test_failure_names_the_process_and_shows_its_traceback(remains, step):
    error = fail(remains, [("none", 0), ("raise", step), ("none", 0)])
    assert error.exit_code == 5
    assert error.process == "stage.1"
    assert "process 'stage.1' failed in time steps" in error.message
    assert "ValueError: the planted fault" in error.message
    assert "in run_spk" in error.traceback
    assert "chain.py" in error.traceback
    assert error.traceback.rstrip().endswith("ValueError: the planted fault")
    assert remains.processes


def test_failure_with_an_exception_larger_than_a_pipe(remains):
    error = fail(remains, [("raise much", 3)])
    assert error.process == "stage.0"
    assert len(error.traceback) > 300_000


def test_failure_of_a_range_check_keeps_its_class_and_hint(remains):
    error = fail(remains, [("raise strict", 3)])
    assert type(error) is StrictRangeError
    assert error.message.endswith("state 9 is above 8")
    assert error.process == "stage.0"
    assert error.hint == "widen it"
    assert "in run_spk" in error.traceback


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("raise unpicklable", "UnpicklableError"), ("raise not unpicklable", "TwoArgumentError")],
)
def test_failure_whose_exception_does_not_travel(remains, fault, kind):
    error = fail(remains, [(fault, 3)])
    assert error.process == "stage.0"
    assert "in run_spk" in error.traceback
    assert f"{kind}: " in error.traceback


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("exit", "ended with exit status 7"),
        ("exit 0", "ended with exit status 0"),
        ("die", "was ended by SIGKILL"),
    ],
)
def test_silent_death_of_a_model(remains, fault, how):
    error = fail(remains, [("none", 0), (fault, 3)])
    assert error.process == "stage.1"
    assert f"process 'stage.1' {how} in time steps" in error.message


def test_crash_of_a_model_shows_where(remains):
    error = fail(remains, [("segfault", 3)])
    assert error.process == "stage.0"
    assert "was ended by SIGSEGV in time steps" in error.message
    assert "in run_spk" in error.traceback


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        ("build", "failed while it was built: KeyError: 'the planted build fault'"),
        ("exit in build", "ended with exit status 7 while it was built"),
    ],
)
def test_failure_while_a_model_is_built(remains, fault, part):
    error = fail(remains, [("none", 0), (fault, 0)])
    assert error.process == "stage.1"
    assert part in error.message
    assert remains.processes == set()  # no progress before


def test_death_of_the_worker_is_named(remains):
    error = fail(remains, [("kill worker", 3)])
    assert f"worker of the simulation was ended by {signal.SIGKILL.name}" in error.message
    assert "of 40 time steps" in error.message
    assert "memory" in error.hint
    assert remains.segments or sys.platform != "linux"


def test_endless_loop_is_ended_at_the_limit_and_named(remains, clock):
    def look(step, steps):
        remains.look()
        if step == 3:  # the next part of the run holds the loop
            clock.expire()

    with pytest.raises(SimulationTimeoutError) as caught:
        run_guarded(
            guard_jobs.simulate,
            [("none", 0), ("loop", 4)],
            40,
            timeout_s=LIMIT_S,
            on_progress=look,
        )
    assert caught.value.exit_code == 6
    assert "within 120 s; until then it had done 3 of 40 time steps" in caught.value.message
    assert "process 'stage.1' was still computing while the others waited" in caught.value.message
    assert len(remains.processes) == processes_of([0, 0])
    assert remains.left() == []
