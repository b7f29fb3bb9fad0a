"""Flags that say what is taken of a plain NetX file of lava-dl."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from lava_spikyspace.netx.stock.selection import Settings


def _stock_option(flag: str, metavar: str, text: str, *, least: int = 0) -> Any:  # noqa: ANN401 - an option, for which typer has no public type
    return typer.Option(
        flag, metavar=metavar, min=least, help=text, rich_help_panel="Plain NetX files of lava-dl"
    )


SkipLayersOption = Annotated[
    int, _stock_option("--skip-layers", "N", "Leave out the first N layers.")
]
ResetIntervalOption = Annotated[
    int | None,
    _stock_option("--reset-interval", "STEPS", "Reset neurons every so many steps.", least=1),
]
ResetOffsetOption = Annotated[
    int, _stock_option("--reset-offset", "STEPS", "Let the resets come later.")
]
InputBitsOption = Annotated[
    int, _stock_option("--input-bits", "BITS", "Width of input messages; 0: binary spikes.")
]


def stock_settings(flags: Mapping[str, Any]) -> Settings:
    """Return what the flags take of a plain network.

    Parameters
    ----------
    flags : mapping of str to object
        Value by flag, such as ``--skip-layers``.
    """
    from lava_spikyspace.netx.stock.selection import Settings

    return Settings(**{flag[2:].replace("-", "_"): value for flag, value in flags.items()})
