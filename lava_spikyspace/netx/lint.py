"""Check a model file without running it."""

from __future__ import annotations

from pathlib import Path

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.netx.reader import examine_file
from lava_spikyspace.netx.rules import RULES, Rule
from lava_spikyspace.netx.rules.widths import check_proof

__all__ = ["RULES", "Rule", "lint_file"]


def lint_file(path: str | Path) -> list[Diagnostic]:
    """Return everything that is wrong with a model file.

    All rules of `RULES` are applied, and all findings collected; layers that are malformed are
    left out of the rules about the whole. The proof of the ranges needs a network that keeps all
    other rules.

    Parameters
    ----------
    path : str or Path
        A file that nobody vouches for.

    Raises
    ------
    ModelFileError
        The file cannot be read at all.
    """
    examination = examine_file(path)
    findings = list(examination.findings)
    if not findings and examination.draft is not None:
        findings += check_proof(examination.draft)
    return findings
