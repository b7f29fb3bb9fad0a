"""Fixtures for tests of the in-process runtime."""

import subprocess
import sys

import numpy as np
import pytest

STOCK_TIME_LIMIT_S = 300


@pytest.fixture(scope="session")
def stock_results(tmp_path_factory, project_root):
    """What Lava's own runtime finds in each scenario: name -> label -> array.

    Scenarios that need what is not installed are missing.
    All scenarios run one after the other in one process, which is killed should it hang.
    """
    from tests.runtime.inprocess.scenarios import SCENARIOS

    folder = tmp_path_factory.mktemp("stock")
    command = [sys.executable, "-m", "tests.runtime.inprocess.stock", str(folder), *SCENARIOS]
    finished = subprocess.run(
        command,
        cwd=project_root,
        capture_output=True,
        text=True,
        timeout=STOCK_TIME_LIMIT_S,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-3000:]
    results = {}
    for path in folder.glob("*.npz"):
        with np.load(path) as found:
            results[path.stem] = dict(found)
    return results
