"""What a run starts from: a model file and a table, each with its fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import numpy.typing as npt

from lava_spikyspace.datasets.checks import assemble_table
from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.datasets.source import Source
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.demo import demo_data_path, demo_model_path
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import DataError, UsageError
from lava_spikyspace.families import classifies
from lava_spikyspace.files import sha256_of
from lava_spikyspace.network import Network
from lava_spikyspace.netx.reader import read_model_file

if TYPE_CHECKING:
    import pandas as pd

ModelSource: TypeAlias = Network | str | Path | None
"""A network, the path of a model file, or None for the bundled demo model."""

DataSource: TypeAlias = Union[Table, str, Path, npt.NDArray[Any], "pd.DataFrame", None]
"""A table, the path of one, an array of shape (rows, variates) or a frame with one column per
variate; None for the table that is bundled with the demo model."""

IN_MEMORY = Path("array")
"""Stands for the path of a table that comes from no file."""


@dataclass(frozen=True)
class FileReference:
    """Which file a result comes from.

    Parameters
    ----------
    path : str
        As the user gave it.
    sha256 : str
        Digest of its content, in hexadecimal.
    """

    path: str
    sha256: str


@dataclass(frozen=True, eq=False, kw_only=True)
class LoadedNetwork(Network):
    """A network that knows the file it was read from.

    Parameters
    ----------
    source : FileReference
        The file.
    edited : Diagnostic or None
        What the digest of the file says where it was changed after it was written.
    """

    source: FileReference
    edited: Diagnostic | None = None


def load(path: str | Path | None = None, *, may_be_edited: bool = False) -> LoadedNetwork:
    """Read a model file.

    Parameters
    ----------
    path : str or Path, optional
        NetX HDF5 file; the bundled demo model by default.
    may_be_edited : bool
        Take a file whose content is not that of its digest, too; see `LoadedNetwork.edited`.

    Returns
    -------
    LoadedNetwork
        The integer network, with path and digest of its file.

    Raises
    ------
    ModelFileError
        The file cannot be read or is not a valid model.
    """
    chosen = demo_model_path() if path is None else Path(path)
    file = read_model_file(chosen, may_be_edited=may_be_edited)
    content = {field.name: getattr(file.network, field.name) for field in fields(Network)}
    source = FileReference(str(chosen), sha256_of(chosen))
    return LoadedNetwork(**content, source=source, edited=file.edited)


def resolve_network(model: ModelSource) -> Network:
    """Return the network that `model` stands for, read from its file where it is a path."""
    return model if isinstance(model, Network) else load(model)


def file_of(network: Network) -> FileReference | None:
    """Return the file that a network was read from, None for one made in memory."""
    return network.source if isinstance(network, LoadedNetwork) else None


def resolve_table(data: DataSource, network: Network, *, bundled: bool) -> Table:
    """Return the table that `data` stands for, its variates in the order of the model.

    Parameters
    ----------
    data : Table, str, Path, ndarray, DataFrame or None
        See `DataSource`.
    network : Network
        Names and number of the variates.
    bundled : bool
        Whether None stands for the table that is bundled with the demo model.

    Raises
    ------
    DataError
        The table cannot be read, or lacks variates of the model.
    UsageError
        There are no data.
    """
    if data is None:
        if not bundled:
            raise UsageError(
                "no data to run the model on",
                hint="give a table (--data FILE); only the bundled demo model comes with one",
            )
        data = demo_data_path()
    if isinstance(data, str | Path):
        data = read_table(data)
    table = data if isinstance(data, Table) else _table_of(data)
    check_kind(table, network)
    return table.match(network.variates, network.channels)


def check_kind(table: Table, network: Network) -> None:
    """Refuse a table where labelled sequences are wanted, and the other way round.

    Raises
    ------
    DataError
        The data are of the other kind, or labels are no classes of the model.
    """
    if isinstance(table, LabelledSequences) != classifies(network):
        kinds = ["labelled sequences (an npz file with inputs and labels)", "a table"]
        expected, found = kinds if classifies(network) else kinds[::-1]
        does = "classifies" if classifies(network) else "forecasts"
        raise DataError(f"{table.path}: found {found}, expected {expected}: the model {does}")
    if isinstance(table, LabelledSequences):
        table.check_labels(network.head.neurons)


def windows_in(table: Table, window: int, horizon: int = 0) -> int:
    """Count the windows of a table; see `Table.count_windows`."""
    return table.count_windows(window, horizon)


def _table_of(data: npt.NDArray[Any] | pd.DataFrame) -> Table:
    """Make a table of an array or a frame, with the checks that a file gets."""
    values = np.asarray(data)
    columns = getattr(data, "columns", None)
    names = None if columns is None else [str(column) for column in columns]
    digest = hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()
    source = Source(path=IN_MEMORY, size=max(1, values.nbytes), sha256=digest)
    return assemble_table(source, values, names=names, timestamps=None)
