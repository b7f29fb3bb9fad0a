"""The results script: every cell has settings, rows are resumed, tables say who wins."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lava_spikyspace.datasets import Table

FOLDER = Path(__file__).parents[2] / "examples" / "results"
STORED = FOLDER / "results.jsonl"


@pytest.fixture
def script(monkeypatch):
    """Return a function that imports a module of the script."""
    monkeypatch.syspath_prepend(str(FOLDER))
    names = ("cells", "run", "tables")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield lambda name: __import__(name)
    for name in names:
        sys.modules.pop(name, None)


def _row(model, r2, **changes):
    scores = {"r2": r2, "rrse": 0.4, "mae": 1.0, "r2_per_variate": 0.5}
    return {
        "cell": f"pjm-h24-{model}-s{changes.get('seed', 0)}",
        "task": "pjm",
        "horizon": 24,
        "model": model,
        "seed": 0,
        "test": {"all": scores},
        "scan_ablated": {"all": {**scores, "r2": r2 - 0.1}},
        "valid_r2": r2,
        "parameters": 1000,
        "energy_uj": 1.5,
        **changes,
    }


def test_every_cell_has_a_name_of_its_own_and_settings_that_hold(script):
    cells = list(script("cells").all_cells())
    assert len({cell.key for cell in cells}) == len(cells)
    for cell in cells:
        model, training = cell.settings(variates=10)
        assert (model.horizon, training.seed) == (cell.horizon, cell.seed)


def test_every_trained_model_of_a_task_has_the_same_budget(script):
    module = script("cells")
    budgets = {}
    for cell in module.all_cells():
        _, training = cell.settings(variates=10)
        budget = (training.epochs, training.epoch_windows, training.batch_size)
        assert budgets.setdefault(cell.task, budget) == budget


def test_epochs_without_codes_are_part_of_the_budget(script, tmp_path, monkeypatch):
    cells, run = script("cells"), script("run")
    task = replace(
        cells.TASKS["hangzhou"],
        window=6,
        model={"layers": 1, "d_inner": 3, "d_state": 2, "channel_steps": True},
        training={"epochs": 3, "epoch_windows": 8, "batch_size": 4},
        float_epochs=2,
    )
    monkeypatch.setitem(cells.TASKS, "hangzhou", task)
    codes, floats = (cells.Cell("hangzhou", 3, model) for model in ("ours", "float"))
    assert [t.epochs for _, t in floats.phases(4)] == [3]
    assert [(m.quantised, t.epochs) for m, t in codes.phases(4)] == [(False, 2), (True, 1)]
    assert [t.targets for _, t in codes.phases(4)] == ["data", "initial"]
    values = np.random.default_rng(0).normal(size=(80, 4)).cumsum(axis=0)
    table = Table(values, tuple("abcd"), None, Path("t.csv"), sha256="0" * 64)
    trained = run._trained(codes, table, tmp_path, codes.phases(4))
    made = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert made == [f"{codes.key}-phase1.pt", f"{codes.key}.pt"]
    assert trained.provenance.initial_sha256 is not None
    again = run._trained(codes, table, tmp_path, codes.phases(4))
    assert again.provenance == trained.provenance


def test_tables_give_means_and_say_where_we_lose(script):
    tables = script("tables")
    integers = [
        {"all": {"r2": r2, "rrse": 0.4, "mae": 1.0, "r2_per_variate": 0.5}} for r2 in (0.7, 0.8)
    ]
    rows = [
        _row("ours", 0.6, seed=seed, integers=scores, firing_rate=0.2)
        for seed, scores in enumerate(integers)
    ]
    codings = {"graded": {"equal": True}, "unary": {"equal": True}}
    lava = {**_row("lava", 0.0), "windows": 8, "codings": codings}
    made = tables.full([*rows, _row("gru", 0.77), _row("ridge", 0.5), lava])
    assert "| SpikySpace, ours | 0.7500 ± 0.0500 |" in made
    assert "**We lose here** to GRU." in made
    assert "A lower MAE" not in made
    near = {"r2": 0.5, "rrse": 0.5, "mae": 0.5, "r2_per_variate": 0.5}
    nearer = tables.full([*rows, _row("gru", 0.5, test={"all": near})])
    assert "No other model has a higher R2 here. A lower MAE: GRU." in nearer
    assert "| 0.4000 ± 0.0000 | 8 |" in made
    codings["unary"]["equal"] = False
    assert "| 0.4000 ± 0.0000 | 0 |" in tables.full([*rows, lava])
    assert "PJM load, 10 zones, +24 | 0.750 ± 0.050 |" in tables.short([*rows])


def test_scores_without_missing_targets_are_a_table(script):
    tables = script("tables")
    linear = {"persistence": {"all": {"r2": 0.25}}, "ridge": {"all": {"r2": 0.5}}}
    row = {**_row("masked", 0.75), "left_out": 1234, "baselines": linear}
    assert "| 1,234 | 0.7500 | 0.2500 | 0.5000 |" in tables.full([row])


def test_the_time_steps_of_codes_are_a_table(script):
    tables = script("tables")
    place = {"task": "metr_la_week", "horizon": 3}
    rows = [
        {**_row(model, r2, firing_rate=rate), **place, "cell": model}
        for model, r2, rate in (("ours", 0.6, 0.2), ("bits-1", 0.5, 0.3), ("bits-4", 0.7, 0.1))
    ]
    made = tables.full(rows)
    assert "| 1 | 1 | 0.5000 | 30.0 % | 0.30 | 1.5 |" in made
    assert "| 15 | 4 | 0.7000 | 10.0 % | 1.50 | 1.5 |" in made


def test_tables_stand_between_their_markers(script, tmp_path, monkeypatch):
    tables = script("tables")
    results, page = tmp_path / "results.jsonl", tmp_path / "page.md"
    rows = [_row("ours", 0.6, firing_rate=0.2), _row("ridge", 0.5)]
    results.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page.write_text("before\n<!-- results: short -->\nold\n<!-- end of results -->\nafter\n")
    monkeypatch.setattr(sys, "argv", ["tables.py", str(results), "--write", str(page)])
    tables.main()
    once = page.read_text()
    assert "old" not in once
    assert "| 0.600 |" in once
    assert once.startswith("before\n")
    assert once.endswith("<!-- end of results -->\nafter\n")
    tables.main()
    assert page.read_text() == once


def test_a_cell_is_measured_once_and_stored(script, tmp_path, monkeypatch):
    run = script("run")
    table = tmp_path / "metr_la_week_207.npz"
    values = np.random.default_rng(0).normal(size=(80, 4)).cumsum(axis=0).astype(np.float32)
    names = np.array([f"s{i}" for i in range(4)])
    np.savez(table, values=values, names=names, timestamps=np.arange(80))
    flags = ["--data", str(tmp_path), "--folder", str(tmp_path / "out")]
    flags += ["--cells", "metr_la_week-h3-persistence-s0,metr_la_week-h3-ridge-s0"]
    monkeypatch.setattr(sys, "argv", ["run.py", *flags])
    run.main()
    stored = (tmp_path / "out" / "results.jsonl").read_text()
    assert [json.loads(line)["model"] for line in stored.splitlines()] == ["persistence", "ridge"]
    run.main()
    assert (tmp_path / "out" / "results.jsonl").read_text() == stored


def test_the_stored_results_make_tables(script):
    tables = script("tables")
    rows = [json.loads(line) for line in STORED.read_text().splitlines()]
    assert len({row["cell"] for row in rows}) == len(rows)
    assert "METR-LA, one week" in tables.full(rows)
