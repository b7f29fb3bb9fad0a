"""Independent pieces of work on one process, several, or several machines, with the same results.

`open_workers` gives `Workers`: this process, a cluster of processes on this machine, or whatever
stands behind a Dask scheduler. What they return comes in the order of the tasks, so what is made of
it does not depend on who did what.
"""

from __future__ import annotations

from lava_spikyspace.workers.base import Workers
from lava_spikyspace.workers.opening import open_workers

__all__ = ["Workers", "open_workers"]
