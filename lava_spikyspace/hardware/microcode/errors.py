"""Errors of neuron programs, with the line of the listing."""

from __future__ import annotations

from dataclasses import dataclass

from lava_spikyspace.errors import InputError, SimulationError


@dataclass(frozen=True)
class Place:
    """A line of a listing.

    Parameters
    ----------
    listing : str
        Name of the listing, or of the part that it includes.
    line : int
        From 1.
    """

    listing: str
    line: int

    def __str__(self) -> str:
        return f"{self.listing}:{self.line}"


class ListingError(InputError):
    """A listing of a neuron program is not valid.

    Parameters
    ----------
    place : Place
        Where.
    message : str
        What was found and what was expected.
    """

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(f"{place}: {message}")
        self.place = place


class ProgramError(SimulationError):
    """A neuron program did what it must not do: it looped longer than it says."""
