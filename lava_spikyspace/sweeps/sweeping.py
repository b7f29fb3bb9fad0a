"""Evaluate a model, or what a checkpoint is exported to, at every point of a grid."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from lava_spikyspace import __version__
from lava_spikyspace.backends.base import Progress
from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.demo import demo_data_path, demo_model_path
from lava_spikyspace.errors import UsageError
from lava_spikyspace.evaluation import PARTS, PartName
from lava_spikyspace.files import sha256_of
from lava_spikyspace.inputs import FileReference, check_kind, load
from lava_spikyspace.netx.kind import file_kind
from lava_spikyspace.sweeps.exports import ExportWork, load_checkpoint
from lava_spikyspace.sweeps.grid import Grid, Point, parse_grid
from lava_spikyspace.sweeps.points import (
    RESULT_COLUMNS,
    Failed,
    PointWork,
    Row,
    texts_of,
)
from lava_spikyspace.sweeps.settings import SETTINGS
from lava_spikyspace.sweeps.table_file import RowFile
from lava_spikyspace.workers import Workers, open_workers

if TYPE_CHECKING:
    import pandas as pd

    from lava_spikyspace.network import Network

_ExportKey: TypeAlias = tuple[tuple[str, str], ...]
"""Export settings of a point with their values."""

_HDF5 = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True, eq=False, kw_only=True)
class Sweep:
    """What a sweep has found.

    Parameters
    ----------
    kind : {"model", "checkpoint"}
        What was given.
    model, table : FileReference
        Files.
    grid : Grid
        Settings and values.
    rows : tuple of dict
        One for each point in the order of the grid: its settings as text, and `RESULT_COLUMNS`.
    """

    kind: Literal["model", "checkpoint"]
    model: FileReference
    table: FileReference
    grid: Grid
    rows: tuple[Row, ...]

    @property
    def failed(self) -> tuple[Row, ...]:
        """Rows of the points that have an error instead of a result."""
        return tuple(row for row in self.rows if row["error"] is not None)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a frame."""
        import pandas as pd

        return pd.DataFrame(self.rows, columns=[*self.grid.axes, *RESULT_COLUMNS])

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``sweep --json``."""
        return {
            "kind": self.kind,
            "grid": {name: list(values) for name, values in self.grid.axes.items()},
            "rows": [
                {name: None if value != value else value for name, value in row.items()}
                for row in self.rows
            ],
            "failed": len(self.failed),
            "table": {"path": self.table.path, "sha256": self.table.sha256},
        }


@dataclass(frozen=True, eq=False)
class _Subject:
    """A model or a checkpoint, read."""

    kind: Literal["model", "checkpoint"]
    path: Path
    network: Network | None
    exporter: ExportWork | None
    table: Table


def sweep(
    model: str | Path | None = None,
    data: str | Path | None = None,
    *,
    grid: Iterable[str] | Mapping[str, Iterable[object]],
    config: str | Path | None = None,
    calibration: str | Path | None = None,
    split: str | Sequence[float] | None = None,
    part: PartName = "test",
    missing_value: float | None = None,
    out: str | Path | None = None,
    force: bool = False,
    resume: bool = False,
    jobs: int = 1,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> Sweep:
    """Evaluate at every point of a grid of settings.

    Each set of export settings is exported once. A point that fails is a row with its error. No
    number but the seconds depends on how many workers there are.

    Parameters
    ----------
    model : str or Path, optional
        Model file or checkpoint; the bundled demo model by default.
    data : str or Path, optional
        Table; the bundled one by default, which fits the demo model only.
    grid : iterable of str or mapping
        Terms such as ``"coding=unary,graded"``, or values by setting; see `sweeps.settings`.
    config : str or Path, optional
        ``model.json`` of a checkpoint in the published layout.
    calibration : str or Path, optional
        Table whose training split a checkpoint is calibrated on; by default `data`.
    split : str or sequence of float, optional
        Shares of train, validation and test; by default the model's.
    part : {"train", "valid", "test"}
        Windows to score.
    missing_value : float, optional
        Targets of this value do not count.
    out : str or Path, optional
        CSV file, complete after every point, so that an interrupted sweep keeps what it has.
    force : bool
        Replace `out`.
    resume : bool
        Keep the points that `out` has already, and do only the others.
    jobs, scheduler
        Who does the work; see `workers.open_workers`.
    progress : callable, optional
        Called now and then with (points done, all).

    Returns
    -------
    Sweep
        One row for each point, in the order of the grid.

    Raises
    ------
    UsageError
        A setting or one of its values is unknown or does not apply, or `out` is of another sweep.
    InputError
        Model, checkpoint, configuration or table cannot be used.
    BackendUnavailableError
        There are no such workers, or a checkpoint needs torch.
    """
    chosen = parse_grid(grid)
    if part not in PARTS:
        raise UsageError(f"part is {part!r}, expected one of {', '.join(PARTS)}")
    shares = split if split is None or isinstance(split, str) else ",".join(map(repr, split))
    subject = _read(model, data, chosen, config=config, calibration=calibration, split=shares)
    reference = FileReference(str(subject.path), sha256_of(subject.path))
    fingerprint = _fingerprint(
        reference.sha256,
        subject.table.sha256,
        None if subject.exporter is None else subject.exporter.calibration.sha256,
        None if config is None else sha256_of(config),
        [shares, part, missing_value],
    )
    points = chosen.points()
    columns = [*chosen.axes, *RESULT_COLUMNS]
    kept = RowFile.open(out, columns, list(chosen.axes), fingerprint, force=force, resume=resume)
    rows = [kept.row(point) for point in points]
    todo = [index for index, row in enumerate(rows) if row is None]
    if todo:
        with open_workers(jobs, scheduler) as workers:
            networks, seconds = _networks(subject, [points[index] for index in todo], workers)
            work = PointWork(subject.table, shares, part, missing_value, tuple(networks.values()))
            keys = list(networks)
            tasks = [(keys.index(_export_key(points[index])), points[index]) for index in todo]
            with closing(workers.map(work, tasks)) as found:
                for done, (index, row) in enumerate(zip(todo, found, strict=True), start=1):
                    point = points[index]
                    row["seconds"] += seconds[_export_key(point)]
                    rows[index] = {**point, **{name: row.get(name) for name in RESULT_COLUMNS}}
                    kept.write(row for row in rows if row is not None)
                    if progress is not None:
                        progress(len(points) - len(todo) + done, len(points))
    return Sweep(
        kind=subject.kind,
        model=reference,
        table=FileReference(str(subject.table.path), subject.table.sha256),
        grid=chosen,
        rows=tuple(row for row in rows if row is not None),
    )


def _read(
    model: str | Path | None,
    data: str | Path | None,
    grid: Grid,
    *,
    config: str | Path | None,
    calibration: str | Path | None,
    split: str | None,
) -> _Subject:
    """Read model or checkpoint, and the table in the order of its variates."""
    path = demo_model_path() if model is None else Path(model)
    if data is None and model is not None:
        raise UsageError(
            "no data to run the model on",
            hint="give a table (--data FILE); only the bundled demo model comes with one",
        )
    table = read_table(demo_data_path() if data is None else Path(data))
    if isinstance(table, LabelledSequences):
        raise UsageError(f"{table.path}: found labelled sequences, but a sweep scores forecasts")
    if _is_hdf5(path):
        _refuse_export_settings(grid, config, calibration)
        if file_kind(path) != "spikyspace":
            raise UsageError(f"{path}: found a plain NetX network, which has no forecasts to score")
        network = load(path)
        check_kind(table, network)
        return _Subject(
            "model", path, network, None, table.match(network.variates, network.channels)
        )
    trained = load_checkpoint(path, None if config is None else Path(config))
    matched = table.match(trained.names, trained.config.d_model)
    source = matched if calibration is None else read_table(Path(calibration))
    return _Subject("checkpoint", path, None, ExportWork(trained, source, split), matched)


def _refuse_export_settings(
    grid: Grid, config: str | Path | None, calibration: str | Path | None
) -> None:
    names = [name for name in grid.axes if SETTINGS[name].stage == "export"]
    names += [
        name
        for name, given in (("config", config), ("calibration", calibration))
        if given is not None
    ]
    if names:
        raise UsageError(
            f"found {', '.join(names)} for a model file, expected a checkpoint",
            hint="what a model file was exported with cannot be changed any more",
        )


def _is_hdf5(path: Path) -> bool:
    """Whether a file is HDF5; one that cannot be opened is left to who reads it."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(_HDF5)) == _HDF5
    except OSError:
        return True


def _networks(
    subject: _Subject, points: Sequence[Point], workers: Workers
) -> tuple[dict[_ExportKey, Network | Failed], dict[_ExportKey, float]]:
    """Return the network of each set of export settings, and the seconds that it took."""
    keys = list(dict.fromkeys(map(_export_key, points)))
    if subject.exporter is None:
        return {key: _given(subject) for key in keys}, dict.fromkeys(keys, 0.0)
    with closing(workers.map(subject.exporter, [(dict(key),) for key in keys])) as outcomes:
        found = dict(zip(keys, outcomes, strict=True))
    return (
        {key: network for key, (network, _) in found.items()},
        {key: seconds for key, (_, seconds) in found.items()},
    )


def _given(subject: _Subject) -> Network:
    if subject.network is None:
        raise UsageError(f"{subject.path}: found neither a model nor a checkpoint")
    return subject.network


def _export_key(point: Point) -> _ExportKey:
    return tuple(texts_of(point, "export").items())


def _fingerprint(*parts: object) -> str:
    """Return what tells the rows of one sweep from those of another."""
    text = json.dumps([__version__, *parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]
