"""Classifiers on labelled sequences, through run, evaluate, run directories and reports."""

import json
from dataclasses import replace

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.classification import Classification
from lava_spikyspace.datasets import read_table
from lava_spikyspace.errors import DataError, InputError, UsageError
from lava_spikyspace.evaluation import evaluate
from lava_spikyspace.network import Normalisation
from lava_spikyspace.results import RunResult
from tests.random_spike_ssm import random_sequences, random_spike_ssm

COUNT = 40


@pytest.fixture(scope="module")
def network():
    return random_spike_ssm(2, inputs=2, channels=4, window=7, outputs=3, blocks=1)


@pytest.fixture(scope="module")
def sequences(network, tmp_path_factory):
    """Return sequences whose label mostly is the class that the network gives."""
    norm = network.normalisation
    messages = random_sequences(1, network, COUNT)
    inputs = messages * 2.0**-network.input.frac_bits * norm.scale + norm.mean
    path = tmp_path_factory.mktemp("data") / "sequences.npz"
    np.savez(path, inputs=inputs, labels=np.zeros(COUNT, dtype=int))
    given = lss.run(network, path, backend="batch").classification.predicted
    labels = given.copy()
    labels[::4] = (labels[::4] + 1) % 3
    np.savez(path, inputs=inputs, labels=labels)
    return path


def test_confusion_and_scores():
    found = Classification(np.array([0, 0, 1, 3]), np.array([0, 1, 1, 1]), 4)
    assert found.accuracy == 0.5
    assert found.confusion().tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [0] * 4, [0, 1, 0, 0]]
    assert found.scores() == {"all": {"accuracy": 0.5, "mean_recall": 0.5}}
    restored = Classification.from_dict(json.loads(json.dumps(found.to_dict())))
    assert np.array_equal(restored.confusion(), found.confusion())


def test_run_gives_logits_and_classes(network, sequences):
    result = lss.run(network, sequences, backend="batch", windows="10:14")
    assert result.forecasts.shape == (4, 1, 3)
    assert result.variates == ("0", "1", "2")
    assert result.series is None
    assert result.classification.accuracy == 0.75
    one = lss.run(network, sequences, backend="batch", windows="12:13")
    assert np.array_equal(one.forecasts, result.forecasts[2:3])
    assert len(np.unique(lss.run(network, sequences, backend="batch").classification.predicted)) > 1


@pytest.mark.parametrize("kind", ["fixed", "instance"])
def test_neither_pieces_nor_jobs_change_anything(network, sequences, kind, monkeypatch):
    norm = network.normalisation if kind == "fixed" else Normalisation(kind="instance", eps=1e-3)
    other = replace(network, normalisation=norm)
    expected = evaluate(other, sequences, split="0.5,0,0.5", clip_input=True)
    monkeypatch.setattr("lava_spikyspace.streaming.PIECE_VALUES", 64)
    found = evaluate(other, sequences, split="0.5,0,0.5", clip_input=True)
    assert found.classification.predicted.tolist() == expected.classification.predicted.tolist()
    assert found.counts == expected.counts
    assert found.clipped_inputs == expected.clipped_inputs


def test_evaluate_scores_a_part_beside_the_majority(network, sequences):
    result = evaluate(network, sequences, split=(0.5, 0.0, 0.5))
    data = result.to_dict()
    labels = read_table(sequences).labels
    assert data["windows"] == 20
    assert data["classification"]["labels"] == labels[20:].tolist()
    assert data["metrics"]["all"]["accuracy"] == 0.75
    most = np.bincount(labels[:20]).argmax()
    assert data["baselines"] == {
        "majority": {"all": {"accuracy": (labels[20:] == most).mean(), "mean_recall": 1 / 3}}
    }
    alone = evaluate(network, sequences, split=(0.0, 0.0, 1.0))
    assert list(alone.scores) == ["model"]
    with pytest.raises(UsageError, match="missing"):
        evaluate(network, sequences, missing_value=0.0)


@pytest.mark.parametrize("command", ["run", "evaluate"])
def test_a_run_directory_keeps_the_classes(network, sequences, tmp_path, command):
    out = tmp_path / "kept"
    if command == "run":
        result = lss.run(network, sequences, backend="batch", record=True)
        result.save(out)
    else:
        result = evaluate(network, sequences, part="train", out=out)
    loaded = RunResult.load(out)
    assert loaded.classification.to_dict() == result.classification.to_dict()
    assert loaded.series is None
    loaded.report(tmp_path / "report.html")
    loaded.report(tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text()
    assert "True class by row" in text
    assert "accuracy, this model" in text
    assert "forecast-view" not in (tmp_path / "report.html").read_text().split("<script")[0]
    with pytest.raises(UsageError, match="classifier"):
        loaded.plot_forecast()
    document = json.loads((out / "run.json").read_text())
    document["data"]["classification"]["predicted"][0] = 3
    (out / "run.json").write_text(json.dumps(document))
    with pytest.raises(InputError, match="beyond the 3"):
        RunResult.load(out)


def test_data_of_the_other_kind_are_refused(network, sequences, tmp_path):
    with pytest.raises(DataError, match="found a table, expected labelled sequences"):
        lss.run(network, np.zeros((30, 2)), backend="batch")
    forecaster = random_spike_ssm(2, inputs=2, window=7, blocks=1, classification=False)
    with pytest.raises(DataError, match=r"found labelled sequences .* expected a table"):
        evaluate(forecaster, sequences)
    path = tmp_path / "more.npz"
    np.savez(path, inputs=np.zeros((2, 7, 2)), labels=[0, 3])
    with pytest.raises(DataError, match="label 3, expected 0 to 2"):
        evaluate(network, path)
    np.savez(path, inputs=np.zeros((2, 6, 2)), labels=[0, 2])
    with pytest.raises(DataError, match="sequences of 6 steps, expected 7"):
        lss.run(network, path, backend="batch")


def test_a_value_out_of_range_is_named_by_its_row(network, tmp_path):
    inputs = np.broadcast_to(network.normalisation.mean, (3, 7, 2)).copy()
    inputs[1, 2, 1] = 1e9
    path = tmp_path / "wild.npz"
    np.savez(path, inputs=inputs, labels=[0, 0, 0])
    with pytest.raises(DataError, match="row 9, column 1"):
        lss.run(network, path, backend="batch")
    assert lss.run(network, path, backend="batch", clip_input=True).clipped_inputs == 1


def test_lava_gives_the_same_classes(network, sequences):
    pytest.importorskip("lava.magma.core.decorator")
    expected = lss.run(network, sequences, backend="batch", windows="3:6", strict=True)
    for coding in ("graded", "unary"):
        found = lss.run(network, sequences, windows="3:6", coding=coding, strict=True)
        assert np.array_equal(found.forecasts, expected.forecasts)
        assert found.classification.to_dict() == expected.classification.to_dict()
