"""Runs scenarios on Lava's own runtime, in a process of its own.

Usage: ``python -m tests.runtime.inprocess.stock FOLDER NAME...`` writes ``FOLDER/NAME.npz`` for
each scenario. Lava's runtime hangs or crashes where something goes wrong, so the caller sets a
time limit.
"""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np

from tests.runtime.inprocess.scenarios import NEEDED_MODULES, SCENARIOS


def available(name: str) -> bool:
    try:
        import_module(NEEDED_MODULES.get(name, "lava"))
    except ImportError:
        return False
    return True


def main(folder: str, *names: str) -> None:
    for name in names:
        if not available(name):
            continue
        scenario = SCENARIOS[name]()
        scenario.process.create_runtime(scenario.run_cfg)
        found = scenario.run()
        scenario.process.stop()
        np.savez(Path(folder) / f"{name}.npz", **found)
        sys.stdout.write(f"{name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
