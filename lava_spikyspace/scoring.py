"""How good a model is, and the baselines beside it, added up piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol, TypeAlias

import numpy as np

from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.classification import MAJORITY, Classification, majority_class
from lava_spikyspace.datasets.baselines import RidgeModel, fit_ridge, persistence
from lava_spikyspace.datasets.metrics import ForecastMoments
from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import Split, target_windows
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import DataError, UsageError
from lava_spikyspace.network import IntArray, Network
from lava_spikyspace.streaming import Piece

Scores: TypeAlias = Mapping[str, Mapping[str, float]]
"""Metrics by horizon step, ``"1"`` to ``"H"`` and ``"all"``; see `datasets.metrics`."""

MODEL = "model"
PERSISTENCE = "persistence"
RIDGE = "ridge"


@dataclass(frozen=True, eq=False, kw_only=True)
class MaskedScores:
    """Metrics without the targets that are missing.

    Parameters
    ----------
    missing_value : float
        Value of the table that means missing.
    left_out : int
        Targets that were left out.
    scores : mapping of str to Scores
        By ``model``, ``persistence`` and, where it could be fitted, ``ridge``.
    """

    missing_value: float
    left_out: int
    scores: Mapping[str, Scores]

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data.masked`` of ``evaluate --json``."""
        return {
            "missing_value": self.missing_value,
            "left_out": self.left_out,
            **score_entries(self.scores),
        }


def score_entries(
    scores: Mapping[str, Scores], baselines: Sequence[str] = (PERSISTENCE, RIDGE)
) -> dict[str, Any]:
    """Return ``metrics`` and ``baselines`` as JSON has them: a metric that is NaN is None.

    Parameters
    ----------
    scores : mapping of str to Scores
        By forecaster.
    baselines : sequence of str
        Those that are named; None stands for one without scores.
    """
    plain = {
        name: {
            step: {metric: value if isfinite(value) else None for metric, value in metrics.items()}
            for step, metrics in entry.items()
        }
        for name, entry in scores.items()
    }
    return {
        "metrics": plain[MODEL],
        "baselines": {name: plain.get(name) for name in baselines},
    }


@dataclass(frozen=True, eq=False)
class Baselines:
    """What a model is compared with.

    Parameters
    ----------
    horizon : int
        Steps to forecast.
    ridge : RidgeModel or None
        The fitted regression, if there was something to fit it on.
    diagnostics : tuple of Diagnostic
        Why there is no ridge regression.
    """

    horizon: int
    ridge: RidgeModel | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @classmethod
    def fit(cls, table: Table, network: Network, parts: Split) -> Baselines:
        """Fit the ridge regression on the train part, its penalty on the validation part."""
        try:
            ridge = fit_ridge(table.values, network.window, network.horizon, parts)
        except DataError as error:
            notice = Diagnostic(
                "no-ridge", "warning", f"no ridge regression: {error.message}", hint=error.hint
            )
            return cls(network.horizon, None, (notice,))
        return cls(network.horizon, ridge)

    def predict(self, inputs: FloatArray) -> Iterator[tuple[str, FloatArray]]:
        """Yield the name and the forecasts of every baseline.

        Parameters
        ----------
        inputs : ndarray, float64, shape (window, element, variate)
            Windows in units of the table.
        """
        yield PERSISTENCE, persistence(inputs, self.horizon)
        if self.ridge is not None:
            yield RIDGE, self.ridge.predict(inputs)


class ScoreBoard:
    """Adds up the errors of several forecasters, of all targets and of those not missing.

    Parameters
    ----------
    missing_value : float or None
        Value of the table that means missing.
    """

    def __init__(self, missing_value: float | None) -> None:
        self._missing_value = missing_value
        self._all: dict[str, ForecastMoments] = {}
        self._present: dict[str, ForecastMoments] = {}

    def add(self, name: str, target: FloatArray, forecasts: FloatArray) -> None:
        """Add some windows of one forecaster.

        Parameters
        ----------
        name : str
            The forecaster.
        target, forecasts : ndarray, float64, shape (window, step, variate)
            In units of the table.
        """
        _accumulate(self._all, name, ForecastMoments.of(target, forecasts))
        if self._missing_value is not None:
            mask = target != self._missing_value
            _accumulate(self._present, name, ForecastMoments.of(target, forecasts, mask))

    def scores(self) -> dict[str, Scores]:
        """Return the metrics of all targets by forecaster."""
        return {name: moments.summary() for name, moments in self._all.items()}

    def masked(self) -> MaskedScores | None:
        """Return the metrics without missing targets, None if no value means missing."""
        if self._missing_value is None:
            return None
        every, present = self._all[MODEL], self._present[MODEL]
        return MaskedScores(
            missing_value=self._missing_value,
            left_out=int(every.count.sum() - present.count.sum()),
            scores={name: moments.summary() for name, moments in self._present.items()},
        )


