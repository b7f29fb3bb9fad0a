"""The family spike-ssm from a shell's point of view: task, train, export, evaluate, compare."""

import numpy as np
import pytest

pytest.importorskip("torch")

from lava_spikyspace.cli.compare import compare
from lava_spikyspace.cli.evaluate import evaluate
from lava_spikyspace.cli.export import export
from lava_spikyspace.cli.task import task
from lava_spikyspace.cli.train import train
from lava_spikyspace.cli.verify import verify
from lava_spikyspace.datasets import read_table

SMALL = ("--family", "spike-ssm", "--d-model", "6", "--d-state", "2", "--layers", "1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("spike-ssm")


@pytest.fixture
def recall(call, folder):
    """Return a file of a small recall task, written by the command."""
    path = folder / "recall.npz"
    if not path.exists():
        flags = ("--delay", "3", "--train", "60", "--test", "20", "-o", str(path), "--json")
        done = call(task, "probe", "recall", *flags)
        assert done.code == 0, done.stderr
        data = done.envelope["data"]
        assert data["shape"] == [80, 36, 10]
        assert data["split"] == [0.75, 0.0, 0.25]
        assert (data["task"], data["classes"]) == ("recall-3", 4)
    return path


def test_tasks_are_files_of_labelled_sequences(call, tmp_path):
    path = str(tmp_path / "ops.npz")
    flags = ("--length", "16", "--train", "5", "--test", "3", "-o", path)
    done = call(task, "probe", "listops", *flags)
    assert "8 sequences of 16 steps, 15 channels, 10 classes" in done.stdout
    data = read_table(path)
    with np.load(path) as stored:
        assert stored["inputs"].dtype == np.uint8
    assert data.windows(16).sum(axis=2).max() == 1
    assert call(task, "probe", "listops", *flags).code == 2
    assert call(task, "probe", "chess", "-o", path).code == 2


@pytest.mark.parametrize(
    ("name", "flag"), [("digits", "--train"), ("recall", "--length"), ("listops", "--delay")]
)
def test_settings_of_another_task_are_refused(call, tmp_path, name, flag):
    done = call(task, "probe", name, flag, "9", "-o", str(tmp_path / "x.npz"))
    assert (done.code, f"{flag} is no setting of the task {name}" in done.stderr) == (2, True)


def test_from_sequences_to_integers(call, recall, folder):
    checkpoint, model = str(folder / "r.pt"), str(folder / "r.net")
    given = ("--data", str(recall), "--split", "0.75,0,0.25", "-o", checkpoint)
    done = call(train, "probe", *SMALL, *given, "--epochs", "2", "--batch-size", "16", "--json")
    assert done.code == 0, done.stderr
    data = done.envelope["data"]
    assert data["family"] == "spike-ssm"
    assert data["config"]["task"] == "classification"
    assert set(data["metrics"]["all"]) == {"accuracy", "mean_recall"}
    assert data["baselines"]["majority"]["all"]["accuracy"] < 1
    done = call(export, "probe", checkpoint, "-o", model, "--calibration", str(recall), "--json")
    assert done.code == 0, done.stderr
    found = done.envelope["data"]
    assert found["agreement"]["codes"]["blocks.0.neurons"] >= 0.999
    assert found["golden_windows"] == 4
    done = call(evaluate, "probe", model, "--data", str(recall), "--json")
    scored = done.envelope["data"]
    assert scored["windows"] == 20
    assert scored["split_source"] == "file"
    assert len(scored["classification"]["predicted"]) == 20
    assert abs(scored["metrics"]["all"]["accuracy"] - data["metrics"]["all"]["accuracy"]) <= 0.1
    flags = ("--checkpoint", checkpoint, "--data", str(recall), "--json")
    limit = ("--fail-above", "0.001", "--quantity", "codes")
    done = call(compare, "probe", model, *flags, *limit)
    assert done.code == 0, done.stdout
    assert done.envelope["data"]["classes"]["windows"] == 80
    done = call(verify, "probe", model, "--backend", "batch")
    assert done.code == 0


def test_forecasts_from_a_table(call, tmp_path):
    path = tmp_path / "waves.csv"
    values = np.sin(np.arange(80)[:, None] / (3.0 + np.arange(3)))
    lines = [",".join(map(str, row)) for row in values.tolist()]
    path.write_text("north,south,west\n" + "\n".join(lines) + "\n")
    given = ("--data", str(path), "-o", str(tmp_path / "f.pt"), "--window", "6", "--horizon", "2")
    done = call(train, "probe", *SMALL, *given, "--epochs", "2")
    assert done.code == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[1] for row in rows if row[:1] == ["all"]] == ["model", "persistence", "ridge"]


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [
        ((*SMALL, "--expand", "2"), 2, "--expand is no setting of this model family"),
        ((*SMALL, "--horizon", "2"), 2, "labelled sequences have none"),
        ((*SMALL, "--window", "9"), 3, "sequences of 36 steps, expected 9"),
        ((*SMALL, "--classes", "3"), 3, "label 3, expected 0 to 2"),
        ((*SMALL, "--tau", "1"), 2, "tau"),
        (("--window", "3", "--horizon", "1"), 3, "found labelled sequences"),
        (("--tau", "0.1"), 3, "found labelled sequences"),
    ],
)
def test_what_does_not_fit_is_told(call, recall, tmp_path, flags, code, told):
    done = call(train, "probe", "--data", str(recall), "-o", str(tmp_path / "x.pt"), *flags)
    assert (done.code, told in done.stderr) == (code, True), done.stderr


def test_sequences_of_no_numbers_are_refused(call, tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, inputs=np.full((4, 3, 2), "a"), labels=np.zeros(4, dtype=int))
    done = call(train, "probe", *SMALL, "--data", str(path), "-o", str(tmp_path / "x.pt"))
    assert (done.code, "inputs: found dtype <U1" in done.stderr) == (3, True), done.stderr


def test_files_without_labels_are_refused(call, tmp_path):
    path = tmp_path / "bare.npz"
    np.savez(path, inputs=np.zeros((4, 3, 2)))
    done = call(train, "probe", *SMALL, "--data", str(path), "-o", str(tmp_path / "x.pt"))
    assert done.code == 3
    assert "expected an array 'labels', too" in done.stderr
