"""The example scripts run as their headers say, and what they print is so."""

import importlib.util
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import lava_spikyspace as lss
from lava_spikyspace.cli.app import main

FOLDER = Path(__file__).parents[2] / "examples"

NEEDS = {
    "quick_start": "",
    "own_data": "torch",
    "published_checkpoint": "torch",
    "find_divergence": "torch",
    "fit_and_energy": "",
    "new_process": "lava.magma",
    "fixed_point_s4d": "lava.magma",
    "neuron_engines": "torch",
}
"""Scripts that run here, and the package that each needs."""

ELSEWHERE = {
    "train_demo": "makes the bundled model, which every test of the demo runs on; takes minutes",
    "training_step": "a measurement of speed; what it times is tested in tests/netx_export",
    "ann_to_snn": "follows a trained model; tested below, slowly",
    "smoothed_graph": "a module of new_process",
}


def is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture
def run_example(monkeypatch, tmp_path, capsys) -> Callable[..., str]:
    """Run a script as `python examples/NAME.py` does, in an empty folder; return what it prints."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(FOLDER))

    def run(name: str, *arguments: object) -> str:
        needed = NEEDS.get(name)
        if needed and not is_installed(needed):
            pytest.skip(f"examples/{name}.py needs {needed}, which is not installed")
        path = FOLDER / f"{name}.py"
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_every_script_is_run_or_says_why_not():
    scripts = {path.stem for path in FOLDER.glob("*.py")}
    assert scripts == {*NEEDS, *ELSEWHERE}


@pytest.mark.parametrize("name", NEEDS)
def test_the_header_says_how_to_run_it_and_what_it_shows_and_prints(name):
    text = (FOLDER / f"{name}.py").read_text()
    header = text.split('"""')[1]
    assert f"    python examples/{name}.py" in header
    assert "\nShows: " in header
    assert "\nPrints: " in header


def test_quick_start(run_example, tmp_path):
    printed = run_example("quick_start")
    backend = "sim" if is_installed("lava.magma") else "batch"
    assert printed.startswith(f"{backend}: window ")
    result = lss.run(backend="batch", windows="-14:-6")
    assert np.isfinite(result.actual).all()
    for step, value in enumerate(result.forecasts[-1, :, 0]):
        assert f"+{step + 1}  forecast {value:7.3f}" in printed
    assert "SelectiveScan" in printed
    assert (tmp_path / "quick-start" / "raster.png").stat().st_size > 5000
    assert (tmp_path / "quick-start" / "forecast.png").stat().st_size > 5000


def test_own_data(run_example, tmp_path):
    printed = run_example("own_data", "--epochs", 1)
    assert "speeds.csv: 960 rows of 6 variates" in printed
    for name in ("model", "persistence", "ridge"):
        assert re.search(rf"R2 on 94 test windows, {name}: ", printed)
    assert lss.verify(tmp_path / "own-data" / "model.net", backend="batch").ok


@pytest.mark.slow
def test_own_data_from_a_table(run_example, tmp_path):
    rng = np.random.default_rng(3)
    values = 50 + np.cumsum(rng.normal(size=(260, 3)), axis=0)
    np.savetxt(tmp_path / "t.csv", values, delimiter=",", header="a,b,c", comments="")
    printed = run_example("own_data", "t.csv", "--window", 6, "--horizon", 2, "--epochs", 1)
    assert "t.csv: 260 rows of 3 variates" in printed
    model = lss.load(tmp_path / "own-data" / "model.net")
    assert (model.window, model.horizon, model.variates) == (6, 2, ("a", "b", "c"))


def test_published_checkpoint(run_example):
    printed = run_example("published_checkpoint")
    assert "2 blocks, 6 variates, 1 inner channels, 8 states each" in printed
    assert "blocks.0.conv: zero-point " in printed
    assert "golden windows replayed" in printed


@pytest.mark.slow
def test_published_checkpoint_from_files(run_example, tmp_path):
    printed = run_example("published_checkpoint")
    assert (tmp_path / "published/published.pt").exists()
    made = ("published/published.pt", "published/model.json")  # the example names what it reads
    again = run_example("published_checkpoint", *made, "--folder", "again")
    assert again.splitlines()[:-1] == printed.splitlines()[:-1]


