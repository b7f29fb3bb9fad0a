"""Two runtimes for the same Lava process models: in-process, and Lava's own under guard.

* `inprocess`: all models in the calling process, cooperatively scheduled. The default, and fast.
* `multiprocessing`: Lava's own runtime, one OS process per Lava process; to be run by `guard`,
  which sees to it that it ends, explains its failures and cleans up after it.

Importing this package imports no Lava; its modules do, when they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lava_spikyspace.lava_import import prepare_lava_import

if TYPE_CHECKING:
    from lava_spikyspace.runtime.inprocess import DeadlockError, InProcessRuntime

__all__ = ["DeadlockError", "InProcessRuntime"]

prepare_lava_import()


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the module holds
    if name in __all__:
        from lava_spikyspace.runtime import inprocess

        return getattr(inprocess, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
