"""What a run of a plain NetX network leaves behind, and reading it back."""

import json

import numpy as np
import pytest

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.inputs import FileReference
from lava_spikyspace.netx.stock.selection import Settings
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.results import RunResult
from lava_spikyspace.stock import results as results_module
from lava_spikyspace.stock.results import StockResult


def row(name, **values):
    counts = dict.fromkeys(ProcessCounts.__dataclass_fields__, 0)
    return ProcessCounts(
        **{**counts, "type": "LIF", "firing_rate": None, "min": None, "max": None, **values}
        | {"name": name}
    )


@pytest.fixture
def result():
    return StockResult(
        outputs=np.arange(24).reshape(2, 3, 4) - 5,
        counts=(row("input", spikes=3, min=0, max=1), row("layer.0.neuron", firing_rate=0.25)),
        latency_steps=1,
        backend="sim",
        runtime="inprocess",
        settings=Settings(skip_layers=1, reset_interval=4),
        feed="spikes",
        model=FileReference("m.net", "0" * 64),
        data=None,
        records={"layer.0": np.ones((2, 3, 4), dtype=np.int64)},
        timings_s={"run": 0.5},
        diagnostics=(Diagnostic("binary-input", "warning", "3 values", "array"),),
    )


def test_data_of_the_json_object(result):
    data = result.to_dict()
    assert json.loads(json.dumps(data)) == data
    assert data["outputs"] == result.outputs.tolist()
    assert data["outputs_shape"] == [2, 3, 4]
    assert (data["time_steps"], data["skip_layers"], data["input"]) == (2, 1, None)
    assert [entry["name"] for entry in data["processes"]] == ["input", "layer.0.neuron"]
    assert "saturations" not in data["processes"][0]


def test_many_outputs_are_not_listed(result, monkeypatch):
    monkeypatch.setattr(results_module, "MAX_LISTED_OUTPUTS", 23)
    assert result.to_dict()["outputs"] is None


def test_a_run_directory_is_read_back(result, tmp_path):
    result.save(tmp_path / "out")
    np.testing.assert_array_equal(np.load(tmp_path / "out" / "outputs.npy"), result.outputs)
    found = StockResult.load(tmp_path / "out")
    np.testing.assert_array_equal(found.outputs, result.outputs)
    np.testing.assert_array_equal(found.records["layer.0"], result.records["layer.0"])
    for name in ("counts", "settings", "feed", "model", "data", "diagnostics", "latency_steps"):
        assert getattr(found, name) == getattr(result, name)
    assert found.processes.equals(result.processes)


def test_nothing_is_overwritten_unasked(result, tmp_path):
    result.save(tmp_path / "out")
    with pytest.raises(UsageError, match="exists already"):
        result.save(tmp_path / "out")
    result.save(tmp_path / "out", force=True)


def test_the_other_kind_of_run_is_told_apart(result, tmp_path):
    result.save(tmp_path / "out")
    with pytest.raises(InputError, match="run of a plain NetX network"):
        RunResult.load(tmp_path / "out")


def test_directories_that_do_not_hold_together(result, tmp_path):
    folder = tmp_path / "out"
    result.save(folder)
    np.save(folder / "outputs.npy", np.zeros((3, 3, 4), dtype=int))
    with pytest.raises(InputError, match=r"found shape \(3, 3, 4\), expected \(2, 3, 4\)"):
        StockResult.load(folder)
    np.save(folder / "outputs.npy", np.zeros((2, 3, 4)))
    with pytest.raises(InputError, match="found float64, expected integers"):
        StockResult.load(folder)
    (folder / "outputs.npy").unlink()
    with pytest.raises(InputError, match=r"outputs.npy: cannot be read"):
        StockResult.load(folder)
    (folder / "run.json").write_text("{}")
    with pytest.raises(InputError, match="not a run record"):
        StockResult.load(folder)
    with pytest.raises(InputError, match="cannot be read"):
        StockResult.load(tmp_path / "nowhere")
