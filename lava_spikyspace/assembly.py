"""From a plan to the Lava process graph that runs it, and from its Vars to a result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.process.variable import Var

from lava_spikyspace.backends.base import EngineResult
from lava_spikyspace.network import IntArray
from lava_spikyspace.plan import MESSAGE, Link, Plan, ProcessPlan
from lava_spikyspace.processes.builders import Site, build_process
from lava_spikyspace.processes.framed_process import FramedProcess, Watch
from lava_spikyspace.processes.frames import Schedule
from lava_spikyspace.processes.tally import Tally
from lava_spikyspace.profiling.counters import Activity

CONNECTIONS = ("Dense", "CausalConv")
"""Process classes that send weighted sums; as in Lava, their out port is ``a_out``."""

Connector: TypeAlias = Callable[[Link, OutPort, InPort], None]
"""Connects the two ports of a link."""


@dataclass(frozen=True, eq=False)
class LavaGraph:
    """Connected Lava processes of a plan, ready to be compiled.

    Parameters
    ----------
    plan : Plan
        What they run.
    processes : mapping of str to AbstractProcess
        By the names of the plan, in its order.
    windows : int
        Windows that the source plays.
    """

    plan: Plan
    processes: Mapping[str, AbstractProcess]
    windows: int

    @property
    def source(self) -> AbstractProcess:
        """The process that plays the windows; compiling it compiles the whole graph."""
        return self.processes[self.plan.processes[0].name]

    @property
    def head(self) -> AbstractProcess:
        """The process that sends the forecasts, on its port ``message``."""
        return self.processes[self.plan.processes[-1].name]

    @property
    def time_steps(self) -> int:
        """Time steps of the whole run."""
        return self.plan.time_steps(self.windows)

    def variables(self) -> dict[str, Var]:
        """Return the Vars that `collect` needs, by ``process.Var``.

        Counters of every process, the forecasts, and records where there are any.
        """
        return {
            f"{name}.{var.name}": var
            for name, process in self.processes.items()
            if isinstance(process, FramedProcess)
            for var in process.results
        }

    def collect(self, values: Mapping[str, IntArray]) -> EngineResult:
        """Return the result of a run.

        Parameters
        ----------
        values : mapping of str to ndarray, int64
            Values of `variables` after the last time step.
        """
        forecasts = values[f"{self.head.name}.forecast"]
        records = self._records(values)
        if records:
            records[self.plan.network.head.name] = forecasts
        return EngineResult(forecasts, self._activities(values), records)

    def _activities(self, values: Mapping[str, IntArray]) -> dict[str, Activity]:
        activities: dict[str, Activity] = {}
        for place in self.plan.processes:
            process = self.processes[place.name]
            if isinstance(process, FramedProcess):
                for (row, _), var in zip(place.rows, process.counter_names, strict=True):
                    if f"{place.name}.{var}" not in values:  # its model counts nothing
                        continue
                    ports = (MESSAGE,) if row == place.inner_row else process.event_ports
                    tally = Tally(values[f"{place.name}.{var}"], ports)
                    activities[row] = tally.activity()
        return activities

    def _records(self, values: Mapping[str, IntArray]) -> dict[str, IntArray]:
        records: dict[str, IntArray] = {}
        for place in self.plan.processes:
            process = self.processes[place.name]
            if isinstance(process, FramedProcess):
                names = {"record": place.layer, "inner_record": f"{place.layer}.{process.INNER}"}
                for var, name in names.items():
                    if f"{place.name}.{var}" in values:
                        codes = values[f"{place.name}.{var}"]
                        records[name] = codes.reshape(self.windows, self.plan.network.window, -1)
        return records


def assemble(
    plan: Plan, messages: IntArray, *, strict: bool = False, record: bool = False
) -> LavaGraph:
    """Build and connect the Lava processes of a plan.

    Parameters
    ----------
    plan : Plan
        What to run.
    messages : ndarray, int64, shape (window, element, variate)
        Windows as integers.
    strict : bool
        Check every value against its proven range.
    record : bool
        Keep the codes of every process.

    Returns
    -------
    LavaGraph
        The graph; a Lava process can be compiled once, so each run needs a graph of its own.
    """
    processes = build_processes(plan, messages, strict=strict, record=record)
    return connect_processes(plan, processes, len(messages))


def build_processes(
    plan: Plan, messages: IntArray, *, strict: bool = False, record: bool = False
) -> dict[str, AbstractProcess]:
    """Build the Lava processes of a plan, not yet connected; see `assemble`.

    Returns
    -------
    dict of str to AbstractProcess
        By the names of the plan, in its order.
    """
    processes: dict[str, AbstractProcess] = {}
    for process in plan.processes:
        layer = plan.network[process.layer]
        common = {
            "name": process.name,
            "schedule": _schedule(plan, process, windows=len(messages)),
            "watch": Watch(proof=layer if strict else None, record=record),
        }
        processes[process.name] = build_process(layer, Site(plan, process, messages, common))
    return processes


def connect_processes(
    plan: Plan,
    processes: Mapping[str, AbstractProcess],
    windows: int,
    connect: Connector | None = None,
) -> LavaGraph:
    """Connect the processes of a plan.

    Parameters
    ----------
    plan : Plan
        What they run.
    processes : mapping of str to AbstractProcess
        By the names of the plan.
    windows : int
        Windows that the source plays.
    connect : callable, optional
        Connects the ports of a link; by default directly.
    """
    kinds = {process.name: process.kind for process in plan.processes}
    for link in plan.links:
        port = "a_out" if kinds[link.source] in CONNECTIONS else link.port
        sender, receiver = processes[link.source], processes[link.target]
        if connect is None:
            getattr(sender, port).connect(getattr(receiver, link.role))
        else:
            connect(link, getattr(sender, port), getattr(receiver, link.role))
    return LavaGraph(plan, processes, windows)


def _schedule(plan: Plan, process: ProcessPlan, windows: int) -> Schedule:
    return Schedule(
        coding=plan.coding,
        frame_steps=plan.frame_steps,
        window=plan.network.window,
        windows=windows,
        offset=process.offset,
        delays={link.role: link.delay for link in plan.links_to(process.name)},
    )
