"""Lava can be imported after another library has used `multiprocessing`."""

import subprocess
import sys

import pytest

pytest.importorskip("lava.magma.core.decorator")

SCRIPT = """
import multiprocessing
multiprocessing.set_start_method("spawn")
{use}
print(multiprocessing.get_start_method())
"""

USES = {
    "a simulation": "import lava_spikyspace as lss; lss.run(windows=1)",
    "the runtime": "from lava_spikyspace.runtime.inprocess import InProcessRuntime",
    "a process": "import lava_spikyspace.processes.residual.models",
    "the extension's shim": "import lava_spikyspace.backends.vendor",
}


@pytest.mark.parametrize("use", USES)
def test_what_imports_lava_first(use):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(use=USES[use])], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "fork"
