"""Write a Lava process of your own into the graph of a network, and run it on the simulator.

    python examples/new_process.py
    python examples/new_process.py --shift 0                  # changes nothing
    python examples/new_process.py --coding unary --runtime multiprocessing

Shows: the package `input_smoother/`, which has a process with a port in, a port out and an integer
model, as in `lava.proc`; `smoothed_graph.py`, in which it stands between the source and all that
listens to it; and how `simulate` runs such a graph on either Lava runtime. Windows with noise on
them go through the demo model. Needs Lava, no torch.

Prints: processes and time steps of the graph, what the smoother changed, mean absolute error of
the forecasts with and without it, and whether they equal, bit for bit, those of the batch engine on
windows that NumPy has smoothed.
"""

from __future__ import annotations

import argparse

import numpy as np
from smoothed_graph import Integers, smoothed_graph

import lava_spikyspace as lss
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.simulation import simulate
from lava_spikyspace.boundary import decode_forecasts, encode_windows
from lava_spikyspace.datasets import input_windows, read_table, target_windows
from lava_spikyspace.demo import demo_data_path
from lava_spikyspace.plan import make_plan


def main() -> None:
    """Run with and without the smoother."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shift", type=int, default=1, help="k in y += (x - y) >> k")
    parser.add_argument("--noise", type=float, default=6.0, help="in units of the table")
    parser.add_argument("--windows", type=int, default=4)
    parser.add_argument("--coding", choices=("graded", "unary"), default="graded")
    parser.add_argument("--runtime", choices=("inprocess", "multiprocessing"), default="inprocess")
    options = parser.parse_args()

    network, table = lss.load(), read_table(demo_data_path())
    end = table.rows - network.window - network.horizon + 1
    windows = np.arange(end - options.windows, end)
    raw = input_windows(table.values, network.window, windows)
    noise = np.random.default_rng(0).normal(scale=options.noise, size=raw.shape)
    encoded = encode_windows(network, raw + noise, clip=True)
    plan = make_plan(network, options.coding)

    # With `multiprocessing` the worker process builds the graph, so the function lives in a module.
    run = simulate(
        smoothed_graph,
        (plan, encoded.messages, options.shift),
        runtime=options.runtime,
        timeout_s=300,
        progress=None,
    )
    result, changed = run.result
    print(f"{len(plan.processes) + 1} processes, {plan.time_steps(len(windows))} time steps")
    print(f"the smoother changed {changed} of {encoded.messages.size} values")

    without = BatchBackend().run(plan, encoded.messages)
    target = target_windows(table.values, network.window, network.horizon, windows)
    for name, forecasts in (("without", without.forecasts), ("with", result.forecasts)):
        error = np.abs(decode_forecasts(network, forecasts, encoded) - target).mean()
        print(f"mean absolute error {name} the smoother: {error:.3f}")

    expected = BatchBackend().run(plan, smoothed(encoded.messages, options.shift))
    same = np.array_equal(result.forecasts, expected.forecasts)
    print("equal to the batch engine, bit for bit" if same else "NOT equal to the batch engine")


def smoothed(messages: Integers, shift: int) -> Integers:
    """Return windows as the process smooths them, (window, element, variate)."""
    result = messages.copy()
    for element in range(1, messages.shape[1]):
        before = result[:, element - 1]
        result[:, element] = before + ((messages[:, element] - before) >> shift)
    return result


if __name__ == "__main__":
    main()
