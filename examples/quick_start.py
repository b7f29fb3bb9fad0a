"""Run the bundled demo model and look at what it did.

    python examples/quick_start.py

Shows: `lss.run` on Lava's simulator (without Lava: on the batch engine, with the same numbers), the
forecasts beside what came, and the table of all processes. Needs no torch.

Prints: the forecast of one window, the five processes with the most synaptic operations, and what
the whole network did for one forecast. With matplotlib it also writes ``raster.png``, the spikes
of the first scan, and ``forecast.png``.
"""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

import lava_spikyspace as lss
from lava_spikyspace.availability import backend_availability


def main() -> None:
    """Run, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("quick-start"), help="for the pictures")
    folder = parser.parse_args().folder

    lava_is_here = {found.name: found.available for found in backend_availability()}["sim"]
    backend = "sim" if lava_is_here else "batch"
    # Eight windows whose forecasts end with the table, so that we can see what came.
    result = lss.run(backend=backend, windows="-14:-6", record=True)

    last = len(result.windows) - 1
    print(f"{backend}: window {result.windows[last]}, {result.variates[0]}")
    for step, value in enumerate(result.forecasts[last, :, 0]):
        print(f"  +{step + 1}  forecast {value:7.3f}  actual {result.actual[last, step, 0]:7.3f}")

    processes = result.processes  # a DataFrame, one row per process
    columns = ["name", "type", "graded_spikes", "synops", "firing_rate"]
    print("\nMost synaptic operations:")
    print(processes.nlargest(5, "synops")[columns].to_string(index=False))

    windows = len(result.windows)
    print(
        f"\nOne forecast: {processes['graded_spikes'].sum() / windows:.0f} graded spikes, "
        f"{processes['synops'].sum() / windows:.0f} synaptic operations, "
        f"{result.time_steps} time steps for {windows} windows"
    )

    if importlib.util.find_spec("matplotlib") is None:
        print("no pictures: matplotlib is not installed")
        return
    folder.mkdir(parents=True, exist_ok=True)
    result.plot_raster("blocks.0.scan.state").savefig(folder / "raster.png")
    result.plot_forecast(step=1).savefig(folder / "forecast.png")
    print(f"pictures: {folder / 'raster.png'} and {folder / 'forecast.png'}")


if __name__ == "__main__":
    main()
