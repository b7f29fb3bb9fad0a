"""Spiking selective state-space forecasters as integer networks, on Lava and without it.

The package reads, checks and runs model files (NetX HDF5) whose arithmetic is all integers.
Importing it is cheap: every module is imported where it is used, and only `processes`,
`assembly`, `runtime` and `backends` import Lava. Torch stays in the sister package `netx_export`.

>>> import lava_spikyspace as lss
>>> network = lss.load("model.net")  # doctest: +SKIP
>>> result = lss.run(network, "table.csv", backend="batch")  # doctest: +SKIP
>>> result.forecasts, result.processes  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lava_spikyspace.evaluation import Evaluation, evaluate
    from lava_spikyspace.inputs import load
    from lava_spikyspace.profiling.profile import Profile, profile
    from lava_spikyspace.profiling.report.reporting import Report, report
    from lava_spikyspace.profiling.versus import Versus, versus
    from lava_spikyspace.results import RunResult
    from lava_spikyspace.running import run
    from lava_spikyspace.stock.results import StockResult
    from lava_spikyspace.stock.running import run_stock
    from lava_spikyspace.sweeps.sweeping import Sweep, sweep
    from lava_spikyspace.verification import Verification, verify

__version__ = "0.1.0"

__all__ = [
    "Evaluation",
    "Profile",
    "Report",
    "RunResult",
    "StockResult",
    "Sweep",
    "Verification",
    "Versus",
    "evaluate",
    "load",
    "profile",
    "report",
    "run",
    "run_stock",
    "sweep",
    "verify",
    "versus",
]

_MODULES = {
    "Evaluation": "evaluation",
    "Profile": "profiling.profile",
    "Report": "profiling.report.reporting",
    "RunResult": "results",
    "StockResult": "stock.results",
    "Sweep": "sweeps.sweeping",
    "Verification": "verification",
    "Versus": "profiling.versus",
    "evaluate": "evaluation",
    "load": "inputs",
    "profile": "profiling.profile",
    "report": "profiling.report.reporting",
    "run": "running",
    "run_stock": "stock.running",
    "sweep": "sweeps.sweeping",
    "verify": "verification",
    "versus": "profiling.versus",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *_MODULES})
