"""One finding about a file, a model or a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Diagnostic:
    """One finding: which rule, how bad, where, what, and what helps.

    Checks collect diagnostics and return all of them; an error that ends the work at once is an
    exception of `lava_spikyspace.errors` instead.

    Parameters
    ----------
    code : str
        Name of the rule in kebab case, stable across versions, e.g. ``weight-out-of-range``.
    severity : {"error", "warning", "info"}
        An error makes the subject unusable, a warning makes it doubtful.
    message : str
        What was found and what was expected, with the numbers.
    where : str, optional
        The subject: a layer, a process, a path inside a file, a row of a table.
    hint : str, optional
        What the user can do about it.
    """

    code: str
    severity: Severity
    message: str
    where: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        """One line: ``where: severity: message [code]``."""
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.severity}: {self.message} [{self.code}]"

    def to_dict(self) -> dict[str, str | None]:
        """Return the finding as the JSON envelope holds it, keys in the documented order."""
        return {
            "code": self.code,
            "severity": self.severity,
            "where": self.where,
            "message": self.message,
            "hint": self.hint,
        }
