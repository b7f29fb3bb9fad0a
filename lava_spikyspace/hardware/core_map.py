"""A picture of the cores: which chip they are on, what lies on them, how full they are."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.files import atomic_write
from lava_spikyspace.hardware.placement import PlacedCore, Placement
from lava_spikyspace.hardware.profile import Layout, known

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TIMELESS: dict[str, dict[str, None]] = {
    ".png": {},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}
"""By format, the metadata that would carry the time of making: the same cores, the same file."""

FORMATS = tuple(_TIMELESS)
"""Suffixes of the formats."""

MAX_CHIPS = 16
"""Chips that a picture shows; more could not be told apart."""

_COLUMNS = 4


def check_core_map(path: str | Path) -> None:
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
    if importlib.util.find_spec("matplotlib") is None:
        raise BackendUnavailableError(
            "matplotlib is not installed, and the core map is drawn with it",
            hint="pip install matplotlib",
        )


def draw_core_map(placement: Placement, path: str | Path, *, force: bool = False) -> None:
    """Draw the cores of every chip in use as a grid of tiles.

    The colour of a core is the share of its fullest resource; unused cores are white.

    Parameters
    ----------
    placement : Placement
        A placed network; of more than `MAX_CHIPS` chips the first are shown.
    path : str or Path
        File to write; its suffix chooses the format.
    force : bool
        Replace it.

    Raises
    ------
    UsageError
        The file exists and `force` is not given, or the format is unknown.
    BackendUnavailableError
        matplotlib is not installed.
    """
    check_core_map(path)
    # Not pyplot, which would look for a window system.
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.cm import ScalarMappable
    from matplotlib.figure import Figure

    shown = min(placement.chips, MAX_CHIPS)
    columns = min(shown, _COLUMNS)
    rows = -(-shown // columns)
    figure = Figure(figsize=(4.5 * columns + 1, 2.6 * rows + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, columns, squeeze=False)
    for chip, area in enumerate(axes.flat):
        area.set_axis_off()
        if chip < shown:
            _draw_chip(area, placement, chip)
    figure.suptitle(
        f"{placement.profile.title}: {len(placement.cores)} cores on {placement.chips} chips"
    )
    scale = ScalarMappable(cmap="viridis")
    scale.set_clim(0, 1)
    figure.colorbar(scale, ax=axes, label="share of the fullest resource", shrink=0.8)
    with (
        atomic_write(path, force=force) as temporary,
        rc_context({"svg.hashsalt": placement.profile.name}),
    ):
        figure.savefig(temporary, metadata=_TIMELESS[Path(path).suffix.lower()])


def _draw_chip(area: Axes, placement: Placement, chip: int) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    layout = placement.profile.layout
    cores = {core.index: core for core in placement.cores if core.chip == chip}
    per_chip = known(layout.usable_cores_per_chip)
    colours = colormaps["viridis"]
    for on_chip in range(per_chip):
        core = cores.get(chip * per_chip + on_chip)
        share = _fullest_share(placement, core) if core else 0.0
        x, y = _corner(layout, on_chip)
        colour = colours(min(share, 1.0)) if core else "white"
        edge = "red" if share > 1 else "0.6"
        area.add_patch(Rectangle((x, y), 0.45, 0.45, facecolor=colour, edgecolor=edge, lw=0.5))
    area.set_xlim(-0.1, known(layout.tile_columns) + 0.1)
    area.set_ylim(known(layout.tile_rows) + 0.1, -0.1)
    area.set_aspect("equal")
    area.set_title(f"chip {chip}: {len(cores)} cores", fontsize=9)


def _fullest_share(placement: Placement, core: PlacedCore) -> float:
    shares = placement.limits.shares(core.usage).values()
    return max((share for share in shares if share is not None), default=0.0)


def _corner(layout: Layout, on_chip: int) -> tuple[float, float]:
    """Return where a core is drawn: tiles are unit squares, two cores side by side in each."""
    tile, within = divmod(on_chip, known(layout.cores_per_tile))
    row, column = divmod(tile, known(layout.tile_columns))
    return column + 0.5 * (within % 2), row + 0.5 * (within // 2)
