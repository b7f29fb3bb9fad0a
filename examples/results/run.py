"""Measure cells of the results, one after another; what is done already is not repeated.

    python examples/results/run.py --data ../shared/data --folder results
    python examples/results/run.py ... --cells 'pjm-*-ours-*'      # some of them
    python examples/results/run.py ... --list                      # what is done, what is open

A finished cell is a line of ``results.jsonl`` in the folder; an interrupted training continues
from its last epoch. The budget of a cell is stated in `cells.py` as epochs, windows per epoch and
windows per update, the same for every trained model of a task. Settings are chosen by validation
windows; test windows are only ever scored. Integers come from the exported file on the batch
engine, energy from one accounting for all models (profile cmos45).
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from fnmatch import fnmatch
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cells import LAVA, MASKED, NETWORKS, TASKS, TERMS, VARIANTS, Cell, all_cells

from lava_spikyspace import __version__
from lava_spikyspace.datasets import Table, read_table, split_windows
from lava_spikyspace.evaluation import evaluate
from lava_spikyspace.hardware.accounting.baselines import (
    SPIKING_STEPS,
    Baseline,
    Task,
    TransformerShape,
    float_mamba,
    gru,
    ispikformer,
    itransformer,
    linear_map,
)
from lava_spikyspace.hardware.accounting.operations import energy_of
from lava_spikyspace.hardware.accounting.spikyspace import Sizes
from lava_spikyspace.hardware.estimating import estimate
from lava_spikyspace.hardware.profile_files import load_profile
from lava_spikyspace.intervals import prove_ranges, with_ranges
from lava_spikyspace.network import GateLayer, Network, SoftplusLayer
from lava_spikyspace.netx.reader import read_network
from lava_spikyspace.running import run
from netx_export.baselines import networks
from netx_export.baselines.fitting import fit_baseline
from netx_export.batches import WindowData
from netx_export.checkpoint import TrainedModel, load_checkpoint
from netx_export.config import ModelConfig, TrainConfig
from netx_export.exporting import ExportOptions, export
from netx_export.head_start import LinearBaselines
from netx_export.spikyspace import RECORD_NAMES, parameter_count
from netx_export.training import EpochReport, fit
from netx_export.writer import write_network

PROFILE = "cmos45"
LAVA_WINDOWS = 8
LAVA_SECONDS = 7200.0
UJ_PER_MJ = 1000.0


def main() -> None:
    """Measure what the flags ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), metavar="FOLDER")
    parser.add_argument("--folder", type=Path, default=Path("results"))
    parser.add_argument(
        "--cells", default="*", metavar="GLOB", help="names such as pjm-h24-ours-s0"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="show what is done and what is open")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    options.folder.mkdir(parents=True, exist_ok=True)
    for cell in all_cells():
        if not any(fnmatch(cell.key, pattern) for pattern in options.cells.split(",")):
            continue
        done = cell.key in {row["cell"] for row in read_rows(options.folder)}
        if options.list:
            print(f"{'done' if done else 'open'}  {cell.key}")
        elif not done:
            with claimed(options.folder, cell) as mine:
                if mine:
                    append_row(options.folder, measure(cell, options.data, options.folder))


def read_rows(folder: Path) -> list[dict[str, Any]]:
    """Return the finished cells of a folder."""
    path = folder / "results.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def append_row(folder: Path, row: dict[str, Any]) -> None:
    """Add a finished cell; several programs may do so at a time."""
    with (folder / "results.jsonl").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.write(json.dumps(row) + "\n")
    if row["model"] == LAVA:
        found = str({coding: one["equal"] for coding, one in row["codings"].items()})
    else:
        scores = row.get("integers") or row["test"]
        found = f"R2 {scores['all']['r2']:.4f}"
    print(f"{row['cell']}: {found}, {row['seconds']:.0f} s of processor time")


@contextmanager
def claimed(folder: Path, cell: Cell) -> Iterator[bool]:
    """Say whether no other program is at this cell."""
    path = folder / "claims" / cell.key
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def measure(cell: Cell, data: Path, folder: Path) -> dict[str, Any]:
    """Return the finished row of a cell."""
    started = time.process_time()
    task = TASKS[cell.task]
    table = read_table(data / task.file)
    if cell.model in VARIANTS:
        found = _measure_spikyspace(cell, table, folder)
    elif cell.model in NETWORKS:
        found = _measure_network(cell, table)
    elif cell.model in TERMS:
        found = _measure_terms(cell, table, folder)
    elif cell.model == LAVA:
        found = _measure_lava(cell, table, folder)
    elif cell.model == MASKED:
        found = _measure_masked(cell, table, folder)
    else:
        found = _measure_linear(cell, table)
    return {
        "cell": cell.key,
        "task": cell.task,
        "horizon": cell.horizon,
        "model": cell.model,
        "seed": cell.seed,
        **found,
        "data_sha256": table.sha256,
        "version": __version__,
        "torch": torch.__version__,
        "seconds": time.process_time() - started,
    }


