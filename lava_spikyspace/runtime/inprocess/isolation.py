"""Each model gets objects of its own, as if it had been forked into a process of its own.

Lava's runtime forks one OS process per model: whatever a model does to its parameters or to the
initial value of a Var stays its own business. Here all models live together, so what the builder
would share is copied first. Processes and what belongs to them (ports, Vars) are never copied.
"""

from __future__ import annotations

import copy
import logging
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
from lava.magma.core.process.process import ProcessParameters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lava.magma.compiler.builders.py_builder import PyProcessBuilder
    from lava.magma.core.process.process import AbstractProcess

_logger = logging.getLogger(__name__)

# What objects that cannot be copied (locks, files, modules, semaphores) raise.
_NOT_COPYABLE = (
    TypeError,
    ValueError,
    AttributeError,
    RuntimeError,
    copy.Error,
    pickle.PickleError,
)


def never_copied(processes: Iterable[AbstractProcess]) -> dict[int, Any]:
    """Return processes, their ports and Vars by `id`, as `copy.deepcopy` looks them up."""
    kept: list[Any] = []
    for process in processes:
        kept.append(process)
        for collection in (
            process.in_ports,
            process.out_ports,
            process.ref_ports,
            process.var_ports,
            process.vars,
        ):
            kept += collection.members
    return {id(member): member for member in kept}


def isolate(builder: PyProcessBuilder, name: str, kept: Mapping[int, Any]) -> None:
    """Replace what `builder` shares with its process, or with other builders, by copies.

    Parameters
    ----------
    builder : PyProcessBuilder
        Changed in place.
    name : str
        Display name of the process, for the log.
    kept : mapping of int to object
        By `id`, what is not copied: see `never_copied`.
    """
    memo = dict(kept)
    for variable in builder.vars.values():
        # An array Var is filled in by the builder and so is a copy already.
        if not issubclass(getattr(builder.proc_model, variable.name).cls, np.ndarray):
            variable.value = _copied(variable.value, memo, f"initial {variable.name} of {name}")
    if builder.proc_params is not None:
        parameters = builder.proc_params._parameters
        builder.proc_params = ProcessParameters(
            {
                key: _copied(value, memo, f"parameter {key} of {name}")
                for key, value in parameters.items()
            }
        )


def _copied(value: Any, memo: dict[int, Any], what: str) -> Any:  # noqa: ANN401
    try:
        return copy.deepcopy(value, memo)
    except _NOT_COPYABLE as error:
        _logger.warning("The %s is shared with its process: it cannot be copied (%s)", what, error)
        return value