def test_find_divergence(run_example):
    printed = run_example("find_divergence")
    sound, damaged = printed.split("Thresholds of blocks.0.conv, channel ")
    channel = int(damaged.split(",")[0])
    assert "no code differs" in sound
    found = re.search(r"first divergence: (\S+), window \d+, element \d+, channel (\d+)", damaged)
    assert found.groups() == ("blocks.0.conv", str(channel))


def test_fit_and_energy(run_example):
    printed = run_example("fit_and_energy")
    assert "of 120 cores" in printed
    for coding in ("graded", "unary"):
        assert f"\n{coding}, one forecast" in printed
    nominal = [float(text) for text in re.findall(r"energy [\d.]+, ([\d.]+), [\d.]+ µJ", printed)]
    assert len(nominal) == 2
    assert nominal[1] > nominal[0] > 0
    assert "Assumptions:" in printed


def test_fixed_point_s4d(run_example):
    printed = run_example("fixed_point_s4d", "--steps", 40)
    assert "'state': '24 bits'" in printed
    assert float(re.search(r"error (\S+) of", printed)[1]) < 1e-3


def test_neuron_engines(run_example):
    flags = ("--lengths", 64, "--batches", 1, 2, "--repeat", 1, "--channels", 4)
    rows = run_example("neuron_engines", *flags).splitlines()[1:]
    assert [row.split()[:3] for row in rows] == [["64", "1", "4"], ["64", "2", "4"]]


@pytest.mark.parametrize("coding", ["graded", "unary"])
def test_new_process(run_example, coding):
    printed = run_example("new_process", "--coding", coding, "--windows", 2)
    assert "the smoother changed " in printed
    assert "equal to the batch engine, bit for bit" in printed
    errors = [float(text) for text in re.findall(r"the smoother: ([\d.]+)", printed)]
    assert errors[1] < errors[0]


def test_a_new_process_that_does_nothing_changes_nothing(run_example):
    printed = run_example("new_process", "--shift", 0, "--windows", 1)
    assert "the smoother changed 0 of 384 values" in printed
    errors = re.findall(r"the smoother: ([\d.]+)", printed)
    assert errors[0] == errors[1]


@pytest.mark.slow
def test_new_process_on_lavas_own_runtime(run_example):
    printed = run_example("new_process", "--runtime", "multiprocessing", "--windows", 1)
    assert "equal to the batch engine, bit for bit" in printed


@pytest.mark.slow
def test_ann_to_snn(run_example, tmp_path):
    run_example("own_data", "--epochs", 1)
    made = tmp_path / "own-data"
    printed = run_example(
        "ann_to_snn", made / "model.pt", "--data", made / "speeds.csv", "--windows", 1
    )
    assert printed.count("equal to the integers") == 2
    assert "NOT EQUAL" not in printed
    assert "both scaled by 3" in printed


@pytest.mark.slow
def test_ann_to_snn_trains_the_widths_of_a_copy_as_it_was_trained(run_example, tmp_path):
    from netx_export.checkpoint import load_checkpoint

    run_example("own_data", "--epochs", 1)
    data, copy, twin = tmp_path / "own-data/speeds.csv", tmp_path / "copy.pt", tmp_path / "float.pt"
    flags = ["train", "--data", str(data), "--window", "6", "--horizon", "2", "--epochs", "1"]
    (tmp_path / "float.toml").write_text("[model]\nquantised = false\n")
    assert main([*flags, "--config", str(tmp_path / "float.toml"), "-o", str(twin)]) == 0
    assert main([*flags, "--init", str(twin), "--targets", "initial", "-o", str(copy)]) == 0
    call = ("ann_to_snn", copy, "--data", data, "--windows", 1, "--widths")
    with pytest.raises(SystemExit, match="name it by --float"):
        run_example(*call)
    assert "4 bit, T = 15" in run_example(*call, "--float", twin)
    made = load_checkpoint(tmp_path / "spiking/4-bit.pt").provenance
    assert made.initial_sha256 == load_checkpoint(twin).provenance.sha256