def _measure_spikyspace(cell: Cell, table: Table, folder: Path) -> dict[str, Any]:
    config, settings = cell.settings(table.variates)
    phases = cell.phases(table.variates)
    trained = _trained(cell, table, folder, phases)
    origin = trained.provenance
    metrics = origin.metrics or {}
    best = origin.history[origin.best_epoch or 0]
    row = {
        "config": config.model_dump(mode="json", exclude_defaults=True),
        "training": settings.model_dump(mode="json", exclude_defaults=True),
        "budget": _budget(cell, table),
        "float_epochs": sum(before.epochs for _, before in phases[:-1]),
        "epochs_run": len(origin.history),
        "best_epoch": origin.best_epoch,
        "valid_r2": metrics["valid_r2"],
        "test": metrics["test"],
        "scan_ablated": metrics["scan_ablated"],
        "parameters": parameter_count(trained.model),
    }
    if not config.quantised:
        sizes = Sizes(
            window=config.window,
            horizon=config.horizon,
            channels=config.d_model,
            layers=config.layers,
            d_inner=config.inner_channels,
            d_state=config.d_state,
            dt_rank=config.step_rank,
            taps=config.d_conv,
        )
        return {**row, "energy_uj": _energy(float_mamba(sizes))}
    row["firing_rate"] = best["firing_rate"]
    if config.activations == "exact":
        return row
    return {**row, **_deploy(cell, table, trained, folder)}


def _trained(
    cell: Cell,
    table: Table,
    folder: Path,
    phases: list[tuple[ModelConfig, TrainConfig]],
    suffix: str = "",
) -> TrainedModel:
    """Train a cell, or continue where its checkpoints are; phases start from the one before."""
    *before, (config, settings) = phases
    initial = _trained(cell, table, folder, before, f"-phase{len(before)}") if before else None
    path = folder / "checkpoints" / f"{cell.key}{suffix}.pt"
    path.parent.mkdir(parents=True, exist_ok=True)

    def tell(report: EpochReport) -> None:
        print(
            f"{path.stem} epoch {report.epoch + 1}/{settings.epochs} valid {report.valid_r2:.5f} "
            f"firing {report.firing_rate:.3f} scan {report.scan_contribution:.4f}",
            flush=True,
        )

    split = TASKS[cell.task].split
    fit(
        table, config, settings, split=split, initial=initial, checkpoint=path,
        resume=path.exists(), on_epoch=tell,
    )  # fmt: skip
    return load_checkpoint(path)


def _deploy(cell: Cell, table: Table, trained: Any, folder: Path) -> dict[str, Any]:  # noqa: ANN401
    """Export, score the integers on the test windows, count spikes and energy."""
    model, run = folder / "models" / f"{cell.key}.net", folder / "runs" / cell.key
    for path in (model, run):
        path.parent.mkdir(parents=True, exist_ok=True)
    exported = export(trained, table, ExportOptions())
    write_network(exported.network, model, force=True)
    shutil.rmtree(run, ignore_errors=True)
    scored = evaluate(model, table, split=TASKS[cell.task].split, clip_input=True, out=run)
    result = scored.to_dict()
    rates = firing_rates(result["processes"])
    rows = estimate(model, PROFILE, activity=run).to_dict()["model_task"]
    ours = next(r for r in rows if r["name"] == "this model" and r["accounting"] == "complete")
    return {
        "integers": result["metrics"],
        "clipped_inputs": scored.clipped_inputs,
        "firing_rate": float(np.mean(list(rates.values()))),
        "firing_rates": rates,
        "agreement": asdict(exported.agreement),
        "energy_uj": ours["total_mj"] * UJ_PER_MJ,
    }


def firing_rates(processes: list[dict[str, Any]]) -> dict[str, float]:
    """Return the firing rates of encoders and of both rows of the scans, by process."""
    return {
        process["name"]: process["firing_rate"]
        for process in processes
        if process.get("firing_rate") is not None
    }


def _measure_network(cell: Cell, table: Table) -> dict[str, Any]:
    config, settings = cell.settings(table.variates)
    task = TASKS[cell.task]
    ours = parameter_count_of(config)
    width, parameters = networks.sized(cell.model, table.variates, task.window, cell.horizon, ours)
    # Transformers are used with instance normalisation; the GRU sees levels.
    normalisation = "fixed" if cell.model == "gru" else "instance"
    config = config.model_copy(update={"normalisation": normalisation})
    settings = settings.model_copy(update={"learning_rate": 3e-3 if cell.model == "gru" else 1e-3})
    data = WindowData.prepare(table, config, task.split)
    fitted = fit_baseline(networks.NETWORKS[cell.model], width, data, settings)
    shape = TransformerShape(width, 4 * width, networks.BLOCKS)
    sizes = Task(task.window, cell.horizon, table.variates)
    row: dict[str, Any] = {
        "width": width,
        "parameters": parameters,
        "training": settings.model_dump(mode="json", exclude_defaults=True),
        "budget": _budget(cell, table),
        "best_epoch": fitted.best_epoch,
        "valid_r2": fitted.valid_r2,
        "test": fitted.test,
    }
    if isinstance(fitted.network, networks.ISpikformer):
        rate = fitted.network.firing_rate()
        spikes = Fraction(rate * SPIKING_STEPS)
        return {
            **row,
            "firing_rate": rate,
            "energy_uj": _energy(ispikformer(sizes, spikes, shape)),
        }
    counted = gru(sizes, width) if cell.model == "gru" else itransformer(sizes, shape)
    return {**row, "energy_uj": _energy(counted)}


