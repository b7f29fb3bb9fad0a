"""The one error that stands for all that is wrong with a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import ModelFileError


def refusal(path: str | Path, findings: Sequence[Diagnostic]) -> ModelFileError:
    """Return an error with the first finding and the number of the others.

    Parameters
    ----------
    path : str or Path
        The file.
    findings : sequence of Diagnostic
        What is wrong with it, at least one finding.
    """
    first, *others = findings
    plural = "" if len(others) == 1 else "s"
    more = f" ({len(others)} more finding{plural}: lss lint {path})" if others else ""
    return ModelFileError(f"{path}: {first.where}: {first.message}{more}", hint=first.hint)
