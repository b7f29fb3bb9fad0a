"""What a run of a plain NetX network gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.inputs import FileReference
from lava_spikyspace.network import IntArray
from lava_spikyspace.netx.stock.selection import Feed, Settings
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.results import process_rows
from lava_spikyspace.versions import installed_versions

if TYPE_CHECKING:
    import pandas as pd

MAX_LISTED_OUTPUTS = 10_000
"""Most output values that the JSON object holds; all of them are in ``outputs.npy``."""


@dataclass(frozen=True, eq=False, kw_only=True)
class StockResult:
    """What the last layer sent, and the counts of the processes that made it.

    Parameters
    ----------
    outputs : ndarray, int64, shape (step, *output shape)
        What the last layer sent in each time step; axes in the order of Lava: x, y, channel.
    counts : tuple of ProcessCounts
        One row per process, in the order of the data.
    latency_steps : int
        Steps from an input to the first output that it can change, delays left out.
    backend : str
        Name of the engine.
    runtime : str
        Lava runtime.
    settings : Settings
        What the run took of the network.
    feed : str
        How the input got into the first layer.
    model : FileReference or None
        The model file; None for a network in memory.
    data : FileReference or None
        The input file; None for an array in memory.
    records : mapping of str to ndarray, int64, shape (step, *shape)
        What every layer sent, by layer name; where recording was asked for.
    versions : mapping of str to str
        Versions of Python, of this package and of its libraries.
    timings_s : mapping of str to float
        Seconds by stage.
    process_seconds : mapping of str to float, optional
        Wall time that each process took, where the runtime measured it.
    diagnostics : tuple of Diagnostic
        What the user should know.
    """

    outputs: IntArray
    counts: tuple[ProcessCounts, ...]
    latency_steps: int
    backend: str
    runtime: str
    settings: Settings
    feed: Feed
    model: FileReference | None
    data: FileReference | None
    records: Mapping[str, IntArray] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=installed_versions)
    timings_s: Mapping[str, float] = field(default_factory=dict)
    process_seconds: Mapping[str, float] | None = None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def time_steps(self) -> int:
        """Lava steps of the run: as many as the input has."""
        return int(self.outputs.shape[0])

    @property
    def processes(self) -> pd.DataFrame:
        """The counts as a frame, one row per process; `process_frame.DTYPES` has the columns."""
        from lava_spikyspace.process_frame import frame_of

        return frame_of(self.counts, seconds=self.process_seconds)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``run --json``, as plain values.

        ``outputs`` is None where there are more than `MAX_LISTED_OUTPUTS` values.
        """
        is_listed = self.outputs.size <= MAX_LISTED_OUTPUTS
        return {
            "outputs": self.outputs.tolist() if is_listed else None,
            "outputs_shape": list(self.outputs.shape),
            "time_steps": self.time_steps,
            "latency_steps": self.latency_steps,
            "processes": process_rows(self.counts),
            "runtime": self.runtime,
            "feed": self.feed,
            "input": None if self.data is None else asdict(self.data),
            **asdict(self.settings),
        }

    def save(self, directory: str | Path, *, force: bool = False) -> None:
        """Write a run directory: all of it or nothing.

        Parameters
        ----------
        directory : str or Path
            Folder to create. It receives ``run.json``, ``outputs.npy``, ``processes.parquet``
            (``.csv`` without pyarrow) and, where they were recorded, ``spikes.npz``.
        force : bool
            Replace a run directory that exists.

        Raises
        ------
        UsageError
            The folder exists and `force` is not given, or it is not a run directory.
        """
        from lava_spikyspace.run_directory import new_run_directory

        with new_run_directory(directory, force=force) as writer:
            writer.write_outputs(self.outputs)
            writer.write_summary("run", self, self.to_dict())
            if self.records:
                writer.write_records(self.records)

    @classmethod
    def load(cls, directory: str | Path) -> StockResult:
        """Read a run directory.

        Parameters
        ----------
        directory : str or Path
            What `save` has written.

        Raises
        ------
        InputError
            A file is missing, malformed, or does not fit the others.
        """
        from lava_spikyspace.run_reader import read_stock_run_directory

        return read_stock_run_directory(Path(directory))
