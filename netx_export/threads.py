"""Sharing a batch among threads, for compiled functions that release the lock.

What these functions compute does not depend on the number of threads. PyTorch's own sums do, so
training pins PyTorch to one thread and leaves the others to them.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch

KERNEL_DTYPES = (torch.float32, torch.float64)
"""What the compiled functions compute in."""

_sharing: list[int] = []
"""Threads to share among, where PyTorch is pinned; the innermost `one_torch_thread` last."""


@lru_cache(maxsize=1)
def kernels_available() -> bool:
    """Whether numba is here to compile them; plain PyTorch takes their place otherwise."""
    return importlib.util.find_spec("numba") is not None


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let PyTorch use one thread, and `share` as many as PyTorch used before."""
    before = torch.get_num_threads()
    _sharing.append(_sharing[-1] if _sharing else before)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
        _sharing.pop()


def share(kernel: Callable[..., None], items: int, *arguments: Any) -> None:  # noqa: ANN401
    """Call ``kernel(*arguments, first, last)`` on parts of ``range(items)``, one per thread.

    Parameters
    ----------
    kernel : callable
        Writes the results of items ``first .. last - 1`` and of no others.
    items : int
        Items in all, 0 or more.
    *arguments
        Passed on.
    """
    threads = _sharing[-1] if _sharing else torch.get_num_threads()
    parts = max(1, min(threads, items))
    bounds = [items * part // parts for part in range(parts + 1)]
    others = [
        _pool(parts, os.getpid()).submit(kernel, *arguments, first, last)
        for first, last in pairwise(bounds[1:])
    ]
    kernel(*arguments, bounds[0], bounds[1])
    for other in others:
        other.result()


@lru_cache(maxsize=4)
def _pool(threads: int, process: int) -> ThreadPoolExecutor:
    # Threads do not survive a fork: another process needs a pool of its own.
    return ThreadPoolExecutor(max_workers=threads, thread_name_prefix="share")
