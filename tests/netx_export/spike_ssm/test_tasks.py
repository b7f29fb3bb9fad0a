"""Sequence tasks are what they say, and the same for the same seed."""

import numpy as np
import pytest

from lava_spikyspace.datasets.windows import split_range
from lava_spikyspace.errors import UsageError
from netx_export.spike_ssm.tasks import (
    LISTOPS_TOKENS,
    OPERATORS,
    SYMBOLS,
    delayed_recall,
    digits,
    evaluate_list,
    listops,
)


def parse(tokens):
    """Evaluate a ListOps expression on its own."""
    stack = []
    for token in tokens:
        if token in OPERATORS:
            stack.append([token])
        elif token == "]":
            operator, *values = stack.pop()
            value = evaluate_list(operator, values)
            if not stack:
                return value
            stack[-1].append(value)
        else:
            stack[-1].append(int(token))
    raise AssertionError("a list that does not end")


@pytest.mark.parametrize("length", [16, 60])
def test_listops_labels_are_the_values_of_the_expressions(length):
    task = listops(length, train=40, test=10)
    for inputs, label in zip(task.train.inputs, task.train.labels, strict=True):
        present = inputs.any(axis=1)
        assert present[-1]
        assert (inputs.sum(axis=1)[present] == 1).all()
        assert parse([LISTOPS_TOKENS[i] for i in inputs[present].argmax(axis=1)]) == label
    assert len(np.unique(task.train.labels)) > 5


def test_operators():
    assert evaluate_list("MAX", [3, 9, 1]) == 9
    assert evaluate_list("MIN", [3, 9, 1]) == 1
    assert evaluate_list("MED", [3, 9, 1, 4]) == 3
    assert evaluate_list("SM", [7, 8]) == 5


def test_recall_asks_for_what_was_shown():
    task = delayed_recall(12, train=50, test=5)
    for inputs, label in zip(task.train.inputs, task.train.labels, strict=True):
        asked = inputs[12, 2 * SYMBOLS :].argmax()
        shown = inputs[0, asked * SYMBOLS : (asked + 1) * SYMBOLS]
        assert shown.argmax() == label


def test_recall_needs_a_delay():
    with pytest.raises(UsageError, match="at least 1"):
        delayed_recall(0)


def test_tasks_repeat_and_split_apart():
    assert np.array_equal(
        listops(16, train=4, test=2).train.inputs, listops(16, train=4, test=2).train.inputs
    )
    task = digits()
    assert (len(task.train), len(task.test)) == (1437, 360)
    assert task.train.inputs.shape[1:] == (64, 1)
    assert sorted(np.unique(task.test.labels)) == list(range(10))


@pytest.mark.parametrize("make", [digits, lambda: listops(8, train=29, test=71)])
def test_the_split_gives_back_the_parts(make):
    made = make()
    count = len(made.labels)
    parts = split_range(count, made.split)
    assert parts.train == range(len(made.train))
    assert parts.test == range(len(made.train), count)


def test_what_does_not_fit_into_memory_is_refused():
    with pytest.raises(UsageError, match="values, expected at most"):
        delayed_recall(1 << 20)
    with pytest.raises(UsageError, match="values, expected at most"):
        listops(1 << 20)
