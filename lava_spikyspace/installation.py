"""What is installed here and whether it works: the library behind `lss doctor`."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from lava_spikyspace.availability import backend_availability
from lava_spikyspace.errors import SpikySpaceError

Status = Literal["ok", "absent", "failed"]

REQUIRED = {
    "numpy": "numpy",
    "h5py": "h5py",
    "numba": "numba",
    "pandas": "pandas",
    "pydantic": "pydantic",
    "rich": "rich",
    "typer": "typer",
}
"""Libraries that the package cannot do without: distribution to module."""

OPTIONAL = {
    "lava-nc": ("lava.magma.core.process.process", "pip install 'lava-spikyspace[lava]'"),
    "greenlet": ("greenlet", "pip install 'lava-spikyspace[lava]'"),
    "psutil": ("psutil", "pip install 'lava-spikyspace[lava]'"),
    "torch": ("torch", "pip install 'lava-spikyspace[export]'"),
    "lava-dl": ("lava.lib.dl.slayer", "pip install 'lava-spikyspace[export]'"),
    "pyarrow": ("pyarrow", "pip install pyarrow: parquet files"),
    "matplotlib": ("matplotlib", "pip install matplotlib: pictures of cores"),
}
"""Libraries for single commands: distribution to module and how to get it."""

SHARED_MEMORY = Path("/dev/shm")
"""Where Lava's own runtime keeps the messages between its OS processes."""

LEAST_SHARED_MEMORY = 64 << 20
"""Bytes below which Lava's own runtime can fail on larger graphs."""

SLURM_PROGRAMS = ("sinfo", "srun")
SLURM_VARIABLES = ("SLURM", "PARTITION", "BOARD", "LOIHI_GEN", "NOSLURM")
"""Variables by which hosts of Loihi systems say how chips are reached."""

STEP_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class InstallationCheck:
    """One thing that was looked at.

    Parameters
    ----------
    topic, name : str
        What it belongs to, and what it is.
    status : {"ok", "absent", "failed"}
        Absent is fine where nothing needs it; failed is not.
    detail : str
        Version, size, or what went wrong.
    hint : str, optional
        What helps.
    """

    topic: str
    name: str
    status: Status
    detail: str
    hint: str | None = None

    def to_dict(self) -> dict[str, str | None]:
        """Return the fields as plain values."""
        return asdict(self)


def examine_installation(
    *, steps: bool = True, timeout_s: float = STEP_TIMEOUT_S
) -> Iterator[InstallationCheck]:
    """Look at everything that commands need, one thing after the other.

    Parameters
    ----------
    steps : bool
        Also run one Lava step on each runtime, where Lava is installed.
    timeout_s : float
        Seconds that such a step gets.

    Yields
    ------
    InstallationCheck
        As soon as it is known.
    """
    yield _python()
    yield from _libraries()
    yield from _machine()
    yield from _backends()
    yield from _loihi_host()
    if steps:
        yield from _steps(timeout_s)


def _python() -> InstallationCheck:
    detail = f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
    if (3, 10) <= sys.version_info[:2] < (3, 14):
        return InstallationCheck("python", "version", "ok", detail)
    return InstallationCheck(
        "python", "version", "failed", detail, hint="CPython 3.10 to 3.13 are supported"
    )


def _libraries() -> Iterator[InstallationCheck]:
    for name, module in REQUIRED.items():
        yield _library(name, module, absent="failed", hint="pip install lava-spikyspace")
    for name, (module, hint) in OPTIONAL.items():
        yield _library(name, module, absent="absent", hint=hint)


def _library(name: str, module: str, *, absent: Status, hint: str) -> InstallationCheck:
    """Import a library; one that is installed and cannot be imported has failed."""
    from importlib import metadata

    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return InstallationCheck("library", name, absent, "not installed", hint)
    try:
        importlib.import_module(module)
    except Exception as error:  # noqa: BLE001 - whatever stops it is what the user wants to know
        detail = f"{version}, cannot be imported: {type(error).__name__}: {error}"
        return InstallationCheck("library", name, "failed", detail, hint)
    return InstallationCheck("library", name, "ok", version)


