"""Work on this process, on a local cluster and on the workers of a scheduler."""

import os
import signal
import subprocess
import sys
import time

import pytest

from lava_spikyspace.errors import BackendUnavailableError, DataError, UsageError
from lava_spikyspace.workers import open_workers

distributed = pytest.importorskip("distributed")


def doubled(number):
    return 2 * number, os.getpid()


def refused(number):
    raise DataError(f"row {number}", hint="another")


def children(pid: int) -> set[int]:
    """Return all processes below one."""
    psutil = pytest.importorskip("psutil")
    below = psutil.Process(pid).children(recursive=True)
    # Python's own helper stays until the interpreter ends.
    return {child.pid for child in below if "resource_tracker" not in " ".join(child.cmdline())}


class TestThisProcess:
    def test_does_all_itself(self):
        with open_workers() as workers:
            results = list(workers.map(doubled, ((n,) for n in range(4))))
        assert results == [(2 * n, os.getpid()) for n in range(4)]
        assert workers.count == 1


class TestLocalCluster:
    def test_results_in_order_errors_as_raised_and_nothing_left(self):
        before = children(os.getpid())
        with open_workers(jobs=2) as workers:
            assert workers.count == 2
            results = list(workers.map(doubled, ((n,) for n in range(40))))
            assert [value for value, _ in results] == [2 * n for n in range(40)]
            assert os.getpid() not in {pid for _, pid in results}
            with pytest.raises(DataError, match="row 3") as caught:
                list(workers.map(refused, [(3,)]))
            assert caught.value.hint == "another"
            # Nobody but this machine can reach what was started.
            for process in (os.getpid(), *children(os.getpid())):
                assert listening(process) <= {"127.0.0.1", "::1"}
            # A generator that is dropped half-way takes its tasks with it.
            some = workers.map(doubled, ((n,) for n in range(10**6)))
            next(some)
            some.close()
        assert children(os.getpid()) <= before

    @pytest.mark.slow
    def test_a_script_without_a_main_guard_is_told_so(self, run_python, tmp_path):
        (tmp_path / "script.py").write_text(
            "from lava_spikyspace.workers import open_workers\n"
            "with open_workers(jobs=1, scheduler=None): pass\n"
            "with open_workers(jobs=2) as workers: print(workers.count)\n"
        )
        done = run_python("script.py")
        assert done.code != 0
        assert "__main__" in done.stderr


def listening(pid: int) -> set[str]:
    psutil = pytest.importorskip("psutil")
    connections = psutil.Process(pid).net_connections(kind="tcp")
    return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


class TestScheduler:
    @pytest.mark.slow
    def test_uses_its_workers_and_leaves_them(self, cluster):
        for _ in range(2):
            cluster.add_worker()
        cluster.wait()
        for _ in range(2):
            with open_workers(scheduler=cluster.address) as workers:
                assert workers.count == 2
                results = list(workers.map(_local_double(), ((n,) for n in range(8))))
            assert [value for value, _ in results] == [2 * n for n in range(8)]
            assert {pid for _, pid in results} <= {worker.pid for worker in cluster.workers}
        assert all(worker.poll() is None for worker in cluster.workers)

    @pytest.mark.slow
    def test_without_workers(self, cluster, monkeypatch):
        monkeypatch.setattr("lava_spikyspace.workers.cluster.CONNECT_TIMEOUT_S", 3)
        cluster.wait()
        with pytest.raises(BackendUnavailableError, match="has no workers"):
            enter(cluster.address)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("prepare", "found"),
        [
            ("sys.modules['lava_spikyspace'] = None", "lava_spikyspace"),
            ("import lava_spikyspace; lava_spikyspace.__version__ = '0.0.1'", "0.0.1"),
        ],
    )
    def test_workers_that_cannot_work_for_us(self, cluster, prepare, found):
        cluster.add_worker(prepare)
        cluster.wait()
        with pytest.raises(BackendUnavailableError, match=f"(?s)worker tcp.*found.*{found}"):
            enter(cluster.address)

    @pytest.mark.slow
    def test_when_the_last_worker_dies(self, cluster, monkeypatch):
        monkeypatch.setattr("lava_spikyspace.workers.tasks.PATIENCE_S", 1.0)
        worker = cluster.add_worker()
        cluster.wait()
        with open_workers(scheduler=cluster.address) as workers:
            results = workers.map(time.sleep, [(0.01,), (60,)])
            next(results)
            worker.kill()
            with pytest.raises(BackendUnavailableError, match="no worker is left"):
                next(results)

    @pytest.mark.slow
    def test_when_the_scheduler_dies(self, cluster):
        cluster.add_worker()
        cluster.wait()
        with open_workers(scheduler=cluster.address) as workers:
            results = workers.map(time.sleep, [(0.01,), (60,)])
            next(results)
            cluster.scheduler.kill()
            with pytest.raises(BackendUnavailableError):
                next(results)

    def test_that_is_not_there(self, monkeypatch, capfd):
        monkeypatch.setattr("lava_spikyspace.workers.cluster.CONNECT_TIMEOUT_S", 2)
        with pytest.raises(BackendUnavailableError, match="does not answer"):
            enter("tcp://127.0.0.1:9")
        assert capfd.readouterr().err == ""

    @pytest.mark.parametrize("address", ["", "nonsense://host:1", "tcp://host:port", "host"])
    def test_that_is_no_address(self, address):
        with pytest.raises(UsageError, match="address"):
            enter(address)


def _local_double():
    """Return a function that a worker without this test module can have."""
    return eval("lambda number: (2 * number, __import__('os').getpid())")


def enter(address):
    with open_workers(scheduler=address):
        pass


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"jobs": 0}, "jobs is 0"),
        ({"jobs": 2, "scheduler": "tcp://a:1"}, "expected one of them"),
    ],
)
def test_what_makes_no_sense(choice, message):
    with pytest.raises(UsageError, match=message), open_workers(**choice):
        pass


def test_without_dask(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(BackendUnavailableError, match="Dask"), open_workers(jobs=2):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_nothing_is_left(tmp_path, number, project_root):
    """Ctrl-C reaches the whole process group, as from a terminal."""
    code = (
        "import sys, time\n"
        "from lava_spikyspace.cli.interrupts import sigterm_as_interrupt\n"
        "from lava_spikyspace.workers import open_workers\n"
        "if __name__ == '__main__':\n"
        "    with sigterm_as_interrupt(), open_workers(jobs=2) as workers:\n"
        "        results = workers.map(time.sleep, [(0.0,), (60.0,)])\n"
        "        next(results)\n"
        "        print('ready', flush=True)\n"
        "        next(results)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    process = subprocess.Popen(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": str(project_root)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "ready\n"
    below = children(process.pid)
    assert below
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert errors.count("Traceback") <= 1, errors
    deadline = time.monotonic() + 20
    while any(is_alive(pid) for pid in below):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def is_alive(pid: int) -> bool:
    psutil = pytest.importorskip("psutil")
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
