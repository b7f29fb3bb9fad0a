"""Sharing a batch among threads, for compiled functions that release the lock."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import Any

import torch


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
    parts = max(1, min(torch.get_num_threads(), items))
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