def _machine() -> Iterator[InstallationCheck]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield InstallationCheck("machine", "cores", "ok", f"{usable} usable of {os.cpu_count()}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    yield InstallationCheck("machine", "memory", "ok", _bytes(memory))
    yield _shared_memory()


def _shared_memory() -> InstallationCheck:
    name = str(SHARED_MEMORY)
    if not SHARED_MEMORY.is_dir():
        return InstallationCheck(
            "machine", name, "absent", "no such folder", "--runtime inprocess does without it"
        )
    free = shutil.disk_usage(SHARED_MEMORY).free
    if free < LEAST_SHARED_MEMORY:
        return InstallationCheck(
            "machine",
            name,
            "failed",
            f"{_bytes(free)} free, expected {_bytes(LEAST_SHARED_MEMORY)}",
            "give the container more (--shm-size), or --runtime inprocess",
        )
    return InstallationCheck("machine", name, "ok", f"{_bytes(free)} free")


def _bytes(count: int) -> str:
    return f"{count / 2**20:.0f} MiB" if count < 2**30 else f"{count / 2**30:.1f} GiB"


def _backends() -> Iterator[InstallationCheck]:
    for entry in backend_availability():
        status: Status = "ok" if entry.available else "absent"
        yield InstallationCheck(
            "backend", entry.name, status, entry.reason or entry.summary, entry.hint
        )


def _loihi_host() -> Iterator[InstallationCheck]:
    yield _extension()
    programs = [name for name in SLURM_PROGRAMS if shutil.which(name)]
    yield InstallationCheck(
        "loihi", "slurm", "ok" if programs else "absent", ", ".join(programs) or "no SLURM programs"
    )
    settings = [f"{name}={os.environ[name]}" for name in SLURM_VARIABLES if name in os.environ]
    yield InstallationCheck(
        "loihi", "variables", "ok" if settings else "absent", ", ".join(settings) or "none is set"
    )


def _extension() -> InstallationCheck:
    (entry,) = (entry for entry in backend_availability() if entry.name == "loihi2")
    if not entry.available:
        return InstallationCheck("loihi", "extension", "absent", entry.reason or "", entry.hint)
    from lava_spikyspace.backends import vendor

    if vendor.HAS_LAVA_LOIHI:
        return InstallationCheck("loihi", "extension", "ok", "Intel's extension of Lava")
    detail = f"cannot be imported: {vendor.PROBLEM}"
    return InstallationCheck("loihi", "extension", "failed", detail)


def _steps(timeout_s: float) -> Iterator[InstallationCheck]:
    from lava_spikyspace.runtime import trial

    trials: dict[str, Callable[[], int]] = {
        "inprocess": trial.step_inprocess,
        "multiprocessing": lambda: trial.step_multiprocessing(timeout_s),
    }
    sim = next(entry for entry in backend_availability() if entry.name == "sim")
    for name, step in trials.items():
        if not sim.available:
            detail = f"not tried: {sim.reason}"
            yield InstallationCheck("runtime", name, "absent", detail, sim.hint)
        else:
            yield _step(name, step, trial.BIAS)


def _step(name: str, step: Callable[[], int], expected: int) -> InstallationCheck:
    started = time.perf_counter()
    try:
        voltage = step()
    except SpikySpaceError as error:
        return InstallationCheck("runtime", name, "failed", error.message, error.hint)
    except Exception as error:  # noqa: BLE001 - whatever stops Lava is what the user wants to know
        return InstallationCheck("runtime", name, "failed", f"{type(error).__name__}: {error}")
    if voltage != expected:
        return InstallationCheck(
            "runtime", name, "failed", f"a neuron has the voltage {voltage}, expected {expected}"
        )
    return InstallationCheck(
        "runtime", name, "ok", f"one Lava step in {time.perf_counter() - started:.1f} s"
    )
