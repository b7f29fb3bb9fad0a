"""Jobs for an interpreter in which the stand-in for Intel's extension can be imported."""

import numpy as np
from lava.magma.compiler.compiler_graphs import ProcGroupDiGraphs
from lava.magma.core.resources import Loihi1NeuroCore, Loihi2NeuroCore, NeuroCore
from lava.magma.core.run_configs import Loihi2HwCfg

from lava_spikyspace.assembly import build_processes, connect_processes
from lava_spikyspace.backends import vendor
from lava_spikyspace.backends.adapters import Adapters
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.loihi2 import loihi2_readiness
from lava_spikyspace.backends.loihi_probes import Probes
from lava_spikyspace.backends.model_choice import choose_models, deployment, place_of, ranked
from lava_spikyspace.backends.simulation import run_config
from lava_spikyspace.plan import make_plan
from lava_spikyspace.runtime.inprocess import InProcessRuntime
from tests.random_networks import random_network

WINDOWS = 2
_find = ProcGroupDiGraphs._find_proc_models


def network():
    return random_network(3, channels=4, window=4, d_inner=3, d_state=2, blocks=1, golden=0)


def messages(plan):
    limits = plan.network.input.ranges["message"]
    shape = (WINDOWS, plan.network.window, plan.network.channels)
    return np.random.default_rng(5).integers(limits.lo // 4, limits.hi // 4, shape)


def neurocore_twin(model, resource=Loihi2NeuroCore):
    """A neurocore model of the same process."""
    content = {
        "implements_process": model.implements_process,
        "implements_protocol": model.implements_protocol,
        "required_resources": [resource],
        "tags": [],
    }
    return type(f"Nc{model.__name__}", (vendor.AbstractNcProcessModel,), content)


def with_neurocore_models(kinds, resource=Loihi2NeuroCore):
    """Let Lava find a neurocore model of some classes of processes beside the Python ones."""
    twins = {}

    def find(proc):
        models = _find(proc)
        kind = type(proc).__name__
        if kind in kinds and kind not in twins:
            (fixed,) = (one.model for one in ranked(models))
            twins[kind] = neurocore_twin(fixed, resource)
        return [*models, *([twins[kind]] if kind in kinds else [])]

    ProcGroupDiGraphs._find_proc_models = staticmethod(find)


def call_all(calls):
    """Call several jobs one after the other, since it takes seconds to import Lava."""
    return [globals()[name](*arguments) for name, *arguments in calls]


def shim():
    return vendor.HAS_LAVA_LOIHI, vendor.PROBLEM


def places(kinds, coding="graded", resource=Loihi2NeuroCore):
    """Where each process would run, adapters included, as plain values."""
    with_neurocore_models(kinds, resource)
    plan = make_plan(network(), coding)
    ready = loihi2_readiness(plan)
    return ready.reason, [row.to_dict() for row in ready.deployment]


def order():
    """The order of our choice and of Lava's own, for models of one process of all three kinds."""
    plan = make_plan(network(), "graded")
    processes = build_processes(plan, messages(plan))
    process = processes["blocks.0.conv.neuron"]
    (python,) = _find(process)
    neurocore = neurocore_twin(python)
    general = neurocore_twin(python, NeuroCore)
    other_chip = neurocore_twin(python, Loihi1NeuroCore)
    embedded = type("CModel", (vendor.CLoihiProcessModel,), {"required_resources": []})
    lists = {
        "all": [python, embedded, neurocore],
        "general": [python, general],
        "no neurocore": [python, embedded],
        "python": [python],
        "other chip": [python, other_chip],
    }
    ours = {name: ranked(models)[0].place for name, models in lists.items()}
    lavas = {name: place_of(Loihi2HwCfg().select(process, m)) for name, m in lists.items()}
    return ours, lavas


def run_mixed(kinds, coding):
    """Tell where a graph's processes would be, and run it, with its adapters, on the CPU."""
    with_neurocore_models(kinds)
    plan = make_plan(network(), coding)
    windows = messages(plan)
    processes = build_processes(plan, windows, strict=True)
    chosen = choose_models(plan, processes)
    adapters = Adapters(plan, chosen.on_cores)
    graph = connect_processes(plan, processes, WINDOWS, adapters.connect)
    ProcGroupDiGraphs._find_proc_models = staticmethod(_find)
    with InProcessRuntime(graph.source, run_config()) as runtime:
        runtime.run(graph.time_steps)
        forecasts = runtime.get(graph.head.forecast)
    widths = {
        name: process.proc_params["num_message_bits"]
        for name, process in adapters.processes.items()
    }
    rows = [row.to_dict() for row in deployment(plan, chosen)]
    expected = BatchBackend().run(plan, windows).forecasts
    return rows, widths, bool(np.array_equal(forecasts, expected)), int(np.count_nonzero(expected))


def probe(steps, missing=()):
    """What the profilers measured, some of their attributes missing."""
    for owner, name in missing:
        delattr(getattr(vendor, owner), name)
    probes = Probes(steps)
    names = [type(callback).__name__ for callback in probes.callbacks]
    return names, probes.measurement().to_dict()
