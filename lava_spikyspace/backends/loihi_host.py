"""How a Loihi 2 system is reached: through SLURM, or over ethernet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from lava_spikyspace.errors import BackendUnavailableError, UsageError

Generation = Literal["N3B2", "N3B3", "N3C1", "N3D1"]

GENERATIONS: tuple[Generation, ...] = get_args(Generation)
"""Generations of Loihi 2 chips that Lava knows."""

DEFAULT_BINARY = "nxcore/bin/nx_driver_server"


@dataclass(frozen=True, kw_only=True)
class LoihiHost:
    """A host with Loihi 2 chips.

    With none of `slurm`, `partition`, `board` and `address` the environment is left as it is: this
    machine holds the chip, or variables such as ``NXSDKHOST`` say where it is.

    Parameters
    ----------
    slurm : bool
        Ask SLURM for any board.
    partition, board : str, optional
        Ask SLURM for a board of this partition, or for this one (node name).
    address : str, optional
        Host of the board on the network, instead of SLURM.
    binary : str
        Path of nxcore's driver server on that host.
    generation : str
        Generation of the chip, one of `GENERATIONS`.

    Raises
    ------
    UsageError
        SLURM and an address are given, or the generation is unknown.
    """

    slurm: bool = False
    partition: str | None = None
    board: str | None = None
    address: str | None = None
    binary: str = DEFAULT_BINARY
    generation: Generation = "N3B3"

    def __post_init__(self) -> None:
        if self.address is not None and self.uses_slurm:
            raise UsageError(
                f"found an ethernet host ({self.address}) and SLURM, expected one of them"
            )
        if self.generation not in GENERATIONS:
            raise UsageError(
                f"chip generation is {self.generation!r}, expected one of {', '.join(GENERATIONS)}"
            )

    @property
    def uses_slurm(self) -> bool:
        """Whether SLURM chooses the board."""
        return self.slurm or self.partition is not None or self.board is not None

    def connect(self) -> None:
        """Tell Lava which chip to use, by its own functions; they set environment variables.

        Raises
        ------
        BackendUnavailableError
            There is no SLURM, no such board or partition, or no answer from the host.
        """
        from lava.utils import loihi

        generation = loihi.ChipGeneration[self.generation]
        try:
            if self.address is not None:
                loihi.use_ethernet_host(
                    host_address=self.address,
                    host_binary_path=self.binary,
                    loihi_gen=generation,
                )
            elif self.uses_slurm:
                loihi.use_slurm_host(loihi_gen=generation)
                self._choose_board()
        except (ImportError, ValueError) as error:
            raise BackendUnavailableError(
                f"no Loihi 2 system: {error}", hint=self._hint()
            ) from error
        except OSError as error:  # `sinfo` or `ping` is not installed
            raise BackendUnavailableError(
                f"no Loihi 2 system: {error.filename}: {error.strerror}", hint=self._hint()
            ) from error

    def _choose_board(self) -> None:
        """Ask SLURM for a board; Lava 0.10.0 stumbles over the last line break of ``sinfo``."""
        if self.board is None and self.partition is None:
            return
        fitting = [
            board
            for board in boards()
            if self.board in (None, board.node) and self.partition in (None, board.partition)
        ]
        wanted = self.board or f"of partition {self.partition}"
        if not any(board.is_up for board in fitting):
            state = "is down" if fitting else "is not known to SLURM"
            raise ValueError(f"board {wanted} {state}")
        for variable, value in (("BOARD", self.board), ("PARTITION", self.partition)):
            if value is not None:
                os.environ[variable] = value

    def _hint(self) -> str:
        if self.address is not None:
            return "--ethernet-host takes the address of a board that answers to ping"
        return "`sinfo` lists partitions and boards; --ethernet-host reaches a board without SLURM"


class Board(NamedTuple):
    """A board that SLURM knows.

    Parameters
    ----------
    node, partition : str
        Its name, and what it belongs to.
    is_up : bool
        Whether it can be had.
    """

    node: str
    partition: str
    is_up: bool


def boards() -> Iterator[Board]:
    """Yield the boards that ``sinfo -N`` lists."""
    from lava.utils import slurm

    for line in slurm.try_run_command(["sinfo", "-N"])[1:]:
        match line.split():
            case [node, _, partition, state, *_]:
                yield Board(node, partition.rstrip("*"), "down" not in state)


ANY_HOST = LoihiHost()
"""Whatever the environment says."""