def _accumulate(moments: dict[str, ForecastMoments], name: str, addition: ForecastMoments) -> None:
    moments[name] = moments[name] + addition if name in moments else addition


class Scoring(Protocol):
    """Scores what a model gives for the windows of one kind of data."""

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What the user should know."""
        ...

    def add(self, piece: Piece) -> None:
        """Add some windows."""
        ...

    def scores(self) -> dict[str, Scores]:
        """Return the metrics of the model and of what it is compared with."""
        ...

    def masked(self) -> MaskedScores | None:
        """Return the metrics without missing targets, None if no value means missing."""
        ...

    def classification(self) -> Classification | None:
        """Return the classes beside the true ones; None of forecasts."""
        ...


def make_scoring(
    table: Table, network: Network, parts: Split, missing_value: float | None
) -> Scoring:
    """Return what scores a model on a table, or on labelled sequences.

    Parameters
    ----------
    table : Table
        The data.
    network : Network
        The model.
    parts : Split
        Baselines are fitted on the train part.
    missing_value : float or None
        Value of the table that means missing.
    """
    if isinstance(table, LabelledSequences):
        if missing_value is not None:
            raise UsageError("found a missing value, but labels of sequences are never missing")
        return ClassScoring(table, parts)
    return ForecastScoring(table, network, parts, missing_value)


class ForecastScoring:
    """Errors of forecasts beside persistence and ridge regression; see `make_scoring`."""

    def __init__(
        self, table: Table, network: Network, parts: Split, missing_value: float | None
    ) -> None:
        self._table, self._network = table, network
        self._baselines = Baselines.fit(table, network, parts)
        self._board = ScoreBoard(missing_value)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Why there is no ridge regression."""
        return self._baselines.diagnostics

    def add(self, piece: Piece) -> None:
        """Add some windows."""
        network = self._network
        target = target_windows(self._table.values, network.window, network.horizon, piece.windows)
        self._board.add(MODEL, target, piece.forecasts)
        for name, forecasts in self._baselines.predict(piece.inputs):
            self._board.add(name, target, forecasts)

    def scores(self) -> dict[str, Scores]:
        """Return the metrics by forecaster."""
        return self._board.scores()

    def masked(self) -> MaskedScores | None:
        """Return the metrics without missing targets."""
        return self._board.masked()

    def classification(self) -> None:
        """Return None: forecasts have no classes."""


class ClassScoring:
    """Accuracy beside that of always giving one class; see `make_scoring`.

    Parameters
    ----------
    data : LabelledSequences
        Gives the labels.
    parts : Split
        The train part says which class is the most frequent.
    """

    diagnostics: tuple[Diagnostic, ...] = ()

    def __init__(self, data: LabelledSequences, parts: Split) -> None:
        self._data = data
        self._majority = majority_class(data, parts.train)
        self._logits: list[FloatArray] = []
        self._labels: list[IntArray] = []

    def add(self, piece: Piece) -> None:
        """Add some sequences."""
        self._logits.append(piece.forecasts)
        self._labels.append(self._data.labels[piece.windows.start : piece.windows.stop])

    def scores(self) -> dict[str, Scores]:
        """Return the metrics of the model and of the majority class."""
        found = self.classification()
        scores: dict[str, Scores] = {MODEL: found.scores()}
        if self._majority is not None and self._majority < found.classes:
            constant = np.full_like(found.labels, self._majority)
            scores[MAJORITY] = Classification(found.labels, constant, found.classes).scores()
        return scores

    def masked(self) -> None:
        """Return None: labels are never missing."""

    def classification(self) -> Classification:
        """Return the classes beside the true ones."""
        return Classification.of(np.concatenate(self._labels), np.concatenate(self._logits))
