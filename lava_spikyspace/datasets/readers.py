"""One way in for every form of table: `read_table` chooses the reader by the name of the file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from lava_spikyspace.datasets.delimited import read_delimited
from lava_spikyspace.datasets.numpy_files import read_npy, read_npz
from lava_spikyspace.datasets.pandas_hdf5 import read_pandas_hdf5
from lava_spikyspace.datasets.parquet import read_parquet
from lava_spikyspace.datasets.source import Source, open_source
from lava_spikyspace.datasets.table import Table

READERS: dict[str, Callable[[Source], Table]] = {
    ".csv": partial(read_delimited, header=True, compressed=False),
    ".csv.gz": partial(read_delimited, header=True, compressed=True),
    ".txt": partial(read_delimited, header=False, compressed=False),
    ".txt.gz": partial(read_delimited, header=False, compressed=True),
    ".npz": read_npz,
    ".npy": read_npy,
    ".h5": read_pandas_hdf5,
    ".hdf5": read_pandas_hdf5,
    ".parquet": read_parquet,
}
"""Reader of every form, by the ending of the file's name."""


def read_table(path: str | Path) -> Table:
    """Read a table of time series.

    Parameters
    ----------
    path : str or Path
        A file in one of the forms of `READERS`:

        * CSV with a header, optionally with times in the first column;
        * comma-separated txt without header (Solar-Energy, Electricity);
        * npz with ``values`` and optionally ``timestamps`` and ``names``, npy;
        * npz with ``inputs`` (sequences, steps, channels) and ``labels``: labelled sequences;
        * parquet, optionally with a column of times;
        * HDF5 as pandas writes it in its fixed format (METR-LA, PEMS-BAY).

    Returns
    -------
    Table
        The table. Its values equal those of the file exactly, decimal text to the nearest
        float64.

    Raises
    ------
    DataError
        If the file cannot be read as a complete table of finite numbers with different names and
        ascending times; names the file, the place, what was found and what was expected.
    """
    source = open_source(path)
    name = source.path.name.lower()
    for ending, reader in READERS.items():
        if name.endswith(ending):
            return reader(source)
    raise source.error(
        "", f"a file named {source.path.name}", f"a name that ends in one of {', '.join(READERS)}"
    )
