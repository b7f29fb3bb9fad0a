"""Jobs for the tests of the guarded runner; they import Lava only where they use it."""

import os
import signal
import sys
import time

import numpy as np

from lava_spikyspace.errors import BackendUnavailableError
from lava_spikyspace.runtime.guard_progress import report_progress


def simulate(stages, steps, size=3, constant=0):
    """Run a chain of processes and return all Vars of its sink."""
    from lava.magma.core.run_configs import Loihi2SimCfg

    from lava_spikyspace.runtime.multiprocessing import run_lava
    from tests.runtime.guard_lava_processes.chain import chain

    sink = chain(size, stages, constant)
    read = {name: getattr(sink, name) for name in ("total", "table", "constant", "ratio", "flag")}
    return run_lava(sink, Loihi2SimCfg(select_tag="fixed_pt"), steps, read)


def simulate_sequence(steps):
    """Run a chain and read by a sequence of Vars."""
    from lava.magma.core.run_configs import Loihi2SimCfg

    from lava_spikyspace.runtime.multiprocessing import run_lava
    from tests.runtime.guard_lava_processes.chain import chain

    sink = chain(2, [])
    return run_lava(sink, Loihi2SimCfg(select_tag="fixed_pt"), steps, [sink.total, sink.ratio])


def twice(values):
    return values * 2


def double_all(values):
    return {name: 2 * value for name, value in values.items()}


def describe_worker():
    """Tell what a worker can see of the outside."""
    return {
        "pid": os.getpid(),
        "session": os.getsid(0),
        "modules": sorted(sys.modules),
        "stdin": sys.stdin.read(),
    }


def print_and_fail():
    print("on stdout of the worker")
    print("on stderr of the worker", file=sys.stderr)
    os.system("echo on stdout of a child")
    sys.stdout.flush()
    os._exit(3)


def print_and_return():
    print("on stdout of the worker")
    return "returned"


def raise_value_error():
    raise ValueError("not one of ours")


def raise_typed():
    raise BackendUnavailableError("no such backend", hint="install it")


def raise_system_exit():
    sys.exit("leaving early")


def return_unpicklable():
    return lambda: None


def segfault():
    os.kill(os.getpid(), signal.SIGSEGV)


def stop_reacting(seconds):
    """Stop every thread of the worker, so that it cannot leave by itself."""
    report_progress(0, 1)
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(seconds)


def sleep_with_detached_child(seconds):
    """Start a process in a session of its own, then sleep."""
    import subprocess

    subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(3600)"], start_new_session=True
    )
    report_progress(0, 1)
    time.sleep(seconds)


def share_memory_and_sleep(seconds):
    """Leave a shared-memory segment open, then sleep."""
    from multiprocessing.shared_memory import SharedMemory

    segment = SharedMemory(create=True, size=8)
    report_progress(0, 1)
    time.sleep(seconds)
    segment.close()


def many_zeros(count):
    return np.zeros(count, dtype=np.int64)
