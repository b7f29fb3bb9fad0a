"""Intel's extension of Lava for Loihi 2 ("Lava-Loihi"): the only module that imports it.

The extension is closed; these are the names by which public notebooks and libraries use it. Import
this module where a run begins, not earlier: it imports Lava.
"""

from __future__ import annotations

from typing import Any

from lava_spikyspace.lava_import import prepare_lava_import

prepare_lava_import()

try:
    from lava.magma.core.model.c.model import CLoihiProcessModel
    from lava.magma.core.model.nc.model import AbstractNcProcessModel
    from lava.proc.embedded_io.spike import NxToPyAdapter, PyToNxAdapter
    from lava.utils.loihi2_profiler import (
        Loihi2Activity,
        Loihi2ExecutionTime,
        Loihi2Memory,
        Loihi2Power,
    )
except ImportError as error:
    HAS_LAVA_LOIHI = False
    PROBLEM: str | None = str(error)

    class AbstractNcProcessModel:  # type: ignore[no-redef]
        """Stands for the base of neurocore models, which nothing derives from here."""

    class CLoihiProcessModel:  # type: ignore[no-redef]
        """Stands for the base of models for embedded processors."""

    NxToPyAdapter: Any = None  # type: ignore[no-redef]
    PyToNxAdapter: Any = None  # type: ignore[no-redef]
    Loihi2Activity: Any = None  # type: ignore[no-redef]
    Loihi2ExecutionTime: Any = None  # type: ignore[no-redef]
    Loihi2Memory: Any = None  # type: ignore[no-redef]
    Loihi2Power: Any = None  # type: ignore[no-redef]
else:
    HAS_LAVA_LOIHI = True
    PROBLEM = None

__all__ = [
    "HAS_LAVA_LOIHI",
    "PROBLEM",
    "AbstractNcProcessModel",
    "CLoihiProcessModel",
    "Loihi2Activity",
    "Loihi2ExecutionTime",
    "Loihi2Memory",
    "Loihi2Power",
    "NxToPyAdapter",
    "PyToNxAdapter",
]
