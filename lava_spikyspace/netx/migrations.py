"""Older minor versions of the file, brought to the current one.

A minor version only adds to the schema. Its migration takes the values of a file of the version
before and adds what is new, with the meaning that its absence had.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lava_spikyspace.errors import InternalError
from lava_spikyspace.netx.schema import FRACTION, VERSION
from lava_spikyspace.netx.tree import Tree, Value, join

Version = tuple[int, int]
Migration = Callable[[Tree], Tree]


def _unchanged(tree: Tree) -> Tree:
    return tree


def _limbs_of_products(tree: Tree) -> Tree:
    """Bring a file of version 1.1 to 1.2: nothing is wide, no product is taken in limbs.

    The range ``state`` of a root mean square was that of the radicand behind its shift, and is that
    before it. What is malformed is left to the rules.
    """
    values = dict(tree.values)
    for group in sorted(group for group in tree.groups if group.endswith("/params")):
        layer = group.removesuffix("/params")
        if join(group, "rms_shift") in values:
            values[join(group, "theta_limbs")] = np.zeros(0, dtype=np.int64)
        if _texts(tree, layer) & _WITH_MULT_LIMBS:
            values[join(group, "mult_limbs")] = np.zeros(0, dtype=np.int64)
        root_bits = values.get(join(group, "root_bits"))
        if root_bits is None:
            continue
        values[join(group, "square_shift")] = np.zeros((), dtype=np.int64)
        state = values.get(join(layer, "width/state"))
        if state is not None and state.dtype.kind == "i" and _is_fraction(root_bits):
            values[join(layer, "width/state")] = state >> (2 * int(root_bits))
    return Tree(values, tree.groups)


def _offsets_of_states(tree: Tree) -> Tree:
    """Bring a file of version 1.2 to 1.3: all states of a scan have one zero-point."""
    values = dict(tree.values)
    for group in sorted(group for group in tree.groups if group.endswith("/params")):
        if b"selective_scan" in _texts(tree, group.removesuffix("/params")):
            values[join(group, "state_offset")] = np.zeros(1, dtype=np.int64)
    return Tree(values, tree.groups)


_WITH_MULT_LIMBS = {b"LINEAR", b"RESIDUAL", b"forecast_head", b"PROJECTION", b"PTSIGMOID"}
"""Types and neuron types of the layers whose multiplier may be taken in limbs."""


def _texts(tree: Tree, layer: str) -> set[bytes]:
    """Return type and neuron type of a layer."""
    found = (tree.values.get(join(layer, name)) for name in ("type", "neuron/type"))
    return {
        bytes(item)
        for value in found
        if value is not None and value.dtype.kind == "S"
        for item in value.ravel()[:1]
    }


def _is_fraction(value: Value) -> bool:
    return (
        value.dtype.kind in "iu" and value.shape == () and FRACTION.lo <= int(value) <= FRACTION.hi
    )


MIGRATIONS: dict[Version, Migration] = {
    (1, 0): _unchanged,  # 1.1 adds the layer types of SPikE-SSM-style networks
    (1, 1): _limbs_of_products,
    (1, 2): _offsets_of_states,
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
