"""Which backends can run in this installation, found out without importing any of them."""

from __future__ import annotations

import importlib.util
import platform
import sys
from dataclasses import asdict, dataclass

from lava_spikyspace.errors import BackendUnavailableError

LAVA_PYTHON = (3, 10)
"""The only CPython that lava-nc 0.10.0, the last release, accepts."""

LAVA_MODULE = "lava.magma.core.decorator"
GREENLET_MODULE = "greenlet"
LOIHI_MODULE = "lava.utils.loihi2_profiler"
"""Comes with Intel's extension of Lava for Loihi 2; Lava itself looks for the same module."""


@dataclass(frozen=True)
class Availability:
    """Whether one backend can run here.

    Parameters
    ----------
    name : str
        ``batch``, ``sim`` or ``loihi2``.
    summary : str
        What the backend is, in a few words.
    available : bool
        True if everything that the backend imports is installed.
    reason : str, optional
        What is missing; None for an available backend.
    hint : str, optional
        How to get it.
    """

    name: str
    summary: str
    available: bool
    reason: str | None = None
    hint: str | None = None

    def to_dict(self) -> dict[str, str | bool | None]:
        """Return the fields as a plain mapping."""
        return asdict(self)


def backend_availability() -> tuple[Availability, ...]:
    """Return every backend with what it lacks here, the one that needs least first.

    Modules are looked for, not imported, so this takes milliseconds and has no side effects.

    Returns
    -------
    tuple of Availability
        ``batch``, ``sim`` and ``loihi2``, in this order.
    """
    return (
        Availability(
            "batch",
            "integer engine, compiled kernels or NumPy, for whole test sets",
            available=True,
        ),
        _sim(),
        _loihi2(),
    )


def require_export(module: str = "torch") -> None:
    """Refuse to go on without the libraries that training and export need.

    Parameters
    ----------
    module : str
        What is about to be imported.

    Raises
    ------
    BackendUnavailableError
        It is not installed; the hint says how to get it.
    """
    if not _is_installed(module):
        raise BackendUnavailableError(
            f"{module} is not installed, and training and export need it",
            hint="pip install 'lava-spikyspace[export]' (CPython 3.10)",
        )


def require_report(*modules: str) -> None:
    """Refuse to go on without the libraries that pages and figures need.

    Parameters
    ----------
    *modules : str
        What is about to be imported.

    Raises
    ------
    BackendUnavailableError
        One is not installed; the hint says how to get it.
    """
    missing = [module for module in modules if not _is_installed(module)]
    if missing:
        raise BackendUnavailableError(
            f"not installed: {', '.join(missing)}, which reports and figures need",
            hint="pip install 'lava-spikyspace[report]'",
        )


def _sim() -> Availability:
    reason, hint = _missing_lava()
    return Availability("sim", "Lava processes on the CPU", reason is None, reason, hint)


def _loihi2() -> Availability:
    reason, hint = _missing_lava()
    if reason is None and not _is_installed(LOIHI_MODULE):
        reason = "Intel's extension of Lava for Loihi 2 is not installed"
        hint = "Intel gives it to members of its neuromorphic research community"
    return Availability("loihi2", "Lava processes on the chip", reason is None, reason, hint)


def _missing_lava() -> tuple[str, str] | tuple[None, None]:
    """Return why Lava cannot be imported and what helps, or a pair of None."""
    missing = [
        name
        for name, module in (("lava-nc", LAVA_MODULE), ("greenlet", GREENLET_MODULE))
        if not _is_installed(module)
    ]
    if not missing:
        return None, None
    if sys.version_info[:2] != LAVA_PYTHON:
        needed = ".".join(map(str, LAVA_PYTHON))
        return (
            f"Lava runs on CPython {needed} only; this is {platform.python_version()}",
            f"make an environment of CPython {needed} and install 'lava-spikyspace[lava]' there",
        )
    return f"not installed: {', '.join(missing)}", "pip install 'lava-spikyspace[lava]'"


def _is_installed(module: str) -> bool:
    """Tell whether `module` can be found; its parents are namespace packages without code."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a parent package is not there
        return False
