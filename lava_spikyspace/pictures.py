"""Pictures drawn by matplotlib: which formats there are, and files that repeat bit for bit."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.files import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TIMELESS: dict[str, dict[str, None]] = {
    ".png": {},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
"""By format, the metadata that would carry the time of making: the same content, the same file."""

FORMATS = tuple(_TIMELESS)
"""Suffixes of the formats."""


def check_picture(path: str | Path) -> None:
    """Refuse a picture that cannot be drawn, before the work that leads to it.

    Parameters
    ----------
    path : str or Path
        File to write; its suffix chooses the format.

    Raises
    ------
    UsageError
        The format is unknown.
    BackendUnavailableError
        matplotlib is not installed.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{path}: found the format {suffix!r}, expected one of {list(FORMATS)}")
    require_matplotlib()


def require_matplotlib() -> None:
    """Refuse to draw without matplotlib.

    Raises
    ------
    BackendUnavailableError
        It is not installed.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise BackendUnavailableError(
            "matplotlib is not installed, and pictures are drawn with it",
            hint="pip install 'lava-spikyspace[report]'",
        )


def save_picture(figure: Figure, path: str | Path, *, salt: str, force: bool = False) -> None:
    """Write a figure; the same figure gives the same file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to write.
    path : str or Path
        File to write; its suffix chooses the format.
    salt : str
        Names of elements in SVG are made of it.
    force : bool
        Replace the file.

    Raises
    ------
    UsageError
        The file exists and `force` is not given, or the format is unknown.
    BackendUnavailableError
        matplotlib is not installed.
    """
    check_picture(path)
    from matplotlib import rc_context

    with (
        atomic_write(path, force=force) as temporary,
        rc_context({"svg.hashsalt": salt, "pdf.fonttype": 42, "svg.fonttype": "none"}),
    ):
        figure.savefig(temporary, metadata=_TIMELESS[Path(path).suffix.lower()])
