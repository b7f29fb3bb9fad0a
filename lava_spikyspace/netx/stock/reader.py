"""Read a plain NetX file, or refuse it with one error."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.netx.container import read_tree
from lava_spikyspace.netx.refusal import refusal
from lava_spikyspace.netx.stock.chain import decode_chain
from lava_spikyspace.netx.stock.description import StockNetwork
from lava_spikyspace.netx.stock.fields import Findings
from lava_spikyspace.netx.stock.weights import check_weights
from lava_spikyspace.netx.storage import LAVA_DL
from lava_spikyspace.netx.tree import ROOT, Tree

_OF_TRAINING = "/simulation"


@dataclass(frozen=True)
class StockExamination:
    """What a plain NetX file holds.

    Parameters
    ----------
    network : StockNetwork, optional
        The network; complete where no finding is an error, None where a layer is missing.
    findings : tuple of Diagnostic
        All that is wrong.
    """

    network: StockNetwork | None
    findings: tuple[Diagnostic, ...]

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Findings that make the file unusable."""
        return tuple(found for found in self.findings if found.severity == "error")


def read_stock(path: str | Path) -> StockNetwork:
    """Read the network of a plain NetX file.

    Parameters
    ----------
    path : str or Path
        NetX HDF5 file as lava-dl writes it, compressed by gzip or not.

    Raises
    ------
    ModelFileError
        The file cannot be read, or breaks a rule; the message names the file, the place inside
        it, what was found and what was expected.
    """
    examination = examine_stock_file(path)
    if examination.errors or examination.network is None:
        raise refusal(path, examination.errors)
    return examination.network


def examine_stock_file(path: str | Path) -> StockExamination:
    """Return what a plain NetX file holds, with all that is wrong with it.

    Parameters
    ----------
    path : str or Path
        A file that nobody vouches for.

    Raises
    ------
    ModelFileError
        It cannot be read at all.
    """
    return examine_stock(read_tree(path, LAVA_DL))


def examine_stock(tree: Tree) -> StockExamination:
    """Decode the content of a plain NetX file; see `examine_stock_file`."""
    findings = Findings(tree)
    findings.know(ROOT)
    if _OF_TRAINING in tree.groups:
        findings.know_all_below(_OF_TRAINING)
    network = decode_chain(findings)
    findings.add_unknown()
    if network is not None:
        check_weights(findings, network)
    return StockExamination(network, tuple(findings.found))
