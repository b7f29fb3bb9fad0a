"""From the name of a backend to an engine that can run here."""

from __future__ import annotations

from typing import Literal

from lava_spikyspace.availability import backend_availability
from lava_spikyspace.backends.base import Backend
from lava_spikyspace.backends.batch import BatchBackend
from lava_spikyspace.backends.loihi2 import Loihi2Backend
from lava_spikyspace.backends.loihi_host import ANY_HOST, LoihiHost
from lava_spikyspace.backends.sim import RUNTIMES, Runtime, SimBackend
from lava_spikyspace.errors import BackendUnavailableError, UsageError

BackendName = Literal["sim", "batch", "loihi2"]

DEFAULT_TIMEOUT_S = 600.0
"""Seconds that a simulation gets."""


def make_backend(
    name: BackendName,
    *,
    runtime: Runtime = "inprocess",
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    host: LoihiHost = ANY_HOST,
) -> Backend:
    """Return the engine of that name.

    Parameters
    ----------
    name : {"sim", "batch", "loihi2"}
        Which engine.
    runtime : {"inprocess", "multiprocessing"}
        Lava runtime, for ``sim``.
    timeout_s : float or None
        Seconds that a run gets, None for no limit; for ``sim`` and ``loihi2``.
    host : LoihiHost
        How the chip is reached, for ``loihi2``.

    Raises
    ------
    UsageError
        There is no backend or runtime of that name.
    BackendUnavailableError
        The backend needs something that is not installed here.
    """
    if runtime not in RUNTIMES:
        raise UsageError(f"runtime is {runtime!r}, expected one of {', '.join(RUNTIMES)}")
    known = {entry.name: entry for entry in backend_availability()}
    if name not in known:
        raise UsageError(f"backend is {name!r}, expected one of {', '.join(known)}")
    entry = known[name]
    if not entry.available:
        raise BackendUnavailableError(
            f"backend {name} is not available: {entry.reason}", hint=entry.hint
        )
    if name == "batch":
        return BatchBackend()
    if name == "sim":
        return SimBackend(runtime=runtime, timeout_s=timeout_s)
    return Loihi2Backend(host=host, timeout_s=timeout_s)
