"""What a rule finds: a diagnostic with the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass

from lava_spikyspace.diagnostics import Diagnostic


@dataclass(frozen=True)
class Finding(Diagnostic):
    """A limit of the chip that a network does not keep.

    Parameters
    ----------
    actual : int
        What the network needs.
    limit : int
        What the chip has.
    unit : str
        Unit of both.
    """

    actual: int = 0
    limit: int = 0
    unit: str = ""

    def numbers(self) -> dict[str, str | int | None]:
        """Return the finding with its numbers as plain values."""
        return {
            "code": self.code,
            "severity": self.severity,
            "subject": self.where,
            "actual": self.actual,
            "limit": self.limit,
            "unit": self.unit,
            "message": self.message,
            "hint": self.hint,
        }
