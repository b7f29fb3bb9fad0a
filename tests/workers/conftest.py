"""A scheduler and workers of its own for a test, as somebody would start them by hand."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[2]

# A worker without nanny: killed, it stays away.
WORKER = (
    "import sys\n"
    "{prepare}\n"
    "from distributed.cli.dask_worker import main\n"
    "main(['--no-nanny', '--nthreads', '1', '--no-dashboard', '--host', '127.0.0.1',"
    " '--local-directory', sys.argv[2], sys.argv[1]])\n"
)
SCHEDULER = (
    "import sys\n"
    "from distributed.cli.dask_scheduler import main\n"
    "main(['--host', '127.0.0.1', '--port', sys.argv[1], '--no-dashboard'])\n"
)


class Cluster:
    """Processes of a scheduler and its workers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler = self._start(SCHEDULER, str(self.port))
        self.workers: list[subprocess.Popen[bytes]] = []

    def add_worker(self, prepare: str = "") -> "subprocess.Popen[bytes]":
        script = WORKER.format(prepare=prepare)
        self.workers.append(self._start(script, self.address, str(self.folder)))
        return self.workers[-1]

    def wait(self) -> None:
        from distributed import Client

        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                with Client(self.address, timeout=5, set_as_default=False) as client:
                    if self.workers:
                        client.wait_for_workers(len(self.workers), timeout=60)
                return
            if time.monotonic() > deadline:
                pytest.fail("the scheduler does not come up")

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _start(self, script: str, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "-c", script, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers."""
    pytest.importorskip("distributed")
    found = Cluster(tmp_path)
    yield found
    found.close()
