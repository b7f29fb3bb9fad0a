"""Read a model file, or refuse it with one error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.network import Network
from lava_spikyspace.netx.container import read_tree, root_attributes
from lava_spikyspace.netx.examine import Examination, examine
from lava_spikyspace.netx.refusal import refusal
from lava_spikyspace.netx.schema import EXTENSION


@dataclass(frozen=True, eq=False)
class ModelFile:
    """A model file: the network and what the file says of itself.

    Parameters
    ----------
    network : Network
        The integer network.
    header : mapping of str to str
        Attributes of the root: ``format``, ``extension``, ``extension_version``, ``generator``,
        ``created`` and ``content_sha256``.
    edited : Diagnostic or None
        What the digest says where the file was changed after it was written.
    """

    network: Network
    header: Mapping[str, str]
    edited: Diagnostic | None = None


def read_network(path: str | Path) -> Network:
    """Read the network of a model file.

    Parameters
    ----------
    path : str or Path
        NetX HDF5 file with the extension ``spikyspace``.

    Raises
    ------
    ModelFileError
        The file cannot be read, or breaks a rule; the message names the file, the place inside
        it, what was found and what was expected.
    """
    return read_model_file(path).network


def read_model_file(path: str | Path, *, may_be_edited: bool = False) -> ModelFile:
    """Read a model file with its header; see `read_network`.

    Parameters
    ----------
    path : str or Path
        NetX HDF5 file with the extension ``spikyspace``.
    may_be_edited : bool
        Take a file that keeps all rules but its own digest, and say so: for what looks for the
        place where a file was changed.
    """
    examination = examine_file(path)
    edited = [found for found in examination.findings if found.code == "content-digest"]
    wrong = examination.findings
    if may_be_edited:
        wrong = tuple(found for found in wrong if found not in edited)
    if examination.draft is None or wrong:
        raise refusal(path, wrong)
    return ModelFile(examination.draft.network(), examination.header, *edited)


def examine_file(path: str | Path) -> Examination:
    """Return what a file holds, with all that is wrong with it.

    Parameters
    ----------
    path : str or Path
        A file that nobody vouches for.

    Raises
    ------
    ModelFileError
        It cannot be read at all, or is a NetX file without our extension.
    """
    if "extension" not in root_attributes(path):
        raise ModelFileError(
            f"{path}: /@extension: found nothing, expected {EXTENSION}: not a model file of "
            "lava-spikyspace",
            hint="a plain NetX file of lava-dl has no such attribute; `run`, `inspect`, `lint`, "
            "`check` and `estimate` take it",
        )
    return examine(read_tree(path))
