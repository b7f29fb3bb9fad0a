"""Run a plain NetX network of lava-dl on an input: outputs, and what every process did."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import numpy.typing as npt

from lava_spikyspace.backends.base import Progress
from lava_spikyspace.backends.selection import DEFAULT_TIMEOUT_S, BackendName, make_backend
from lava_spikyspace.backends.simulation import Graph, Runtime, simulate
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.files import sha256_of
from lava_spikyspace.inputs import FileReference
from lava_spikyspace.network import IntArray, Interval
from lava_spikyspace.netx.refusal import refusal
from lava_spikyspace.netx.stock.description import (
    SigmaDeltaNeuron,
    StockInput,
    StockNetwork,
)
from lava_spikyspace.netx.stock.reader import examine_stock_file
from lava_spikyspace.netx.stock.selection import Selection, Settings, select_layers
from lava_spikyspace.stock.counts import count_stock, sent_by_source
from lava_spikyspace.stock.plan import INPUT, StockPlan, make_stock_plan
from lava_spikyspace.stock.results import StockResult
from lava_spikyspace.stock.stimulus import load_stimulus, stimulus_notices

StockSource: TypeAlias = StockNetwork | str | Path
"""A network, or the path of a plain NetX file."""

StockData: TypeAlias = str | Path | npt.NDArray[Any]
"""An array with one entry per time step, or the path of an npy or npz file."""


def run_stock(
    model: StockSource,
    data: StockData | None,
    *,
    skip_layers: int = 0,
    num_layers: int | None = None,
    reset_interval: int | None = None,
    reset_offset: int = 0,
    input_bits: int = 0,
    backend: BackendName = "sim",
    runtime: Runtime = "inprocess",
    record: bool = False,
    timeout_s: float | None = DEFAULT_TIMEOUT_S,
    progress: Progress | None = None,
) -> StockResult:
    """Feed an input to a plain NetX network, one entry per time step, and count all events.

    The spikes are those that lava-dl's ``netx.hdf5.Network`` gives with the same parameters.

    Parameters
    ----------
    model : StockNetwork, str or Path
        Network or file.
    data : ndarray, str or Path
        Whole numbers of shape (step, *input shape), axes in the order of Lava: x, y, channel. An
        npz file has them as ``input``. The first layer gets them at its synapses as spikes
        or messages; an input layer of CUBA neurons as the biases of the step, one of SDNN neurons
        as what it encodes.
    skip_layers : int
        Layers of the file, from the first on, that are left out.
    num_layers : int, optional
        Layers of the file that are looked at, those left out included; default all.
    reset_interval : int, optional
        Steps after which CUBA neurons are reset; default never.
    reset_offset : int
        Steps by which the resets come later.
    input_bits : int
        Width of the input message; 0 for binary spikes. Where layers with neurons are left out,
        it is that of their last one.
    backend : {"sim"}
        Engine.
    runtime : {"inprocess", "multiprocessing"}
        Lava runtime; the results are the same.
    record : bool
        Keep what every layer sends in the result.
    timeout_s : float or None
        Seconds that the simulation gets.
    progress : callable, optional
        Called now and then with (steps done, all of them).

    Returns
    -------
    StockResult
        Outputs and counts.

    Raises
    ------
    UsageError
        A parameter has no such value, or the data are missing.
    ModelFileError
        The model file cannot be used.
    DataError
        The input cannot be used with this network.
    BackendUnavailableError
        The backend cannot run here.
    SimulationError, SimulationTimeoutError
        The simulation failed, or took too long.
    """
    if backend == "batch":
        raise UsageError(
            "backend is 'batch', which runs models of lava-spikyspace only; expected 'sim' for a "
            "plain NetX network"
        )
    make_backend(backend, runtime=runtime)  # refuses what cannot run here
    if backend == "loihi2":
        raise BackendUnavailableError(
            "plain NetX networks run on sim only here; for the chip, lava-dl's own loader makes "
            "their graph",
            hint="--backend sim",
        )
    settings = Settings(skip_layers, num_layers, reset_interval, reset_offset, input_bits)
    if data is None:
        raise UsageError("no input to run the network on", hint="give an array (--data FILE)")
    started = time.perf_counter()
    network, file, findings = load_stock(model)
    selection = select_layers(network, settings)
    stimulus = load_stimulus(data, selection)
    plan = make_stock_plan(selection)
    read_s = time.perf_counter() - started
    simulated = simulate(
        _assemble,
        (plan, stimulus.values, record),
        runtime=runtime,
        timeout_s=timeout_s,
        progress=progress,
    )
    outcome = simulated.result
    sent = {**outcome.sent, INPUT: sent_by_source(plan, stimulus.values)}
    last = selection.layers[-1].layer.name
    return StockResult(
        outputs=outcome.messages[last],
        counts=count_stock(plan, sent, stimulus.steps, Interval.of(stimulus.values)),
        latency_steps=selection.latency_steps,
        backend=backend,
        runtime=runtime,
        settings=settings,
        feed=selection.feed,
        model=file,
        data=stimulus.file,
        records=outcome.messages if record else {},
        timings_s={"read": read_s, **simulated.timings_s},
        process_seconds=simulated.process_seconds,
        diagnostics=(
            *_about(findings, selection),
            *selection_notices(selection),
            *stimulus_notices(stimulus, selection),
        ),
    )


def selection_notices(selection: Selection) -> Iterator[Diagnostic]:
    """Yield what is asked for and has no effect on the layers that run.

    Parameters
    ----------
    selection : Selection
        The layers that run.
    """
    settings, first = selection.settings, selection.first
    bits = None if isinstance(first.layer, StockInput) else first.input_bits
    if settings.input_bits not in (0, bits):
        told = "the input layer takes no messages" if bits is None else f"it is {bits}"
        yield Diagnostic(
            "input-bits-ignored",
            "warning",
            f"the width of the input message is not {settings.input_bits} bits: {told}",
            where=first.layer.name,
            hint="the last layer that is left out, or an input layer, decides",
        )
    if settings.reset_interval is not None:
        yield from _without_reset(selection)


def _without_reset(selection: Selection) -> Iterator[Diagnostic]:
    names = [
        selected.layer.name
        for selected in selection.layers
        if isinstance(selected.neuron, SigmaDeltaNeuron)
    ]
    if names:
        yield Diagnostic(
            "reset-ignored",
            "warning",
            f"sigma-delta neurons are not reset: {', '.join(names)}",
        )


def _about(findings: Iterable[Diagnostic], selection: Selection) -> Iterator[Diagnostic]:
    """Yield what was found in the layers that run."""
    groups = tuple(f"/layer/{selected.layer.index}/" for selected in selection.layers)
    for found in findings:
        if found.where is not None and found.where.startswith(groups):
            yield found


def load_stock(
    model: StockSource,
) -> tuple[StockNetwork, FileReference | None, Iterable[Diagnostic]]:
    """Return a network, its file and what is doubtful about it.

    Parameters
    ----------
    model : StockNetwork, str or Path
        A network, or the path of a plain NetX file.

    Raises
    ------
    ModelFileError
        The file cannot be used.
    """
    if isinstance(model, StockNetwork):
        return model, None, ()
    examination = examine_stock_file(model)
    if examination.errors or examination.network is None:
        raise refusal(model, examination.errors)
    file = FileReference(str(model), sha256_of(model))
    return examination.network, file, examination.findings


def _assemble(plan: StockPlan, values: IntArray, record: bool) -> Graph[Any]:
    from lava_spikyspace.backends.stock import assemble_stock

    return assemble_stock(plan, values, record)
