"""One point of a sweep, wherever it is worked on: export, change, run, score."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from lava_spikyspace.backends.selection import make_backend
from lava_spikyspace.datasets.metrics import ForecastMoments
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.datasets.windows import select_windows, target_windows
from lava_spikyspace.errors import SpikySpaceError, UsageError
from lava_spikyspace.evaluation import PartName, part_windows, ratios_of, split_of
from lava_spikyspace.inputs import windows_in
from lava_spikyspace.intervals import prove_ranges, with_ranges
from lava_spikyspace.network import GateLayer, Network, SoftplusLayer
from lava_spikyspace.profiling.counters import ProcessCounts
from lava_spikyspace.running import plan_of
from lava_spikyspace.streaming import WindowStream
from lava_spikyspace.sweeps.grid import Point
from lava_spikyspace.sweeps.settings import SETTINGS, Stage, parse_value

RESULT_MEANING = {
    "r2": "R2 over all steps, one grand mean",
    "rrse": "root relative squared error over all steps",
    "mae": "mean absolute error in units of the table",
    "r2_per_variate": "mean of the R2 of each variate",
    "scored_windows": "how many windows",
    "firing_rate": "mean over all neurons that send codes",
    "spikes": "binary events of all processes",
    "graded_spikes": "messages with a payload other than 0 of all processes",
    "synops": "synaptic operations of all processes",
    "time_steps": "steps of the simulator for all windows, latency included",
    "message_bits": "widest message between processes, as proven",
    "value_bits": "widest accumulator, state or product, as proven",
    "clipped_inputs": "input values that were saturated",
    "seconds": "of export and run on one worker; the only number that is not reproducible",
    "error": "why the point failed; the others are then empty",
}
"""What a sweep finds at a point."""

RESULT_COLUMNS = tuple(RESULT_MEANING)
"""Names of the results, in the order of tables."""

Row = dict[str, Any]
"""Result columns of one point; those that are not known are missing."""


@dataclass(frozen=True, eq=False)
class Failed:
    """Why a point has no result.

    Parameters
    ----------
    message : str
        Of the error.
    """

    message: str


@dataclass(frozen=True, eq=False)
class PointWork:
    """Everything that the points of a sweep share; can be sent to a worker.

    Parameters
    ----------
    table : Table
        Series, variates in the order of the model.
    split : str or sequence of float, optional
        Shares of the parts; else the model's.
    part : str
        Windows to score.
    missing_value : float, optional
        Targets of this value do not count.
    networks : tuple of Network or Failed
        The model, or what each set of export settings came to.
    """

    table: Table
    split: str | Sequence[float] | None
    part: PartName
    missing_value: float | None
    networks: tuple[Network | Failed, ...]

    def __call__(self, index: int, point: Point) -> Row:
        """Run one point.

        Parameters
        ----------
        index : int
            Which network.
        point : mapping of str to str
            The point.

        Returns
        -------
        dict
            Values of `RESULT_COLUMNS`; of a point that failed ``error`` and ``seconds`` only.
        """
        started = time.perf_counter()
        network = self.networks[index]
        try:
            row = (
                {"error": network.message}
                if isinstance(network, Failed)
                else self._run(network, point)
            )
        except SpikySpaceError as error:
            row = {"error": error.message}
        return {**row, "seconds": time.perf_counter() - started}

    def _run(self, network: Network, point: Point) -> Row:
        changes = values_of(point, "network")
        if "exp2_terms" in changes:
            network = with_exp2_terms(network, changes["exp2_terms"])
        how = values_of(point, "run")
        plan = plan_of(network, how.get("coding", "graded"))
        windows = self._windows(network, how.get("windows"))
        stream = WindowStream(
            make_backend(how.get("backend", "batch")),
            plan,
            self.table,
            strict=how.get("strict", False),
            clip_input=how.get("clip_input", False),
        )
        moments: ForecastMoments | None = None
        for piece in stream.run(windows):
            target = target_windows(
                self.table.values, network.window, network.horizon, piece.windows
            )
            mask = None if self.missing_value is None else target != self.missing_value
            found = ForecastMoments.of(target, piece.forecasts, mask)
            moments = found if moments is None else moments + found
        ranges = [(name, r.bits) for layer in network for name, r in layer.ranges.items()]
        return {
            **(cast(ForecastMoments, moments).summary()["all"]),
            "scored_windows": len(windows),
            **_totals(stream.counts()),
            "time_steps": plan.time_steps(len(windows)),
            "message_bits": max(bits for name, bits in ranges if name == "message"),
            "value_bits": max(bits for name, bits in ranges if name != "message"),
            "clipped_inputs": stream.clipped_inputs,
        }

    def _windows(self, network: Network, chosen: str | None) -> range:
        total = windows_in(self.table, network.window, network.horizon)
        if chosen is not None:
            return select_windows(chosen, total, None)
        shares, _ = ratios_of(network, self.split)
        return part_windows(self.part, split_of(self.table, network, shares), self.table)


def values_of(point: Point, stage: Stage) -> dict[str, Any]:
    """Return the values of the settings of one stage."""
    return {
        name: parse_value(name, text)
        for name, text in point.items()
        if SETTINGS[name].stage == stage
    }


def texts_of(point: Point, stage: Stage) -> Point:
    """Return the part of a point that belongs to one stage."""
    return {name: text for name, text in point.items() if SETTINGS[name].stage == stage}


def with_exp2_terms(network: Network, terms: int) -> Network:
    """Return a network whose shift-based activations take powers of two with so many terms.

    All else stays, so the codes may be others than those of the model it was exported from; ranges
    are proven again.

    Parameters
    ----------
    network : Network
        Any network.
    terms : int
        0 is Mitchell's approximation.

    Raises
    ------
    UsageError
        The network has no such activation.
    """
    if not any(isinstance(layer, GateLayer | SoftplusLayer) for layer in network):
        raise UsageError("exp2_terms: the model has no shift-based activation")
    layers = tuple(
        replace(layer, exp2_terms=terms) if isinstance(layer, GateLayer | SoftplusLayer) else layer
        for layer in network
    )
    changed = replace(network, layers=layers)
    return with_ranges(changed, prove_ranges(changed))


def _totals(counts: Sequence[ProcessCounts]) -> Mapping[str, float | None]:
    rates = [(row.firing_rate, row.neurons) for row in counts if row.firing_rate is not None]
    neurons = sum(number for _, number in rates)
    return {
        "firing_rate": sum(rate * n for rate, n in rates) / neurons if neurons else None,
        "spikes": sum(row.spikes for row in counts),
        "graded_spikes": sum(row.graded_spikes for row in counts),
        "synops": sum(row.synops for row in counts),
    }
