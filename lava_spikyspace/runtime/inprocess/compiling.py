"""From a Lava process graph to the builders of its models, by Lava's own compiler."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from lava.magma.compiler.compiler_graphs import ProcGroupDiGraphs, find_processes
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.sub.model import AbstractSubProcessModel
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.runtime.inprocess.naming import display_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lava.magma.compiler.executable import Executable
    from lava.magma.core.model.model import AbstractProcessModel
    from lava.magma.core.process.process import AbstractProcess
    from lava.magma.core.run_configs import RunConfig

_HINT = "Lava's own runtime may run it: `--runtime multiprocessing`, or `process.run(...)`."


def compile_graph(
    process: AbstractProcess, run_cfg: RunConfig, compile_config: dict[str, Any] | None = None
) -> Executable:
    """Compile all processes that are connected to `process`.

    Parameters
    ----------
    process : AbstractProcess
        Any process of the graph.
    run_cfg : RunConfig
        Chooses the models.
    compile_config : dict, optional
        Passed on to Lava's compiler.

    Returns
    -------
    Executable
        With a `PyProcessBuilder` for every process.

    Raises
    ------
    UsageError
        If a process of the graph has been compiled before; Lava cannot compile it twice.
    BackendUnavailableError
        If the graph needs something that this runtime does not have: a model that is not a Python
        model of the Loihi protocol, more than one synchronisation domain, a virtual port that Lava
        does not implement.
    """
    processes = find_processes(process)
    _refuse_compiled(processes)
    models = _select_models(processes, run_cfg)
    _refuse_models(models.items())
    try:
        executable = process.compile(_with_models(run_cfg, models), compile_config)
    except NotImplementedError as error:
        raise BackendUnavailableError(
            f"Lava cannot compile the graph of {display_name(process)}: {error}"
        ) from error
    _refuse_models((leaf, leaf.model_class) for leaf in executable.proc_builders)
    _refuse_domains(executable)
    return executable


def _select_models(
    processes: Iterable[AbstractProcess], run_cfg: RunConfig
) -> dict[AbstractProcess, type[AbstractProcessModel]]:
    """Choose the model of each process as Lava does, looking for candidates once per class.

    Lava executes every module beside a process's own anew for every single process, which takes
    longer than the rest of its compilation.
    """
    candidates: dict[type, list[type[AbstractProcessModel]]] = {}
    chosen = dict(getattr(run_cfg, "exception_proc_model_map", None) or {})
    models = {}
    for process in processes:
        kind = type(process)
        if process in chosen:
            models[process] = chosen[process]
            continue
        if kind not in candidates:
            candidates[kind] = ProcGroupDiGraphs._find_proc_models(proc=process)
        models[process] = ProcGroupDiGraphs._select_proc_models(process, candidates[kind], run_cfg)
    return models


def _with_models(
    run_cfg: RunConfig, models: dict[AbstractProcess, type[AbstractProcessModel]]
) -> RunConfig:
    """Return a run configuration like `run_cfg` that has chosen `models` already."""
    decided = copy.copy(run_cfg)
    exceptions = getattr(run_cfg, "exception_proc_model_map", None) or {}
    decided.exception_proc_model_map = {**exceptions, **models}
    return decided


def _refuse_compiled(processes: Iterable[AbstractProcess]) -> None:
    compiled = sorted(display_name(process) for process in processes if process.is_compiled)
    if compiled:
        raise UsageError(
            f"Compiled before: {', '.join(compiled)}; Lava can compile a process only once",
            hint="Build the graph afresh for every runtime.",
        )


def _refuse_models(
    models: Iterable[tuple[AbstractProcess, type[AbstractProcessModel]]],
) -> None:
    refused = []
    for process, model in models:
        if issubclass(model, AbstractSubProcessModel):
            continue
        protocol = model.implements_protocol
        if not issubclass(model, PyLoihiProcessModel):
            reason = "not a Python model of the Loihi protocol"
        elif protocol is None or not issubclass(protocol, LoihiProtocol):
            reason = f"its protocol is {getattr(protocol, '__name__', 'not declared')}"
        else:
            continue
        refused.append(f"{model.__name__} of {display_name(process)} ({reason})")
    if refused:
        raise BackendUnavailableError(
            f"The in-process runtime cannot run {', '.join(sorted(refused))}", hint=_HINT
        )


def _refuse_domains(executable: Executable) -> None:
    names = [domain.name for domain in executable.sync_domains if domain.processes]
    if len(names) > 1:
        raise BackendUnavailableError(
            "The in-process runtime steps all processes together; the run configuration "
            f"has {len(names)} synchronisation domains: {', '.join(names)}",
            hint=_HINT,
        )
