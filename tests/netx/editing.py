"""Change model files with plain h5py, as a user or an attacker would."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from lava_spikyspace.netx.container import read_tree
from lava_spikyspace.netx.tree import content_digest

Edit = Callable[[h5py.File], None]


def edited(source: Path, target: Path, edit: Edit, *, seal: bool = True) -> Path:
    """Return a copy of a model file after `edit`, with a digest that fits where `seal` is set."""
    shutil.copy(source, target)
    with h5py.File(target, "r+") as file:
        edit(file)
    if seal:
        digest = content_digest(read_tree(target).values)
        with h5py.File(target, "r+") as file:
            put(file, "/@content_sha256", digest)
    return target


def put(file: h5py.File, path: str, value: object) -> None:
    """Set a dataset or, with ``@``, an attribute; texts as fixed-length strings."""
    content = np.array(value.encode()) if isinstance(value, str) else np.asarray(value)
    holder, attribute, name = path.partition("@")
    if attribute:
        file[holder].attrs.create(name, content)
        return
    if path in file:
        del file[path]
    file.create_dataset(path, data=content)


def change(file: h5py.File, path: str, function: Callable[[np.ndarray], object]) -> None:
    """Replace the value of a dataset by a function of it."""
    put(file, path, function(file[path][()]))


def layer_id(file: h5py.File, name: str) -> int:
    """Return the id of the layer of that name."""
    for key, group in file["layer"].items():
        if group.attrs["name"] == name.encode():
            return int(key)
    raise KeyError(name)


def layer_path(file: h5py.File, name: str, inside: str) -> str:
    """Return the path of a value of the layer of that name."""
    separator = "" if inside.startswith("@") else "/"
    return f"/layer/{layer_id(file, name)}{separator}{inside}"
