"""One time step of the smallest Lava graph, on each runtime: does Lava work here at all.

Lava is imported when a trial runs, not with this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lava.magma.core.process.process import AbstractProcess
    from lava.magma.core.run_configs import RunConfig

BIAS = 7
"""Bias of the neuron, and its voltage after one step from rest."""

_THRESHOLD = 100


def _neuron() -> tuple[AbstractProcess, RunConfig]:
    """Return a leaky integrate-and-fire neuron with a bias, and how to run it."""
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.lif.process import LIF

    neuron = LIF(shape=(1,), bias_mant=BIAS, vth=_THRESHOLD)
    return neuron, Loihi2SimCfg(select_tag="fixed_pt")


def step_inprocess() -> int:
    """Run one step in this OS process.

    Returns
    -------
    int
        Voltage of the neuron, `BIAS` where all is well.

    Raises
    ------
    SimulationError
        The process model failed.
    """
    from lava_spikyspace.runtime.inprocess import InProcessRuntime

    neuron, run_cfg = _neuron()
    with InProcessRuntime(neuron, run_cfg) as runtime:
        runtime.run(1)
        return _voltage(runtime.get(neuron.v))


def step_multiprocessing(timeout_s: float) -> int:
    """Run one step on Lava's own runtime, in a watched worker process.

    Parameters
    ----------
    timeout_s : float
        Seconds that the worker gets.

    Returns
    -------
    int
        Voltage of the neuron, `BIAS` where all is well.

    Raises
    ------
    SimulationError, SimulationTimeoutError
        The process model or the runtime failed, or took too long.
    """
    from lava_spikyspace.runtime.guard import run_guarded

    return _voltage(run_guarded(run_one_step, timeout_s=timeout_s)["v"])


def run_one_step() -> Mapping[str, Any]:
    """Run one step on Lava's own runtime; to be called in a guarded worker process."""
    from lava_spikyspace.runtime.multiprocessing import run_lava

    neuron, run_cfg = _neuron()
    return run_lava(neuron, run_cfg, 1, {"v": neuron.v})


def _voltage(values: Any) -> int:  # noqa: ANN401 - an array in whatever dtype the runtime has
    return int(values[0])
