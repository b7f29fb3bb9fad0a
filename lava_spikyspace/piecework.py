"""Some windows of a table through an engine: what can be done anywhere, and adds up exactly."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from lava_spikyspace.backends.base import Backend, Progress, Records
from lava_spikyspace.backends.deployment import Deployed
from lava_spikyspace.backends.measurement import Measurement
from lava_spikyspace.boundary import FloatArray, decode_forecasts, encode_table
from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.plan import Plan
from lava_spikyspace.profiling.counters import Activity


@dataclass(frozen=True, eq=False)
class PieceOutcome:
    """What came of some windows.

    Parameters
    ----------
    forecasts : ndarray, float64, shape (window, step, variate)
        Forecasts in units of the table.
    activities : mapping of str to Activity
        By row of the plan.
    records : mapping of str to ndarray
        Codes, where recording was asked for (see `backends.base.Records`).
    clipped : int
        Input values that were saturated.
    timings_s : mapping of str to float
        Seconds by stage: ``encode`` and those of the engine.
    process_seconds : mapping of str to float, optional
        Wall time by process, where the engine measured it.
    deployment, measurement
        Of a run on a chip; see `backends.base.EngineResult`.
    notices : tuple of Diagnostic
        What the engine has to say.
    """

    forecasts: FloatArray
    activities: Mapping[str, Activity]
    records: Records
    clipped: int
    timings_s: Mapping[str, float]
    process_seconds: Mapping[str, float] | None = None
    deployment: tuple[Deployed, ...] = ()
    measurement: Measurement | None = None
    notices: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, eq=False)
class PieceWork:
    """Everything that windows are run with but the rows themselves; can be sent to a worker.

    Parameters
    ----------
    engine : Backend
        Runs the plan.
    plan : Plan
        What to run.
    source : str
        Name of the table, for the message of an error.
    strict : bool
        Check every value against its proven range.
    clip_input : bool
        Saturate and count values outside the input range, instead of refusing them.
    stride : int
        Rows from the start of a window to that of the next.
    """

    engine: Backend
    plan: Plan
    source: str
    strict: bool
    clip_input: bool
    stride: int = 1

    def rows_of(self, windows: range) -> slice:
        """Return which rows of the table some windows read."""
        first, last = windows.start * self.stride, (windows.stop - 1) * self.stride
        return slice(first, last + self.plan.network.window)

    def __call__(
        self,
        rows: FloatArray,
        windows: range,
        record: bool = False,
        progress: Progress | None = None,
    ) -> PieceOutcome:
        """Run some windows.

        Parameters
        ----------
        rows : ndarray, float64, shape (row, variate)
            The rows that they read; see `rows_of`.
        windows : range
            Their indices in the table.
        record : bool
            Keep the codes of every process.
        progress : callable, optional
            Called now and then with (done, all): windows, or steps of a simulation.

        Raises
        ------
        DataError
            A value lies outside the input range of the model.
        StrictRangeError
            A value left its proven range in strict mode.
        """
        network = self.plan.network
        started = time.perf_counter()
        encoded = encode_table(
            network,
            rows,
            windows,
            first_row=windows.start * self.stride,
            stride=self.stride,
            clip=self.clip_input,
            source=self.source,
        )
        encode_s = time.perf_counter() - started
        result = self.engine.run(
            self.plan, encoded.messages, strict=self.strict, record=record, progress=progress
        )
        return PieceOutcome(
            forecasts=decode_forecasts(network, result.forecasts, encoded),
            activities=result.activities,
            records=result.records,
            clipped=encoded.clipped,
            timings_s={"encode": encode_s, **result.timings_s},
            process_seconds=result.process_seconds,
            deployment=result.deployment,
            measurement=result.measurement,
            notices=result.diagnostics,
        )