def _measure_terms(cell: Cell, table: Table, folder: Path) -> dict[str, Any]:
    """Score the file of `ours` with another number of terms, and count the codes that change."""
    network = _file_of_ours(cell, folder)
    layers = tuple(
        replace(layer, exp2_terms=TERMS[cell.model])
        if isinstance(layer, GateLayer | SoftplusLayer)
        else layer
        for layer in network.layers
    )
    changed = replace(network, layers=layers, golden=None)
    changed = with_ranges(changed, prove_ranges(changed))
    split = TASKS[cell.task].split
    scored = evaluate(changed, table, split=split, clip_input=True).to_dict()
    test = split_windows(table.rows, network.window, cell.horizon, split).test
    windows = f"{test.start}:{test.stop}"
    one, other = (
        run(n, table, backend="batch", windows=windows, clip_input=True, record=True).records
        for n in (network, changed)
    )
    # What is not a code (gate, residual) has other last bits with every number of terms.
    codes = [name for name in one if name.split(".", 2)[-1] in RECORD_NAMES.values()]
    equal = sum(int((one[name] == other[name]).sum()) for name in codes)
    return {
        "integers": scored["metrics"],
        "equal_codes": equal / sum(one[name].size for name in codes),
        "own_terms": sorted(
            {layer.exp2_terms for layer in network if isinstance(layer, GateLayer | SoftplusLayer)}
        ),
    }


def _measure_lava(cell: Cell, table: Table, folder: Path) -> dict[str, Any]:
    """Compare forecasts and all codes of the last test windows on Lava and on the batch engine."""
    network = _file_of_ours(cell, folder)
    split = TASKS[cell.task].split
    stop = split_windows(table.rows, network.window, cell.horizon, split).test.stop
    part = f"{stop - LAVA_WINDOWS}:{stop}"
    batch = run(network, table, backend="batch", windows=part, clip_input=True, record=True)
    codings: dict[str, Any] = {}
    for coding in ("graded", "unary"):
        lava = run(
            network, table, backend="sim", coding=coding, windows=part, clip_input=True,
            record=True, timeout_s=LAVA_SECONDS,
        )  # fmt: skip
        codings[coding] = {
            "equal": np.array_equal(lava.forecasts, batch.forecasts)
            and lava.records.keys() == batch.records.keys()
            and all(
                np.array_equal(lava.records[name], batch.records[name]) for name in batch.records
            ),
            "records": len(batch.records),
            "time_steps": lava.time_steps,
        }
    return {"windows": LAVA_WINDOWS, "codings": codings}


def _measure_masked(cell: Cell, table: Table, folder: Path) -> dict[str, Any]:
    """Score ours and the linear forecasts without missing targets."""
    task = TASKS[cell.task]
    network = _file_of_ours(cell, folder)
    scored = evaluate(
        network, table, split=task.split, clip_input=True, missing_value=task.missing
    ).to_dict()["masked"]
    return {"test": scored.pop("metrics"), **scored}


def _file_of_ours(cell: Cell, folder: Path) -> Network:
    ours = replace(cell, model="ours")
    path = folder / "models" / f"{ours.key}.net"
    if not path.exists():
        raise SystemExit(f"{cell.key} needs the cell {ours.key} first")
    return read_network(path)


def _measure_linear(cell: Cell, table: Table) -> dict[str, Any]:
    config, _ = cell.settings(table.variates)
    data = WindowData.prepare(table, config, TASKS[cell.task].split)
    test = data.split.test
    if cell.model == "persistence":
        return {
            "test": data.score_persistence(test).summary(),
            "parameters": 0,
            "energy_uj": 0.0,
        }
    baselines = LinearBaselines.of(data)
    counted = linear_map(Task(config.window, config.horizon, config.d_model))
    return {
        "test": data.score_values(baselines.ridge_model.predict, test).summary(),
        "valid_r2": data.score_values(baselines.ridge_model.predict, data.split.valid).r2(),
        "parameters": counted.parameters,
        "energy_uj": _energy(counted),
    }


def parameter_count_of(config: Any) -> int:  # noqa: ANN401
    """Return the number of trained values of a SpikySpace model."""
    from netx_export.spikyspace import SpikySpace

    return parameter_count(SpikySpace(config))


def _energy(model: Baseline) -> float:
    return float(energy_of(model.counts, load_profile(PROFILE).operations).total) * UJ_PER_MJ


def _budget(cell: Cell, table: Table) -> dict[str, int]:
    config, settings = cell.settings(table.variates)
    data = WindowData.prepare(table, config, TASKS[cell.task].split)
    windows = min(len(data.split.train), settings.epoch_windows or len(data.split.train))
    return {
        "epochs": settings.epochs,
        "windows_per_epoch": windows,
        "batch_size": settings.batch_size,
    }


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
