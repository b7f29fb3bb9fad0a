"""Check a model file without running it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.netx.kind import file_kind
from lava_spikyspace.netx.reader import examine_file
from lava_spikyspace.netx.rules import RULES, Rule
from lava_spikyspace.netx.rules.widths import check_proof
from lava_spikyspace.netx.stock.reader import examine_stock_file
from lava_spikyspace.netx.stock.rules import STOCK_RULES

__all__ = ["RULES", "STOCK_RULES", "Rule", "lint_file", "rules_for"]


def rules_for(path: str | Path) -> Mapping[str, Rule]:
    """Return the rules that a file is held against: a plain NetX file has its own."""
    return STOCK_RULES if file_kind(path) == "stock" else RULES


def lint_file(path: str | Path) -> list[Diagnostic]:
    """Return everything that is wrong with a model file.

    All rules of `rules_for` are applied, and all findings collected; layers that are malformed are
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
    if file_kind(path) == "stock":
        return list(examine_stock_file(path).findings)
    examination = examine_file(path)
    findings = list(examination.findings)
    if not findings and examination.draft is not None:
        findings += check_proof(examination.draft)
    return findings
