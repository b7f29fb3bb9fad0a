"""Write the directory that keeps a run: whole or not at all.

``run.json``
    The JSON envelope of the command: model and table with their SHA-256, versions, backend,
    runtime, coding, seed, timings; `lava_spikyspace.run_document` is its schema, and its entry
    ``schema`` carries the version.
``forecasts.csv``
    ``window,start_row,step,variate,value`` in this order of nesting, steps from 1, values in units
    of the table with all digits that float64 has.
``actual.csv``
    ``row,time,<variate>,…``: the rows of the table that windows and forecasts cover, whatever of
    them the table has; ``time`` is empty where the table has no times.
``outputs.npy``
    Instead of the forecasts where a plain NetX network ran: int64 (step, *shape of its last layer).
``processes.parquet``
    One row per process: counts, proven range, wall time (see `lava_spikyspace.process_frame`).
``channels.parquet``
    ``name,channel,events``: events sent by each channel of each row of ``processes``. Both are
    ``.csv`` where pyarrow is missing.
``spikes.npz``
    Codes by record name, int32 (window, element, channel); where recording was asked for. It holds
    the first ``recorded_windows`` windows.

All of them can be read with pandas or NumPy alone.
"""

from __future__ import annotations

import csv
import json
import secrets
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lava_spikyspace.backends.base import Records
from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.errors import UsageError
from lava_spikyspace.network import IntArray

if TYPE_CHECKING:
    from lava_spikyspace.run_document import Summary
    from lava_spikyspace.series import Series

RUN_NAME = "run.json"
FORECASTS_NAME = "forecasts.csv"
ACTUAL_NAME = "actual.csv"
OUTPUTS_NAME = "outputs.npy"
RECORDS_NAME = "spikes.npz"
FILE_NAMES = (
    RUN_NAME,
    FORECASTS_NAME,
    ACTUAL_NAME,
    OUTPUTS_NAME,
    "processes.parquet",
    "processes.csv",
    "channels.parquet",
    "channels.csv",
    RECORDS_NAME,
)
"""Every file that a run directory may hold."""

FORECAST_COLUMNS = ("window", "start_row", "step", "variate", "value")


def check_run_directory(directory: str | Path, *, force: bool) -> None:
    """Refuse a place where a run directory must not be made; to be asked before a long run.

    Parameters
    ----------
    directory : str or Path
        Where it shall be.
    force : bool
        Whether a run directory may be replaced.

    Raises
    ------
    UsageError
        Something other than an empty folder is there, and `force` is not given or it is no run
        directory; or the folder above does not exist.
    """
    target = Path(directory).resolve()
    if not target.parent.is_dir():
        raise UsageError(f"{directory}: the folder {target.parent} does not exist")
    if not target.exists():
        return
    if not target.is_dir():
        raise UsageError(f"{directory}: exists and is not a folder")
    found = sorted(entry.name for entry in target.iterdir())
    foreign = [name for name in found if name not in FILE_NAMES]
    if foreign:
        raise UsageError(
            f"{directory}: holds {foreign[0]!r}, which is no file of a run directory",
            hint="choose another folder; a run directory is replaced as a whole",
        )
    if found and not force:
        raise UsageError(f"{directory}: exists already", hint="--force replaces it")


@contextmanager
def new_run_directory(directory: str | Path, *, force: bool = False) -> Iterator[RunWriter]:
    """Give a writer of a temporary folder, which becomes `directory` when the block ends well.

    Parameters
    ----------
    directory : str or Path
        Folder to create.
    force : bool
        Replace a run directory that exists.

    Raises
    ------
    UsageError
        See `check_run_directory`.
    """
    check_run_directory(directory, force=force)
    target = Path(directory).resolve()
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        temporary.mkdir()
    except OSError as error:
        raise UsageError(f"{directory}: cannot be written: {error.strerror}") from error
    try:
        yield RunWriter(temporary)
        check_run_directory(directory, force=force)  # the block may have taken hours
        _replace(target, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace(target: Path, new: Path) -> None:
    """Move `new` to `target`; what was there is removed only once `new` has taken its place."""
    if not target.exists():
        new.rename(target)
        return
    old = new.with_name(f"{new.name}.old")
    target.rename(old)
    try:
        new.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old)


class RunWriter:
    """Writes the files of one run directory.

    Parameters
    ----------
    folder : Path
        An empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write_forecasts(
        self, windows: Iterable[int] | IntArray, forecasts: FloatArray, variates: Iterable[str]
    ) -> None:
        """Write forecasts; further calls append.

        Parameters
        ----------
        windows : iterable of int
            Window indices.
        forecasts : ndarray, float64, shape (window, step, variate)
            Forecasts in units of the table.
        variates : iterable of str
            Names of the variates.
        """
        path = self._folder / FORECASTS_NAME
        is_new = not path.exists()
        names = list(variates)
        with path.open("a", encoding="utf-8", newline="") as stream:
            table = csv.writer(stream, lineterminator="\n")
            if is_new:
                table.writerow(FORECAST_COLUMNS)
            for window, steps in zip(windows, forecasts, strict=True):
                # Window i starts at row i. csv writes a float as repr does: with all its digits.
                table.writerows(
                    (int(window), int(window), step, name, value)
                    for step, row in enumerate(steps.tolist(), start=1)
                    for name, value in zip(names, row, strict=True)
                )

    def write_series(self, series: Series | None, variates: tuple[str, ...]) -> None:
        """Write the rows of the table that the forecasts are held against, if they are known."""
        if series is not None:
            series.write(self._folder / ACTUAL_NAME, variates)

    def write_channels(self, events: Mapping[str, IntArray]) -> None:
        """Write the events of every channel by row of the counts."""
        from lava_spikyspace.process_frame import CHANNELS_STEM, channel_frame, write_frame

        write_frame(channel_frame(events), self._folder, CHANNELS_STEM)

    def write_outputs(self, outputs: IntArray) -> None:
        """Write what the last layer of a plain NetX network sent, shape (step, *shape)."""
        np.save(self._folder / OUTPUTS_NAME, outputs, allow_pickle=False)

    def write_summary(
        self, command: str, summary: Summary, data: dict[str, Any], *, ok: bool = True
    ) -> None:
        """Write ``run.json`` and the process table.

        Parameters
        ----------
        command : str
            Name of the command.
        summary : RunSummary or StockResult
            What was run.
        data : dict
            The ``data`` of the envelope.
        ok : bool
            Whether the command found nothing wrong.
        """
        from lava_spikyspace.process_frame import write_frame
        from lava_spikyspace.run_document import document_of

        write_frame(summary.processes, self._folder)
        document = document_of(command, summary, data, ok=ok)
        text = json.dumps(document, allow_nan=False, ensure_ascii=False, indent=1)
        (self._folder / RUN_NAME).write_text(text + "\n", encoding="utf-8")

    def write_records(self, records: Records) -> None:
        """Write the codes of every process, as int32."""
        # Not by numpy.savez, whose own parameters a layer could be named like.
        with zipfile.ZipFile(self._folder / RECORDS_NAME, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, codes in records.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                    np.save(stream, codes.astype(np.int32), allow_pickle=False)
