"""Flags that say which Loihi 2 chip to use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lava_spikyspace.errors import UsageError

if TYPE_CHECKING:
    from lava_spikyspace.backends.loihi_host import LoihiHost

_PANEL = "Loihi 2 (--backend loihi2)"


def _option(flag: str, metavar: str, text: str) -> Any:  # noqa: ANN401 - an option, for which typer has no public type
    return typer.Option(
        flag, metavar=metavar, help=text, rich_help_panel=_PANEL, show_default=False
    )


SlurmFlag = Annotated[
    bool, typer.Option("--slurm", help="Let SLURM choose a board.", rich_help_panel=_PANEL)
]
PartitionOption = Annotated[
    str | None, _option("--partition", "NAME", "Let SLURM choose a board of this partition.")
]
BoardOption = Annotated[
    str | None, _option("--board", "NODE", "Ask SLURM for this board (`sinfo -N` lists them).")
]
EthernetHostOption = Annotated[
    str | None,
    _option("--ethernet-host", "ADDRESS", "Use the board of this host on the network, no SLURM."),
]
HostBinaryOption = Annotated[
    str | None, _option("--host-binary", "PATH", "Driver server of nxcore on that host.")
]
GenerationOption = Annotated[
    Literal["N3B2", "N3B3", "N3C1", "N3D1"] | None,
    typer.Option(
        "--chip-generation",
        help="Generation of the chip (default N3B3).",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]

_FIELDS = {"ethernet_host": "address", "host_binary": "binary", "chip_generation": "generation"}


def loihi_host(flags: Mapping[str, Any], backend: str) -> LoihiHost:
    """Return the host that the flags describe.

    Parameters
    ----------
    flags : mapping of str to object
        Values of the flags of this module by parameter name; None and False count as not given.
    backend : str
        Engine of the run.

    Raises
    ------
    UsageError
        A flag is given for another backend, or two of them exclude each other.
    """
    from lava_spikyspace.backends.loihi_host import LoihiHost

    given = {name: value for name, value in flags.items() if value}
    if given and backend != "loihi2":
        words = ", ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"{words}: found with --backend {backend}, expected --backend loihi2")
    return LoihiHost(**{_FIELDS.get(name, name): value for name, value in given.items()})
