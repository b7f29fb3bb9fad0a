"""Follow one trained model from floats to spikes, and show what every stage gives.

    python examples/ann_to_snn.py model.pt --data speeds.csv --float float.pt
    python examples/ann_to_snn.py float.pt --data speeds.csv      # trained with quantised = false
    python examples/ann_to_snn.py model.pt --data speeds.csv --widths

A float checkpoint gets codes by training with quantisers from its parameters on, by default for as
long as it was trained itself; a quantised one has them. The stages, on the test windows:

float
    No quantiser, no int8, no rounding of the decay: the float checkpoint, or that of ``--float``.
codes, untrained
    The parameters of the float checkpoint with quantisers set by the first training windows.
quantised
    Trained with quantisers: float32, every code made by one.
frozen
    Float64, zero-points fixed, weights as the file holds them: the reference of the integers.
integers
    The exported file on the batch engine.
Lava, unary and graded
    The same file as Lava processes, on the last ``--windows`` test windows; both must equal the
    integers bit for bit. A code q is q spikes in T = 2**b - 1 time steps, or one graded spike.

Then the paper's scaling. An integrate-and-fire neuron that is to send q spikes in T steps gets
threshold and weights times T. Read so, both scaled, nothing changes, since every comparison has
the same factor on both sides; read as the threshold alone, a neuron needs T times the input, and
fires more rarely. Both readings are measured on the integers.

With ``--widths``, codes of 1 to 4 bits (T = 1, 3, 7, 15) are trained with the checkpoint's own
settings and put in one table; an interrupted run continues.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lava_spikyspace.datasets import (
    Table,
    forecast_metrics,
    input_windows,
    read_table,
    split_windows,
    target_windows,
)
from lava_spikyspace.intervals import prove_ranges, with_ranges
from lava_spikyspace.network import (
    ConvLayer,
    EncoderLayer,
    GateLayer,
    Layer,
    Network,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.results import RunResult
from lava_spikyspace.running import run
from netx_export.activity import count_codes
from netx_export.batches import WindowData
from netx_export.checkpoint import TrainedModel, load_checkpoint
from netx_export.config import ModelConfig, TrainConfig
from netx_export.exporting import ExportOptions, ExportResult, export
from netx_export.frozen import FrozenTrace
from netx_export.training import fit

CODES = ("c", "s", "delta", "delta1", "x", "y")
"""Quantisers that send spikes."""


@dataclass(frozen=True)
class Stage:
    """One row of the table.

    Parameters
    ----------
    name : str
        Of the stage.
    windows : int
        How many were scored.
    r2 : float
        On them.
    firing_rate : float or None
        Unweighted mean over encoders and both rows of the scans.
    steps : int or None
        Time steps of one window.
    note : str
        What it was compared with.
    """

    name: str
    windows: int
    r2: float
    firing_rate: float | None = None
    steps: int | None = None
    note: str = ""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the table it was trained on")
    parser.add_argument("--float", type=Path, help="a float checkpoint to stand beside")
    parser.add_argument("--epochs", type=int, help="epochs in which a float model learns codes")
    parser.add_argument("--windows", type=int, default=8, help="windows on Lava")
    parser.add_argument("--widths", action="store_true", help="train codes of 1 to 4 bits as well")
    parser.add_argument(
        "--folder", type=Path, default=Path("spiking"), help="for checkpoints made here"
    )
    options = parser.parse_args()
    table = read_table(options.data)
    trained = load_checkpoint(options.checkpoint)
    twin = None if options.float is None else load_checkpoint(options.float)
    if not trained.config.quantised:
        twin = trained
        trained = quantise(twin, table, options.folder, options.epochs)
    made = export(trained, table, ExportOptions())
    network = made.network
    print_stages("From floats to spikes", stages(trained, twin, made, table, options.windows))
    print_stages("The paper's scaling by T", scalings(trained, network, table))
    if options.widths:
        print_stages("Time steps", widths(trained, twin, table, options.folder))


def quantise(twin: TrainedModel, table: Table, folder: Path, epochs: int | None) -> TrainedModel:
    """Train a float model on, with quantisers."""
    config, settings = with_codes(twin.config), settings_of(twin)
    if epochs is not None:
        settings = settings.model_copy(update={"epochs": epochs})
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "from-float.pt"
    return fit(
        table, config, settings, split=split_of(twin), initial=twin, checkpoint=path,
        resume=path.exists(),
    )  # fmt: skip


def with_codes(config: ModelConfig) -> ModelConfig:
    """Return the settings of the same model with quantisers."""
    return config.model_copy(update={"quantised": True})


def settings_of(trained: TrainedModel) -> TrainConfig:
    """Return how a checkpoint was trained."""
    if trained.provenance.training is None:
        raise SystemExit("the checkpoint does not say how it was trained")
    return trained.provenance.training


def stages(
    trained: TrainedModel,
    twin: TrainedModel | None,
    made: ExportResult,
    table: Table,
    lava_windows: int,
) -> Iterator[Stage]:
    """Yield the stages of a model."""
    network = made.network
    test = test_part(trained, table)
    data = WindowData.prepare(table, trained.config, split_of(trained))
    if twin is not None:
        yield Stage("float", len(test), data.score(twin.model, test).r2())
        untrained = settings_of(twin).model_copy(update={"epochs": 1, "learning_rate": 1e-12})
        coded = fit(table, with_codes(twin.config), untrained, split=split_of(twin), initial=twin)
        with count_codes(coded.model) as counters:
            r2 = data.score(coded.model, test).r2()
        rates = [counter.activity().firing_rate for counter in counters.values()]
        yield Stage("codes, untrained", len(test), r2, float(np.mean(rates)))
    with count_codes(trained.model) as counters:
        r2 = data.score(trained.model, test).r2()
    rates = [counter.activity().firing_rate for counter in counters.values()]
    yield Stage("quantised", len(test), r2, float(np.mean(rates)))
    raw = input_windows(table.values, network.window, test)
    scale = trained.scale_of(raw)
    traces: list[FrozenTrace] = []
    frozen = made.frozen.run_chunks(scale.normalise(raw), visit=traces.append)
    forecast = scale.denormalise(frozen)
    rate = frozen_rate(traces, network)
    yield Stage("frozen", len(test), score(table, network, test, forecast), rate)
    whole = run_on(network, table, test, "batch")
    distance = float(np.linalg.norm(whole.forecasts - forecast) / np.linalg.norm(forecast))
    yield Stage(
        "integers",
        len(test),
        score(table, network, test, whole.forecasts),
        firing_rate(whole),
        note=f"{distance:.1e} from the frozen model (relative L2)",
    )
    last = test[-lava_windows:]
    for coding in ("unary", "graded"):
        found = run_on(network, table, last, "sim", coding)
        same = np.array_equal(found.forecasts, whole.forecasts[-len(last) :])
        yield Stage(
            f"Lava, {coding}",
            len(last),
            score(table, network, last, found.forecasts),
            firing_rate(found),
            network.window * found.frame_steps,
            "equal to the integers" if same else "NOT EQUAL to the integers",
        )


def scalings(trained: TrainedModel, network: Network, table: Table) -> Iterator[Stage]:
    """Yield both readings of the scaled thresholds."""
    test = test_part(trained, table)
    before = run_on(network, table, test, "batch")
    frame = max(before.frame_steps, (1 << trained.config.bits.c) - 1)
    for name, weights in (("neither", False), ("both", True), ("the threshold alone", False)):
        factor = 1 if name == "neither" else frame
        found = run_on(scaled(network, factor, weights=weights), table, test, "batch")
        same = np.array_equal(found.forecasts, before.forecasts)
        yield Stage(
            f"{name} scaled by {factor}",
            len(test),
            score(table, network, test, found.forecasts),
            firing_rate(found),
            note="the same forecasts" if same else "other forecasts",
        )


def scaled(network: Network, factor: int, *, weights: bool) -> Network:
    """Return a network whose encoders of spikes have thresholds, and weights, times a factor."""

    def change(layer: Layer) -> Layer:
        if isinstance(layer, GateLayer | SoftplusLayer):
            return layer  # their codes are not sent as spikes
        if isinstance(layer, ScanLayer):
            # Its comparators read what the state and C make: no weights of their own to scale.
            if weights:
                return layer
            theta = {"theta": layer.theta * factor, "theta_state": layer.theta_state * factor}
            return replace(layer, **theta)
        if isinstance(layer, EncoderLayer | ConvLayer):
            made = replace(layer, theta=layer.theta * factor)
            wide = layer.weight.astype(np.int64) * factor
            return replace(made, weight=wide) if weights else made
        return layer

    made = replace(network, layers=tuple(change(x) for x in network.layers), golden=None)
    return with_ranges(made, prove_ranges(made))  # those of the file are of other thresholds


def widths(
    trained: TrainedModel, twin: TrainedModel | None, table: Table, folder: Path
) -> Iterator[Stage]:
    """Train, export and score codes of 1 to 4 bits."""
    settings = settings_of(trained)
    copies = settings.targets == "initial"
    if copies and twin is None:
        raise SystemExit("the checkpoint learned the forecasts of another one: name it by --float")
    folder.mkdir(parents=True, exist_ok=True)
    for bits in (1, 2, 3, 4):
        codes = trained.config.bits.model_copy(update=dict.fromkeys(CODES, bits))
        config = trained.config.model_copy(update={"bits": codes})
        path = folder / f"{bits}-bit.pt"
        other = fit(
            table, config, settings, split=split_of(trained), initial=twin if copies else None,
            checkpoint=path, resume=path.exists(),
        )  # fmt: skip
        network = export(other, table, ExportOptions()).network
        test = test_part(other, table)
        found = run_on(network, table, test, "batch", "unary")
        yield Stage(
            f"{bits} bit, T = {(1 << bits) - 1}",
            len(test),
            score(table, network, test, found.forecasts),
            firing_rate(found),
            network.window * found.frame_steps,
        )


def split_of(trained: TrainedModel) -> tuple[float, float, float]:
    """Return the shares that the checkpoint was trained with."""
    return trained.provenance.split or (0.7, 0.2, 0.1)


def test_part(trained: TrainedModel, table: Table) -> range:
    """Return the test windows."""
    config = trained.config
    return split_windows(table.rows, config.window, config.horizon, split_of(trained)).test


def run_on(
    network: Network, table: Table, part: range, backend: str, coding: str = "graded"
) -> RunResult:
    """Run some windows of a table."""
    windows = f"{part.start}:{part.stop}"
    return run(network, table, backend=backend, coding=coding, windows=windows, clip_input=True)


def score(table: Table, network: Network, part: range, forecast: NDArray[np.float64]) -> float:
    """Return R2 of forecasts in units of the table."""
    target = target_windows(table.values, network.window, network.horizon, part)
    return float(forecast_metrics(target, forecast)["all"]["r2"])


def firing_rate(result: RunResult) -> float:
    """Return the unweighted mean over encoders and both rows of the scans."""
    return float(result.processes["firing_rate"].dropna().mean())


def frozen_rate(traces: list[FrozenTrace], network: Network) -> float:
    """Return the firing rate of the frozen model's codes."""
    rates = []
    for layer in network.layers:
        if isinstance(layer, ScanLayer):
            names = {layer.name: layer.bits, f"{layer.name}.state": layer.state_bits}
        elif isinstance(layer, EncoderLayer | ConvLayer) and not isinstance(layer, GateLayer):
            names = {layer.name: layer.bits}
        else:
            continue
        for name, bits in names.items():
            codes = np.concatenate([np.abs(trace.records[name]).ravel() for trace in traces])
            rates.append(codes.mean() / ((1 << (bits or 1)) - 1))
    return float(np.mean(rates))


def print_stages(title: str, rows: Iterator[Stage]) -> None:
    """Print a table, row by row as they come."""
    print(f"\n{title}\n")
    print(f"{'':30} {'windows':>8} {'R2':>8} {'firing':>8} {'steps':>8}")
    for row in rows:
        rate = "" if row.firing_rate is None else f"{row.firing_rate:.1%}"
        steps = "" if row.steps is None else str(row.steps)
        print(f"{row.name:30} {row.windows:8} {row.r2:8.4f} {rate:>8} {steps:>8}  {row.note}")


if __name__ == "__main__":
    main()
