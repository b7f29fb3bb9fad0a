"""Lava's runtime against ours, and against the batch engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.simulation import run_config
from lava_spikyspace.benchmarking.measuring import Comparison, seconds_of
from lava_spikyspace.benchmarking.sizes import SIZES, Size
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import CODINGS, Plan, make_plan
from lava_spikyspace.synthetic.networks import random_messages

WARM_UP_STEPS = 20


def per_step(size: Size, steps: int, repeats: int, timeout_s: float) -> Iterator[Comparison]:
    """Yield the time of a time step and of the start, in-process against multiprocessing.

    A start is what it takes to assemble, compile and build the graph and to run its first step,
    with all libraries loaded.

    Parameters
    ----------
    size : Size
        Of the network.
    steps : int
        Steps of a counted repeat, after warm-up.
    repeats : int
        Counted repeats.
    timeout_s : float
        Seconds that the multiprocessing runtime gets.
    """
    from lava_spikyspace.runtime.guard import run_guarded

    network = size.network()
    for coding in CODINGS:
        plan = make_plan(network, coding)
        needed = WARM_UP_STEPS + steps * repeats
        windows = 1 + needed // (network.window * plan.frame_steps)
        job = (plan, random_messages(1, network, windows), steps, repeats)
        ours, theirs = _inprocess(*job), run_guarded(_multiprocessing, *job, timeout_s=timeout_s)
        names = ("in-process runtime", "multiprocessing runtime")
        note = f"{len(plan.processes)} processes, {steps} steps a repeat"
        yield Comparison(
            f"runtimes, {coding} coding", *names, "time step", ours["steps"], theirs["steps"], note
        )
        yield Comparison(
            f"start-up, {coding} coding", *names, "start", ours["start"], theirs["start"], note
        )


def against_batch(size: Size, windows: int, repeats: int, timeout_s: float) -> Comparison:
    """Return the batch engine against the multiprocessing simulator, both measured on `windows`.

    Parameters
    ----------
    size : Size
        Of the network.
    windows : int
        Windows that the simulator runs, start-up left out; the engine runs 256 of the same kind.
    repeats : int
        Counted repeats of the engine.
    timeout_s : float
        Seconds that the simulator gets.
    """
    from lava_spikyspace.runtime.guard import run_guarded

    network = size.network()
    plan, many = make_plan(network, "graded"), random_messages(1, network, 256)
    engine = BatchBackend(kernels="fused")
    engine.run(plan, many)
    fast = tuple(seconds_of(lambda: engine.run(plan, many)) / 256 for _ in range(repeats))
    steps = plan.time_steps(windows) - WARM_UP_STEPS
    theirs = run_guarded(_multiprocessing, plan, many[:windows], steps, 1, timeout_s=timeout_s)
    slow = tuple(seconds * plan.time_steps(windows) / windows for seconds in theirs["steps"])
    return Comparison(
        "batch engine against the multiprocessing simulator",
        "batch engine",
        "multiprocessing simulator",
        "window",
        fast,
        slow,
        f"simulator on {windows} windows, graded coding",
    )


Timings = dict[str, tuple[float, ...]]


def _inprocess(plan: Plan, messages: IntArray, steps: int, repeats: int) -> Timings:
    from lava_spikyspace.assembly import assemble
    from lava_spikyspace.runtime.inprocess import InProcessRuntime

    _load_libraries()
    started = time.perf_counter()
    graph = assemble(plan, messages)
    with InProcessRuntime(graph.source, run_config()) as runtime:
        runtime.run(1)
        start = time.perf_counter() - started
        return _timed(lambda n: runtime.run(n), start, steps, repeats)


def _multiprocessing(plan: Plan, messages: IntArray, steps: int, repeats: int) -> Timings:
    """To be called in a guarded worker."""
    from lava.magma.core.run_conditions import RunSteps

    from lava_spikyspace.assembly import assemble
    from lava_spikyspace.runtime.multiprocessing import start_lava

    _load_libraries()
    started = time.perf_counter()
    graph = assemble(plan, messages)
    runtime = start_lava(graph.source, run_config())
    runtime.start(RunSteps(num_steps=1))
    start = time.perf_counter() - started
    timings = _timed(lambda n: runtime.start(RunSteps(num_steps=n)), start, steps, repeats)
    runtime.stop()
    return timings


def _load_libraries() -> None:
    """Run a small graph, so that no start-up pays for the imports of Lava and its libraries."""
    from lava_spikyspace.assembly import assemble
    from lava_spikyspace.runtime.inprocess import InProcessRuntime

    network = SIZES["tiny"].network()
    graph = assemble(make_plan(network, "graded"), random_messages(1, network, 1))
    with InProcessRuntime(graph.source, run_config()) as runtime:
        runtime.run(1)


def _timed(run: Any, start: float, steps: int, repeats: int) -> Timings:  # noqa: ANN401 - a callable of either runtime
    run(WARM_UP_STEPS - 1)
    seconds = tuple(seconds_of(lambda: run(steps)) / steps for _ in range(repeats))
    return {"start": (start,), "steps": seconds}
