"""Where the processes of a plan run on a Loihi 2 system: neurocore, embedded processor or host.

Without Intel's extension this is what is known of it in public; with it, `backends.model_choice`
asks the process models themselves.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import asdict, dataclass
from typing import Literal

from lava_spikyspace.plan import Link, Plan, ProcessPlan

Place = Literal["neurocore", "embedded", "host"]

SYNAPSES = ("Dense", "CausalConv")
"""Processes that hold synapses. On the chip synapses lie on the core of the neurons that they
reach, so they can be on a neurocore only where those are."""

ON_HOST = ("WindowSource", "ForecastHead")
"""Processes that play the windows and keep the forecasts: they stay on the host."""

EXTENSION_MODELS = ("Dense",)
"""Processes of a plan for which the extension has a neurocore model."""

TO_CORES = "PyToNxAdapter"
FROM_CORES = "NxToPyAdapter"
"""Processes of the extension, on an embedded processor, between host and cores."""

_EXTENSION = "Intel's extension"


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """Where one process belongs, and where it would run today.

    Parameters
    ----------
    process, type : str
        Name in the plan, and class.
    belongs : {"neurocore", "embedded", "host"}
        Where it runs in a complete deployment.
    runs : {"neurocore", "embedded", "host"}, optional
        Where it would run with the extension and the models that there are; None for an adapter
        that is not needed then.
    model : str, optional
        Class of the process model that runs it there, where that is known.
    missing : str, optional
        What it lacks to run where it belongs.
    """

    process: str
    type: str
    belongs: Place
    runs: Place | None
    model: str | None = None
    missing: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """Return the fields as plain values."""
        return asdict(self)


def belongs(process: ProcessPlan) -> Place:
    """Return where a process runs in a complete deployment."""
    return "host" if process.kind in ON_HOST else "neurocore"


def receiver(plan: Plan, process: ProcessPlan) -> ProcessPlan | None:
    """Return the process whose neurons the synapses of a process reach; None for neurons."""
    if process.kind not in SYNAPSES:
        return None
    targets = {link.target for link in plan.links if link.source == process.name}
    return next((one for one in plan.processes if one.name in targets), None)


def crossings(plan: Plan, on_cores: Container[str]) -> Iterator[tuple[Link, str]]:
    """Yield the links between host and cores, each with the kind of adapter that it needs.

    Parameters
    ----------
    plan : Plan
        Processes and links.
    on_cores : container of str
        Names of the processes on neurocores.
    """
    for link in plan.links:
        if (link.source in on_cores) != (link.target in on_cores):
            yield link, FROM_CORES if link.source in on_cores else TO_CORES


def adapter_name(link: Link) -> str:
    """Return the name of the adapter of a link."""
    return f"{link.source}.{link.port}-{link.target}"


def expected_deployment(plan: Plan) -> tuple[Deployed, ...]:
    """Return where the processes of a plan would run with Intel's extension, from public knowledge.

    The extension has neurocore models of some processes of ``lava.proc``; the neurons here have
    Python models, and whoever has the extension can add neurocore models beside them.

    Parameters
    ----------
    plan : Plan
        Processes and links.

    Returns
    -------
    tuple of Deployed
        Processes in the order of the plan, then the adapters of a complete deployment.
    """
    rows = [
        Deployed(
            process=process.name,
            type=process.kind,
            belongs=belongs(process),
            runs="host",
            missing=missing_model(plan, process),
        )
        for process in plan.processes
    ]
    on_cores = {row.process for row in rows if row.belongs == "neurocore"}
    adapters = [
        Deployed(
            process=adapter_name(link),
            type=kind,
            belongs="embedded",
            runs=None,
            missing=_EXTENSION,
        )
        for link, kind in crossings(plan, on_cores)
    ]
    return (*rows, *adapters)


def missing_model(
    plan: Plan, process: ProcessPlan, has_model: Container[str] = EXTENSION_MODELS
) -> str | None:
    """Return what a process lacks to run on a neurocore; None for nothing, or if it stays away.

    Parameters
    ----------
    plan : Plan
        Processes and links.
    process : ProcessPlan
        One of them.
    has_model : container of str
        Classes of processes that have a neurocore model.
    """
    if belongs(process) == "host":
        return None
    if process.kind not in has_model:
        return f"model of {process.kind}"
    reached = receiver(plan, process)
    if reached is not None and reached.kind not in has_model:
        return f"model of {reached.kind}"
    return None
