"""A program that runs a guarded simulation until it is interrupted; for tests of signals."""

import sys

from lava_spikyspace.runtime.guard import run_guarded
from tests.runtime import guard_jobs


def main():
    def show(step, steps):
        print(f"{step} of {steps}", flush=True)

    try:
        run_guarded(guard_jobs.simulate, [("sleep", 2)], 100, timeout_s=None, on_progress=show)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
