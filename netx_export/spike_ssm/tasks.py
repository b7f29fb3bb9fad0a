"""Sequence tasks: digits pixel by pixel, delayed recall, ListOps. Each is made from a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lava_spikyspace.datasets.windows import RATIO_TOLERANCE
from lava_spikyspace.errors import InternalError, UsageError

FloatArray: TypeAlias = npt.NDArray[np.float32]
LabelArray: TypeAlias = npt.NDArray[np.int64]

MAX_VALUES = 1 << 27
"""Most values of a task: 1 GiB in float64."""

SYMBOLS = 4
"""Symbols of delayed recall."""

ANSWER_STEPS = 32
"""Empty steps after the question of delayed recall."""

OPERATORS = ("MAX", "MIN", "MED", "SM")
"""Of ListOps: maximum, minimum, median (the lower one), sum modulo 10."""

LISTOPS_TOKENS = (*map(str, range(10)), *OPERATORS, "]")
"""Vocabulary; an operator token opens its list."""


@dataclass(frozen=True, eq=False)
class Sequences:
    """Labelled sequences.

    Parameters
    ----------
    inputs : ndarray, float32, shape (sequence, step, channel)
        What enters the network, step by step.
    labels : ndarray, int64, shape (sequence,)
        Class of each.
    """

    inputs: FloatArray
    labels: LabelArray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Task:
    """Training and test sequences of one task.

    Parameters
    ----------
    name : str
        What it is called.
    classes : int
        Number of classes.
    train, test : Sequences
        Disjoint.
    """

    name: str
    classes: int
    train: Sequences
    test: Sequences

    @property
    def inputs(self) -> FloatArray:
        """All inputs, those of the training first."""
        return np.concatenate([self.train.inputs, self.test.inputs])

    @property
    def labels(self) -> LabelArray:
        """All labels, those of the training first."""
        return np.concatenate([self.train.labels, self.test.labels])

    @property
    def split(self) -> tuple[float, float, float]:
        """Shares of training, validation (0) and test: `split_range` gives back these parts."""
        count = len(self.train) + len(self.test)
        return _share(len(self.train), count), 0.0, _share(len(self.test), count)


def _share(part: int, count: int) -> float:
    """Return a short decimal of which `split_range` makes `part` of `count`."""
    for digits in range(1, 8):
        unit: int = 10**digits
        for up in (0, 1):
            share: float = (-(-part * unit // count) + up) / unit
            if int(count * share) == part and share - part / count < RATIO_TOLERANCE / 2:
                return share
    raise InternalError(f"no share of 7 digits cuts {part} of {count}")


def _check_values(sequences: int, steps: int, channels: int) -> None:
    """Refuse a task that would not fit into memory."""
    values = sequences * steps * channels
    if values > MAX_VALUES:
        raise UsageError(
            f"{sequences} sequences of {steps} steps and {channels} channels are {values} values, "
            f"expected at most {MAX_VALUES}"
        )


def digits(seed: int = 0) -> Task:
    """Return scikit-learn's 8x8 digits as sequences of 64 pixels, row by row.

    Parameters
    ----------
    seed : int
        Of the split: 80 % for training, 20 % (360 digits) for the test, equal shares per class.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    inputs = (bunch.data / 16.0).astype(np.float32)[..., None]
    labels = bunch.target.astype(np.int64)
    train, test = train_test_split(
        np.arange(len(labels)), test_size=0.2, random_state=seed, stratify=labels
    )
    return Task(
        "digits",
        10,
        Sequences(inputs[train], labels[train]),
        Sequences(inputs[test], labels[test]),
    )


