"""Sequential digits from the task to Lava by commands alone, at full size."""

import json

import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("lava.magma.core.decorator")

pytestmark = pytest.mark.slow

SAMPLES = 8
EQUAL = 0.999


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("digits")


def test_digits_from_the_task_to_lava(run_cli, folder):
    def lss(*arguments):
        done = run_cli(*arguments, "--json", timeout=3600)
        assert done.code == 0, done.stderr
        return json.loads(done.stdout)["data"]

    data, checkpoint, model = (folder / name for name in ("digits.npz", "digits.pt", "digits.net"))
    lss("task", "digits", "-o", data)
    given = ("--family", "spike-ssm", "--data", data, "--split", "0.8,0,0.2", "--d-state", "8")
    trained = lss("train", *given, "--epochs", "40", "-o", checkpoint)
    accuracy = trained["metrics"]["all"]["accuracy"]
    assert accuracy >= 0.95
    assert trained["best"]["firing_rate"] <= 0.15
    lss("export", checkpoint, "-o", model, "--calibration", data)
    scored = lss("evaluate", model, "--data", data)
    assert abs(scored["metrics"]["all"]["accuracy"] - accuracy) <= 0.01
    assert scored["windows"] == 359
    rates = [row["firing_rate"] for row in scored["processes"] if row["type"] == "SpikingNeuron"]
    assert len(rates) == 2
    assert max(rates) <= 0.15
    compared = lss("compare", model, "--checkpoint", checkpoint, "--data", data, "--windows", "359")
    assert min(layer["agreement"] for layer in compared["layers"]) >= EQUAL
    assert compared["classes"]["same"] >= 356
    run = ("run", model, "--data", data, "--windows", str(SAMPLES))
    expected = lss(*run, "--backend", "batch")
    for coding in ("graded", "unary"):
        found = lss(*run, "--backend", "sim", "--coding", coding, "--strict")
        assert found["forecasts"] == expected["forecasts"]
        assert found["classification"] == expected["classification"]
    on_lava = lss(
        *("compare", model, "--checkpoint", checkpoint, "--data", data),
        *("--windows", str(SAMPLES), "--against", "sim"),
    )["lava"]
    assert all(layer["equal"] == layer["codes"] for layer in on_lava["layers"])
    assert on_lava["first_divergence"] is None
