"""What has to be so before Lava can be imported."""

from __future__ import annotations

import multiprocessing
import sys

_SETS_START_METHOD = "lava.magma.runtime.message_infrastructure.multiprocessing"
"""Module of Lava that sets the start method of processes at import, and fails where one is set."""


def prepare_lava_import() -> None:
    """Let Lava set the start method of processes, also where another library was there before.

    A library that has used `multiprocessing` (Dask does) leaves a default behind, and Lava's import
    then raises ``context has already been set``. To be called before the first import of Lava.
    """
    if _SETS_START_METHOD not in sys.modules:
        multiprocessing.set_start_method(None, force=True)  # forgets it