def delayed_recall(delay: int, *, train: int = 4096, test: int = 1024, seed: int = 0) -> Task:
    """Return sequences that show two symbols, wait, and ask for one of them.

    The first step shows a symbol of each of two groups, step `delay` asks for a group; the label is
    the symbol of that group. What the first step says alone is worth at most 62.5 %: all beyond
    needs both symbols kept for `delay` steps.

    Parameters
    ----------
    delay : int
        Steps between symbols and question, at least 1.
    train, test : int
        Number of sequences.
    seed : int
        Of the symbols, and of a little noise (0.05 standard deviations) on all channels.
    """
    if delay < 1:
        raise UsageError(f"delay is {delay}, expected at least 1")
    _check_values(train + test, delay + 1 + ANSWER_STEPS, 2 * SYMBOLS + 2)
    generator = np.random.default_rng(seed)
    parts = []
    for count in (train, test):
        shown = generator.integers(SYMBOLS, size=(2, count))
        asked = generator.integers(2, size=count)
        channels = 2 * SYMBOLS + 2
        inputs = 0.05 * generator.standard_normal((count, delay + 1 + ANSWER_STEPS, channels))
        rows = np.arange(count)
        inputs[rows, 0, shown[0]] += 1.0
        inputs[rows, 0, SYMBOLS + shown[1]] += 1.0
        inputs[rows, delay, 2 * SYMBOLS + asked] += 1.0
        parts.append(Sequences(inputs.astype(np.float32), shown[asked, rows]))
    return Task(f"recall-{delay}", SYMBOLS, *parts)


def listops(length: int = 512, *, train: int = 8192, test: int = 1024, seed: int = 0) -> Task:
    """Return nested list operations, one-hot token by token, with their value as the label.

    Parameters
    ----------
    length : int
        Longest expression in tokens; shorter ones are padded with zeros in front, so that each
        ends with the last step.
    train, test : int
        Number of expressions.
    seed : int
        Of the expressions.
    """
    _check_values(train + test, length, len(LISTOPS_TOKENS))
    generator = np.random.default_rng(seed)
    parts = []
    for count in (train, test):
        inputs = np.zeros((count, length, len(LISTOPS_TOKENS)), dtype=np.float32)
        labels = np.zeros(count, dtype=np.int64)
        for index in range(count):
            tokens, labels[index] = _expression(generator, length)
            places = np.arange(length - len(tokens), length)
            inputs[index, places, tokens] = 1.0
        parts.append(Sequences(inputs, labels))
    return Task(f"listops-{length}", 10, *parts)


def _expression(generator: np.random.Generator, length: int) -> tuple[list[int], int]:
    """Return the tokens and the value of one expression of half the length to all of it."""
    while True:
        tokens, value = _list(generator, int(generator.integers(length // 2, length + 1)), depth=0)
        if len(tokens) <= length:
            return tokens, value


def _list(generator: np.random.Generator, budget: int, depth: int) -> tuple[list[int], int]:
    """Return a list that uses about `budget` tokens."""
    operator = int(generator.integers(len(OPERATORS)))
    tokens, values = [10 + operator], list[int]()
    budget -= 2
    while budget > 0 or not values:
        if budget >= 6 and depth < 8 and generator.random() < 0.5:
            share = int(generator.integers(5, budget + 1))
            inner, value = _list(generator, share, depth + 1)
            tokens += inner
        else:
            value = int(generator.integers(10))
            inner = [value]
            tokens.append(value)
        values.append(value)
        budget -= len(inner)
        if len(values) >= 5 and generator.random() < 0.25 and depth > 0:
            break
    tokens.append(len(LISTOPS_TOKENS) - 1)
    return tokens, evaluate_list(OPERATORS[operator], values)


def evaluate_list(operator: str, values: list[int]) -> int:
    """Return the value of one list of digits."""
    if operator == "MAX":
        return max(values)
    if operator == "MIN":
        return min(values)
    if operator == "MED":
        return sorted(values)[(len(values) - 1) // 2]
    return sum(values) % 10


TASKS: Mapping[str, Callable[..., Task]] = {
    "digits": digits,
    "recall": delayed_recall,
    "listops": listops,
}
"""What makes each task, by its name on the command line."""
