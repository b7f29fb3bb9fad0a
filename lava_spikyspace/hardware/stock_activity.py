"""Counts of a plain NetX network: of a run, or at a stated rate."""

from __future__ import annotations

from pathlib import Path

from lava_spikyspace.errors import InputError, UsageError
from lava_spikyspace.hardware.work import Work, spread_evenly
from lava_spikyspace.inputs import FileReference
from lava_spikyspace.network import Interval
from lava_spikyspace.netx.stock.selection import Settings, select_layers
from lava_spikyspace.plan import MESSAGE
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.stock.counts import Sent, count_stock
from lava_spikyspace.stock.plan import StockPlan, make_stock_plan
from lava_spikyspace.stock.results import StockResult
from lava_spikyspace.stock.running import StockSource, load_stock


def stock_run_work(
    model: StockSource | None, directory: str | Path
) -> tuple[Work, FileReference | None]:
    """Return the counts of a run directory of a plain network, and the model file.

    Parameters
    ----------
    model : StockNetwork, str, Path or None
        The network of the run; by default the file that the run names.
    directory : str or Path
        What ``run --out`` has written.

    Raises
    ------
    InputError
        The directory cannot be read, or is of another model.
    """
    result = StockResult.load(directory)
    if model is None:
        if result.model is None:
            raise InputError(
                f"{directory}: found a run without a model file", hint="give the model"
            )
        model = result.model.path
    network, file, _ = load_stock(model)
    if file is not None and result.model is not None and file.sha256 != result.model.sha256:
        raise InputError(
            f"{directory}: found a run of {result.model.path} ({result.model.sha256[:12]}…), "
            f"expected one of {file.path} ({file.sha256[:12]}…)",
            hint="run the model anew with --out",
        )
    plan = make_stock_plan(select_layers(network, result.settings))
    counts = {row.name: row for row in result.counts}
    expected = {process.name: process.neurons for process in plan.processes}
    if {name: row.neurons for name, row in counts.items()} != expected:
        raise InputError(f"{directory}: found other processes than {model} has")
    origin = f"{directory}: {result.time_steps} steps"
    return _work(plan, counts, result.time_steps, origin), file


def stated_stock_work(
    model: StockSource, rate: float, settings: Settings
) -> tuple[Work, FileReference | None]:
    """Return the counts of a plain network whose neurons, and input, all send at a stated rate.

    Parameters
    ----------
    model : StockNetwork, str or Path
        The network.
    rate : float
        Share of the steps in which a neuron sends, 0 to 1.
    settings : Settings
        What is taken of it. The counts are of one step, or of the steps between two resets.

    Raises
    ------
    UsageError
        The rate is none, or no layer is left.
    """
    if not 0 <= rate <= 1:
        raise UsageError(f"the firing rate is {rate}, expected 0 to 1")
    network, file, _ = load_stock(model)
    plan = make_stock_plan(select_layers(network, settings))
    steps = settings.reset_interval or 1
    sent = {
        process.name: Sent(
            events=round(rate * process.neurons * steps),
            synops={
                reader.name: round(rate * steps * int(reader.fan_out.sum()))
                for reader in plan.readers(process.name)
                if reader.fan_out is not None
            },
        )
        for process in plan.processes
        if process.sends
    }
    rows = count_stock(plan, sent, steps, Interval(0, 1))
    origin = f"stated firing rate of {rate:g}, {steps} steps"
    return _work(plan, {row.name: row for row in rows}, steps, origin), file


def _work(plan: StockPlan, counts: dict[str, ProcessCounts], steps: int, origin: str) -> Work:
    interval = plan.selection.settings.reset_interval
    is_whole = interval is not None and steps % interval == 0
    return Work(
        plan=plan,
        coding="plain",
        windows=steps // interval if interval is not None and is_whole else 1,
        frames=steps,
        frame_steps=1,
        latency_steps=plan.selection.latency_steps,
        counts=counts,
        events={
            (process.name, MESSAGE): spread_evenly(
                counts[process.name].spikes + counts[process.name].graded_spikes,
                process.neurons,
            )
            for process in plan.processes
            if process.sends
        },
        origin=origin,
        is_by_neuron=False,
    )
