"""Fixtures for all tests: the project's folders, optional data, and the command line."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings

# The arrays of the tests are small: more threads cost more than they bring, and the test workers
# share the cores already. Nothing has imported NumPy or torch yet.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")

# No value of any run in any test leaves its proven range, unless a test switches this off.
os.environ.setdefault("LSS_STRICT", "1")

# A shell starts what runs in the background without SIGINT, and programs would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The same examples in every run, and no limit on the time that one takes.
settings.register_profile("repeatable", derandomize=True, deadline=None, print_blob=True)
settings.load_profile("repeatable")

PROJECT_ROOT = Path(__file__).resolve().parents[1]


class Finished(NamedTuple):
    """A program that has ended."""

    code: int
    stdout: str
    stderr: str


@pytest.fixture
def not_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let values leave their proven ranges, unless a test asks for strict runs itself."""
    monkeypatch.setenv("LSS_STRICT", "0")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """Folder with pyproject.toml."""
    return PROJECT_ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real data sets, which not every machine has; the test skips without it."""
    folder = Path(os.environ.get("LSS_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no data folder {folder} (the variable LSS_DATA names another)")
    return folder


@pytest.fixture
def run_python(tmp_path: Path) -> Callable[..., Finished]:
    """Run the interpreter of the tests in an empty folder, with the packages of this clone."""

    def run(
        *arguments: str | Path, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> Finished:
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT), **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def run_cli(run_python: Callable[..., Finished]) -> Callable[..., Finished]:
    """Run `lava-spikyspace` in a process of its own: ``run_cli("run", "--json", timeout=60)``."""

    def run(
        *arguments: str | Path, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> Finished:
        return run_python("-m", "lava_spikyspace", *arguments, env=env, timeout=timeout)

    return run
