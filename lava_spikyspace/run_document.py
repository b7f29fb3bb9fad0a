"""Schema of ``run.json``: the JSON envelope of a command that ran windows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    model_validator,
)

from lava_spikyspace.backends.deployment import Deployed
from lava_spikyspace.backends.measurement import Measurement
from lava_spikyspace.classification import Classification
from lava_spikyspace.diagnostics import Diagnostic, Severity
from lava_spikyspace.inputs import FileReference
from lava_spikyspace.netx.stock.selection import Feed
from lava_spikyspace.plan import Coding
from lava_spikyspace.profiling.counters import ProcessCounts

if TYPE_CHECKING:
    import pandas as pd

SCHEMA_VERSION = 1

_LARGEST = 2**62
"""Numbers stay in int64, also the sum of two."""

_Count = Annotated[int, Field(ge=0, le=_LARGEST)]
_Positive = Annotated[int, Field(ge=1, le=_LARGEST)]
_Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class Summary(Protocol):
    """What the envelope tells of a run, whatever ran."""

    @property
    def backend(self) -> str:
        """Name of the engine."""
        ...

    @property
    def model(self) -> FileReference | None:
        """The model file."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of Python, of this package and of its libraries."""
        ...

    @property
    def timings_s(self) -> Mapping[str, float]:
        """Seconds by stage."""
        ...

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What the user should know."""
        ...

    @property
    def processes(self) -> pd.DataFrame:
        """Counts, one row per process."""
        ...


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileEntry(_Strict):
    """A file that a result comes from."""

    path: str
    sha256: str

    def reference(self) -> FileReference:
        """Return the file."""
        return FileReference(self.path, self.sha256)


class DiagnosticEntry(_Strict):
    """One finding."""

    code: str
    severity: Severity
    where: str | None
    message: str
    hint: str | None

    def diagnostic(self) -> Diagnostic:
        """Return the finding."""
        return Diagnostic(**self.model_dump())


class ProcessEntry(_Strict):
    """One row of the counts, without its saturations; see `ProcessCounts`."""

    name: str
    type: str
    neurons: _Count
    spikes: _Count
    graded_spikes: _Count
    events_in: _Count
    synops: _Count
    neuron_updates: _Count
    firing_rate: float | None
    min: _Whole | None
    max: _Whole | None

    def counts(self, saturations: int) -> ProcessCounts:
        """Return the row of the profile."""
        return ProcessCounts(**self.model_dump(), saturations=saturations)


class HardwareEntry(_Strict):
    """What a run on a chip has beside the results; see `RunSummary`."""

    deployment: tuple[Deployed, ...]
    measured: dict[str, Any] | None

    def measurement(self) -> Measurement | None:
        """Return what the chip measured of itself."""
        return None if self.measured is None else Measurement.from_dict(self.measured)


_Classes = Annotated[int, Field(ge=1, le=1 << 16)]
_Class = Annotated[int, Field(ge=0, lt=1 << 16)]


class ClassificationEntry(_Strict):
    """Classes that a model gave beside the true ones; see `Classification`."""

    classes: _Classes
    accuracy: float
    labels: tuple[_Class, ...]
    predicted: tuple[_Class, ...]

    @model_validator(mode="after")
    def _pairs_of_classes(self) -> ClassificationEntry:
        if len(self.labels) != len(self.predicted) or not self.labels:
            raise ValueError("labels and predicted classes do not come in pairs")
        if max(*self.labels, *self.predicted) >= self.classes:
            raise ValueError(f"found a class beyond the {self.classes} of the model")
        return self

    def classification(self) -> Classification:
        """Return the classes."""
        return Classification.from_dict(self.model_dump())


class SummaryData(_Strict):
    """What the ``data`` of every command that runs windows has; see `RunSummary`."""

    time_steps: _Positive
    latency_steps: _Count
    frame_steps: _Positive
    window: _Positive
    seed: int | None
    recorded_windows: _Count
    processes: tuple[ProcessEntry, ...]
    saturations: dict[str, _Positive]
    clipped_inputs: _Count
    runtime: str | None
    coding: Coding
    strict: bool
    variates: tuple[str, ...]
    table: FileEntry
    forecasts_shape: tuple[_Positive, _Positive, _Positive]
    # Neither have runs of earlier versions.
    classification: ClassificationEntry | None = None
    hardware: HardwareEntry | None = None


class RunData(SummaryData):
    """The ``data`` of ``run``."""

    forecasts: list[list[list[float]]] | None
    windows: tuple[_Count, ...]


Metrics: TypeAlias = dict[str, dict[str, float | None]]
"""Metrics by horizon step, ``"1"`` to ``"H"`` and ``"all"``; None for one that does not exist."""


class EvaluationData(SummaryData):
    """The ``data`` of ``evaluate``; the metrics without missing targets are not looked into."""

    windows: _Positive
    first_window: _Count
    part: str
    split: tuple[float, float, float]
    split_source: str
    metrics: Metrics
    baselines: dict[str, Metrics | None]
    masked: dict[str, Any] | None


class StockRunData(_Strict):
    """The ``data`` of ``run`` on a plain NetX network; see `StockResult`."""

    outputs: list[Any] | None
    outputs_shape: tuple[_Positive, ...]
    time_steps: _Positive
    latency_steps: _Count
    processes: tuple[ProcessEntry, ...]
    runtime: str
    feed: Feed
    input: FileEntry | None
    skip_layers: _Count
    num_layers: _Positive | None
    reset_interval: _Positive | None
    reset_offset: _Count
    input_bits: _Count


class _Envelope(_Strict):
    ok: bool
    command: str
    backend: str
    versions: dict[str, str]
    model: FileEntry | None
    diagnostics: tuple[DiagnosticEntry, ...]
    timings_s: dict[str, float]


class RunDocument(_Envelope):
    """The envelope of ``run``."""

    schema_: Literal["lava-spikyspace/run@1"] = Field(alias="schema")
    data: RunData


class EvaluationDocument(_Envelope):
    """The envelope of ``evaluate``."""

    schema_: Literal["lava-spikyspace/evaluate@1"] = Field(alias="schema")
    data: EvaluationData


class StockRunDocument(_Envelope):
    """The envelope of ``run`` on a plain NetX network."""

    schema_: Literal["lava-spikyspace/run@1"] = Field(alias="schema")
    data: StockRunData


Document: TypeAlias = RunDocument | EvaluationDocument


def parse_document(text: bytes) -> Document:
    """Return the content of a ``run.json``.

    Raises
    ------
    pydantic.ValidationError
        It is no JSON, or does not fit the schema.
    """
    adapter: TypeAdapter[Document] = TypeAdapter(
        Annotated[Document, Field(discriminator="schema_")]
    )
    return adapter.validate_json(text)


def parse_stock_document(text: bytes) -> StockRunDocument:
    """Return the content of the ``run.json`` of a plain NetX network; see `parse_document`."""
    return StockRunDocument.model_validate_json(text)


def document_of(
    command: str, summary: Summary, data: dict[str, Any], *, ok: bool
) -> dict[str, Any]:
    """Return the envelope of a run as plain values, keys in the documented order.

    Parameters
    ----------
    command : str
        Name of the command.
    summary : RunSummary or StockResult
        What was run.
    data : dict
        The result.
    ok : bool
        Whether the command found nothing wrong.
    """
    model = summary.model
    return {
        "schema": f"lava-spikyspace/{command}@{SCHEMA_VERSION}",
        "ok": ok,
        "command": command,
        "backend": summary.backend,
        "versions": dict(summary.versions),
        "model": None if model is None else {"path": model.path, "sha256": model.sha256},
        "data": data,
        "diagnostics": [finding.to_dict() for finding in summary.diagnostics],
        "timings_s": dict(summary.timings_s),
    }
