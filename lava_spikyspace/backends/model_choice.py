"""Which process model runs each process of a graph on a Loihi 2 system.

The order is that of Lava's `Loihi2HwCfg`: a neurocore model, else one for an embedded processor,
else a Python model on the host. Two things are added to it. Of several Python models the one that
computes in integers is taken; and synapses go to neurocores only together with the neurons that
they reach, as on the chip they lie on the same core.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lava.magma.compiler.compiler_graphs import ProcGroupDiGraphs
from lava.magma.core.model.model import AbstractProcessModel
from lava.magma.core.model.py.model import AbstractPyProcessModel
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import Loihi2NeuroCore, NeuroCore

from lava_spikyspace.backends.deployment import (
    ON_HOST,
    Deployed,
    Place,
    adapter_name,
    belongs,
    crossings,
    missing_model,
    receiver,
)
from lava_spikyspace.backends.simulation import MODEL_TAG
from lava_spikyspace.backends.vendor import AbstractNcProcessModel, CLoihiProcessModel
from lava_spikyspace.errors import BackendUnavailableError
from lava_spikyspace.plan import Plan

Model = type[AbstractProcessModel]

PLACES: tuple[Place, ...] = ("neurocore", "embedded", "host")
"""The first is preferred."""


@dataclass(frozen=True)
class Choice:
    """The model of one process.

    Parameters
    ----------
    place : {"neurocore", "embedded", "host"}
        Where it runs.
    model : type
        Its class.
    """

    place: Place
    model: Model


def place_of(model: Model) -> Place | None:
    """Return where a process model runs on a Loihi 2 system; None if it cannot run there.

    Parameters
    ----------
    model : type
        A process model.
    """
    if issubclass(model, AbstractNcProcessModel):
        usable = {NeuroCore, Loihi2NeuroCore} & set(model.required_resources)
        return "neurocore" if usable else None
    if issubclass(model, CLoihiProcessModel):
        return "embedded"
    return "host" if issubclass(model, AbstractPyProcessModel) else None


def ranked(models: Iterable[Model]) -> list[Choice]:
    """Return the models of one process that can run, the preferred one first.

    A Python model has to compute in integers: those that carry tags need `MODEL_TAG`.

    Parameters
    ----------
    models : iterable of type
        Its process models.
    """
    choices = []
    for model in models:
        place = place_of(model)
        is_float = place == "host" and model.tags and MODEL_TAG not in model.tags
        if place is not None and not is_float:
            choices.append(Choice(place, model))
    return sorted(choices, key=lambda choice: PLACES.index(choice.place))


@dataclass(frozen=True)
class ChosenModels:
    """The models of all processes of a plan.

    Parameters
    ----------
    choices : mapping of str to Choice
        By the names of the plan.
    for_cores : frozenset of str
        Classes of processes that have a neurocore model, chosen or not.
    """

    choices: Mapping[str, Choice]
    for_cores: frozenset[str]

    @property
    def on_cores(self) -> frozenset[str]:
        """Names of the processes that run on neurocores."""
        return frozenset(n for n, choice in self.choices.items() if choice.place == "neurocore")


def choose_models(plan: Plan, processes: Mapping[str, AbstractProcess]) -> ChosenModels:
    """Choose the model of every process.

    Parameters
    ----------
    plan : Plan
        What the processes belong to.
    processes : mapping of str to AbstractProcess
        By the names of the plan.

    Raises
    ------
    BackendUnavailableError
        A process has no model that could run.
    """
    known: dict[type, list[Choice]] = {}
    for process in processes.values():
        if type(process) not in known:
            known[type(process)] = ranked(ProcGroupDiGraphs._find_proc_models(process))
    chosen: dict[str, Choice] = {}
    # Neurons first: where synapses go depends on them.
    for place in sorted(plan.processes, key=lambda one: receiver(plan, one) is not None):
        reached = receiver(plan, place)
        may_be_on_core = place.kind not in ON_HOST and (
            reached is None or chosen[reached.name].place == "neurocore"
        )
        options = [
            choice
            for choice in known[type(processes[place.name])]
            if may_be_on_core or choice.place != "neurocore"
        ]
        if not options:
            raise BackendUnavailableError(
                f"{place.name}: no process model of {place.kind} runs on a Loihi 2 system"
            )
        chosen[place.name] = options[0]
    return ChosenModels(
        {place.name: chosen[place.name] for place in plan.processes},
        frozenset(
            place.kind
            for place in plan.processes
            if any(one.place == "neurocore" for one in known[type(processes[place.name])])
        ),
    )


def deployment(plan: Plan, chosen: ChosenModels) -> tuple[Deployed, ...]:
    """Return where every process runs, adapters at the end; see `expected_deployment`.

    Parameters
    ----------
    plan : Plan
        Processes and links.
    chosen : ChosenModels
        Models of its processes.
    """
    rows = [
        Deployed(
            process=place.name,
            type=place.kind,
            belongs=belongs(place),
            runs=chosen.choices[place.name].place,
            model=chosen.choices[place.name].model.__name__,
            missing=missing_model(plan, place, chosen.for_cores),
        )
        for place in plan.processes
    ]
    adapters = [
        Deployed(process=adapter_name(link), type=kind, belongs="embedded", runs="embedded")
        for link, kind in crossings(plan, chosen.on_cores)
    ]
    return (*rows, *adapters)
