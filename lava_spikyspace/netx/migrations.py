"""Older minor versions of the file, brought to the current one.

A minor version only adds to the schema. Its migration takes the values of a file of the version
before and adds what is new, with the meaning that its absence had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lava_spikyspace.errors import InternalError
from lava_spikyspace.netx.schema import VERSION
from lava_spikyspace.netx.tree import Tree

Version = tuple[int, int]
Migration = Callable[[Tree], Tree]


def _unchanged(tree: Tree) -> Tree:
    return tree


MIGRATIONS: dict[Version, Migration] = {
    (1, 0): _unchanged,  # 1.1 adds the layer types of SPikE-SSM-style networks
}
"""By the version that a migration starts from; it leads to the next minor version."""


def is_readable(version: Version, current: Version = VERSION) -> bool:
    """Return whether a reader of the current version takes a file: same major, minor up to its own.

    Parameters
    ----------
    version : (int, int)
        Major and minor version of the file.
    current : (int, int)
        Of the reader.
    """
    return version[0] == current[0] and version[1] <= current[1]


def migrate(
    tree: Tree,
    version: Version,
    *,
    current: Version = VERSION,
    migrations: Mapping[Version, Migration] = MIGRATIONS,
) -> Tree:
    """Return the content of a file as the current version would have written it.

    Parameters
    ----------
    tree : Tree
        Content of the file.
    version : (int, int)
        Its version, one that `is_readable`.
    current : (int, int)
        Version to arrive at.
    migrations : mapping of (int, int) to Migration
        Steps by the version that they start from.

    Raises
    ------
    InternalError
        A step is missing.
    """
    major, minor = version
    for step in range(minor, current[1]):
        if (major, step) not in migrations:
            raise InternalError(f"no migration from version {major}.{step}")
        tree = migrations[major, step](tree)
    return tree
