"""How well a classifier tells labelled sequences apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lava_spikyspace.boundary import FloatArray
from lava_spikyspace.datasets.sequences import LabelledSequences
from lava_spikyspace.network import IntArray

ACCURACY = "accuracy"
MEAN_RECALL = "mean_recall"
METRICS = {ACCURACY: "accuracy", MEAN_RECALL: "mean recall"}
"""Metrics of a classifier, with their headings."""

MAJORITY = "majority"
"""The baseline: the most frequent class of the train part, whatever the sequence."""


@dataclass(frozen=True, eq=False)
class Classification:
    """Classes that a model gave, beside the true ones.

    Parameters
    ----------
    labels, predicted : ndarray, int64, shape (window,)
        True class, and that of the largest logit; of equal logits the first.
    classes : int
        Classes of the model.
    """

    labels: IntArray
    predicted: IntArray
    classes: int

    @classmethod
    def of(cls, labels: IntArray, logits: FloatArray) -> Classification:
        """Return the classes of logits (window, 1, class)."""
        return cls(labels, np.argmax(logits[:, 0], axis=1).astype(np.int64), logits.shape[2])

    @property
    def accuracy(self) -> float:
        """Share of the windows whose class is the true one."""
        return float((self.labels == self.predicted).mean())

    def confusion(self) -> IntArray:
        """Return how often each true class (row) was given each class (column)."""
        pairs = self.labels * self.classes + self.predicted
        counts = np.bincount(pairs, minlength=self.classes**2)
        return counts.reshape(self.classes, self.classes)

    def scores(self) -> dict[str, dict[str, float]]:
        """Return the metrics as those of a forecast are returned: over ``all`` steps.

        ``mean_recall`` is the mean over the classes that occur of the share that was found.
        """
        there = np.bincount(self.labels, minlength=self.classes)
        found = np.bincount(self.labels[self.labels == self.predicted], minlength=self.classes)
        recall = float((found[there > 0] / there[there > 0]).mean())
        return {"all": {ACCURACY: self.accuracy, MEAN_RECALL: recall}}

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "classes": self.classes,
            "accuracy": self.accuracy,
            "labels": self.labels.tolist(),
            "predicted": self.predicted.tolist(),
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Classification:
        """Return what `to_dict` told of."""
        labels, predicted = (np.asarray(entry[name]) for name in ("labels", "predicted"))
        return cls(labels.astype(np.int64), predicted.astype(np.int64), int(entry["classes"]))


def majority_class(data: LabelledSequences, train: range) -> int | None:
    """Return the most frequent class of the train part; None where that is empty."""
    labels = data.labels[train.start : train.stop]
    return int(np.bincount(labels).argmax()) if len(labels) else None
