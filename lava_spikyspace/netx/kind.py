"""Which kind of model file a path leads to."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias

from lava_spikyspace.netx.container import root_attributes

FileKind: TypeAlias = Literal["spikyspace", "stock"]
"""With our extension, or a plain NetX file of lava-dl."""

EXTENSION_ATTRIBUTE = "extension"


def file_kind(path: str | Path) -> FileKind:
    """Tell the two kinds of NetX files apart: ours names its extension.

    Parameters
    ----------
    path : str or Path
        A file that nobody vouches for.

    Raises
    ------
    ModelFileError
        The file cannot be read, or is no HDF5 file.
    """
    return "spikyspace" if EXTENSION_ATTRIBUTE in root_attributes(path) else "stock"
