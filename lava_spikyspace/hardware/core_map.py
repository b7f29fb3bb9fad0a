"""A picture of the cores: which chip they are on, what lies on them, how full they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lava_spikyspace.hardware.placement import PlacedCore, Placement
from lava_spikyspace.hardware.profile import Layout, known
from lava_spikyspace.pictures import check_picture, save_picture
from lava_spikyspace.wording import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CHIPS = 16
"""Chips that a picture shows; more could not be told apart."""

_COLUMNS = 4
_BRIGHT = 0.6
"""Share from which on the colour is too bright for white numbers."""


def draw_core_map(placement: Placement, path: str | Path, *, force: bool = False) -> None:
    """Draw the cores of every chip in use as a grid of tiles.

    The colour of a core is the share of its fullest resource, and its number is that of the table
    of cores, which says what lies there; unused cores are white.

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
    check_picture(path)
    # Not pyplot, which would look for a window system.
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
        f"{placement.profile.title}: {counted(len(placement.cores), 'core')} on "
        f"{counted(placement.chips, 'chip')}"
    )
    scale = ScalarMappable(cmap="viridis")
    scale.set_clim(0, 1)
    figure.colorbar(scale, ax=axes, label="share of the fullest resource", shrink=0.8)
    save_picture(figure, path, salt=placement.profile.name, force=force)


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
        if core:
            ink = "black" if share > _BRIGHT else "white"
            place = (x + 0.225, y + 0.225)
            area.annotate(str(core.index), place, ha="center", va="center", fontsize=4, color=ink)
    area.set_xlim(-0.1, known(layout.tile_columns) + 0.1)
    area.set_ylim(known(layout.tile_rows) + 0.1, -0.1)
    area.set_aspect("equal")
    area.set_title(f"chip {chip}: {counted(len(cores), 'core')}", fontsize=9)


def _fullest_share(placement: Placement, core: PlacedCore) -> float:
    shares = placement.limits.shares(core.usage).values()
    return max((share for share in shares if share is not None), default=0.0)


def _corner(layout: Layout, on_chip: int) -> tuple[float, float]:
    """Return where a core is drawn: tiles are unit squares, two cores side by side in each."""
    tile, within = divmod(on_chip, known(layout.cores_per_tile))
    row, column = divmod(tile, known(layout.tile_columns))
    return column + 0.5 * (within % 2), row + 0.5 * (within // 2)
