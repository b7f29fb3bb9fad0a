"""Labelled sequences: what a good file gives, and what is wrong with others."""

import numpy as np
import pytest

from lava_spikyspace.datasets import LabelledSequences, read_table
from lava_spikyspace.errors import DataError

INPUTS = np.arange(24, dtype=np.float32).reshape(4, 3, 2)
LABELS = np.array([0, 2, 1, 2])


def written(folder, **arrays):
    path = folder / "sequences.npz"
    np.savez(path, **arrays)
    return path


def test_sequences_stand_one_behind_the_other(tmp_path):
    data = read_table(written(tmp_path, inputs=INPUTS, labels=LABELS.astype(np.uint8)))
    assert isinstance(data, LabelledSequences)
    assert (data.length, data.stride, data.classes, data.variates) == (3, 3, 3, 2)
    assert data.labels.dtype == np.int64
    assert np.array_equal(data.windows(3), INPUTS)
    assert np.array_equal(data.windows(3, range(1, 3)), INPUTS[1:3])
    assert np.array_equal(data.windows(3, [3, 0]), INPUTS[[3, 0]])
    assert data.count_windows(3, 1) == 4
    assert data.match(None, 2).labels is data.labels


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"inputs": INPUTS}, "expected an array 'labels', too"),
        ({"inputs": INPUTS[0], "labels": LABELS}, r"inputs: found shape \(3, 2\)"),
        ({"inputs": INPUTS[:, :0], "labels": LABELS}, "at least one each"),
        ({"inputs": INPUTS, "labels": LABELS[:3]}, r"labels: found shape \(3,\), expected \(4,\)"),
        ({"inputs": INPUTS, "labels": LABELS[:, None]}, "one for each sequence"),
        ({"inputs": INPUTS, "labels": LABELS / 2}, "labels: found dtype float64"),
        ({"inputs": INPUTS, "labels": LABELS - 1}, "sequence 0 .*found label -1"),
        ({"inputs": INPUTS, "labels": LABELS << 20}, "expected a class from 0 to 65535"),
        ({"inputs": INPUTS > 3, "labels": LABELS}, "dtype bool"),
        (
            {"inputs": np.where(INPUTS == 15, np.nan, INPUTS), "labels": LABELS},
            "sequence 2, step 1, channel 1",
        ),
    ],
)
def test_files_that_hold_no_labelled_sequences(tmp_path, arrays, told):
    with pytest.raises(DataError, match=told):
        read_table(written(tmp_path, **arrays))


def test_another_length_and_labels_beyond_the_classes_are_refused(tmp_path):
    data = read_table(written(tmp_path, inputs=INPUTS, labels=LABELS))
    with pytest.raises(DataError, match="sequences of 3 steps, expected 5"):
        data.count_windows(5)
    data.check_labels(3)
    with pytest.raises(DataError, match=r"sequence 1 .*label 2, expected 0 to 1.*2 such labels"):
        data.check_labels(2)


def test_an_archive_with_values_stays_a_table(tmp_path):
    data = read_table(written(tmp_path, values=INPUTS[0], inputs=INPUTS))
    assert not isinstance(data, LabelledSequences)
