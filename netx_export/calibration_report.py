"""The calibration report: what the frozen quantisers do on the calibration windows.

Per quantiser the range of its input, a histogram of codes, what is clipped at both ends, and the
channels that are silent, fire always or never change. Warnings name the layers that carry nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.network import IntArray
from netx_export.frozen import FloatArray, FrozenModel, FrozenQuantiser, FrozenTrace

DEAD_SHARE = 0.01
"""A scan is dead where fewer of its output codes differ from the usual one of their channel."""

SILENT_RATE = 0.001
"""A layer is silent where fewer of its codes are not 0."""

SATURATED_SHARE = 0.9
"""A layer is saturated where more of its codes than this are its top (or lowest signed) code."""

QUANTISER_RECORDS = {
    "in_proj.scan": "c",
    "in_proj.gate.code": "y1",
    "conv": "s",
    "delta": "delta",
    "dt_proj.code": "pts",
    "dt_proj": "delta1",
    "scan.state": "x",
    "scan": "y",
}
"""Record name below a block -> published name of the quantiser that makes its codes."""


@dataclass(frozen=True)
class QuantiserReport:
    """What one frozen quantiser did.

    Parameters
    ----------
    minimum, maximum : float
        Extremes of its input.
    zero_point, step : float
        As frozen.
    codes : tuple of int
        All codes, ascending.
    histogram : tuple of int
        How often each of them occurred.
    clipped_low, clipped_high : float
        Share of inputs that round to less than the lowest, or more than the highest code.
    channels : int
        Channels (of a state: channels times states).
    silent, always_firing, constant : int
        Channels whose code is 0 always, never, and those whose code never changes.
    varying : float
        Share of codes that differ from the most frequent one of their channel.
    """

    minimum: float
    maximum: float
    zero_point: float
    step: float
    codes: tuple[int, ...]
    histogram: tuple[int, ...]
    clipped_low: float
    clipped_high: float
    channels: int
    silent: int
    always_firing: int
    constant: int
    varying: float

    @property
    def shares(self) -> dict[int, float]:
        """Share of each code."""
        total = max(1, sum(self.histogram))
        return {code: count / total for code, count in zip(self.codes, self.histogram, strict=True)}

    @property
    def firing(self) -> float:
        """Share of codes that are not 0."""
        return 1 - self.shares.get(0, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON and provenance hold it."""
        return {**vars(self), "codes": list(self.codes), "histogram": list(self.histogram)}


@dataclass(eq=False)
class _Seen:
    """Counts of one quantiser over many windows."""

    quantiser: FrozenQuantiser
    minimum: float = np.inf
    maximum: float = -np.inf
    clipped_low: int = 0
    clipped_high: int = 0
    counts: IntArray | None = None
    """Occurrences, shape (channel, level)."""

    def add(self, x: FloatArray, codes: IntArray) -> None:
        """Count the codes of some windows, shape (window, element, channel), and their inputs."""
        levels = self.quantiser.levels
        self.minimum = min(self.minimum, float(x.min()))
        self.maximum = max(self.maximum, float(x.max()))
        scaled = (x - self.quantiser.zero_point) / self.quantiser.alpha
        self.clipped_low += int(np.count_nonzero(scaled < levels[0] - 0.5))
        self.clipped_high += int(np.count_nonzero(scaled > levels[-1] + 0.5))
        index = np.searchsorted(levels, codes.reshape(-1, codes.shape[-1]))
        channels = index.shape[1]
        flat = (index + len(levels) * np.arange(channels)).ravel()
        counts = np.bincount(flat, minlength=channels * len(levels)).reshape(channels, -1)
        self.counts = counts if self.counts is None else self.counts + counts

    def report(self) -> QuantiserReport:
        levels = self.quantiser.levels
        counts = np.zeros((0, len(levels)), np.int64) if self.counts is None else self.counts
        total = max(1, int(counts.sum()))
        zero = counts[:, levels == 0].sum(axis=1)
        whole = counts.sum(axis=1)
        usual = counts.max(axis=1)
        return QuantiserReport(
            minimum=self.minimum,
            maximum=self.maximum,
            zero_point=self.quantiser.zero_point,
            step=self.quantiser.alpha,
            codes=tuple(int(level) for level in levels),
            histogram=tuple(int(count) for count in counts.sum(axis=0)),
            clipped_low=self.clipped_low / total,
            clipped_high=self.clipped_high / total,
            channels=len(counts),
            silent=int(np.count_nonzero(zero == whole)),
            always_firing=int(np.count_nonzero(zero == 0)),
            constant=int(np.count_nonzero(usual == whole)),
            varying=1 - int(usual.sum()) / total,
        )


@dataclass(eq=False)
class CodeCounter:
    """Counts the codes of every quantiser over traces of the frozen model.

    Parameters
    ----------
    model : FrozenModel
        Gives the quantisers. Its traces have to keep the inputs (``keep_inputs``).
    """

    model: FrozenModel
    _seen: dict[str, _Seen] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for index, block in enumerate(self.model.blocks):
            for record, name in QUANTISER_RECORDS.items():
                self._seen[f"blocks.{index}.{record}"] = _Seen(block.quantisers[name])

    def add(self, trace: FrozenTrace) -> None:
        """Count the codes of some windows."""
        for name, seen in self._seen.items():
            seen.add(trace.inputs[name], trace.records[name])

    def reports(self) -> dict[str, QuantiserReport]:
        """Return what was counted, by record name."""
        return {name: seen.report() for name, seen in self._seen.items()}


def calibration_warnings(reports: Mapping[str, QuantiserReport]) -> Iterator[Diagnostic]:
    """Yield a warning for every layer that carries nothing, with what may help.

    Parameters
    ----------
    reports : mapping of str to QuantiserReport
        By record name.
    """
    for name, report in reports.items():
        if report.step < 0:
            yield Diagnostic(
                code="calibration-negative-step",
                severity="warning",
                where=name,
                message=f"the step is {report.step:.4g}: higher inputs have lower codes",
                hint="taken as the formula has it, round((x - z) / step); training that keeps the "
                "steps positive uses the codes better",
            )
        if _is_scan_output(name) and report.varying < DEAD_SHARE:
            yield Diagnostic(
                code="calibration-dead-scan",
                severity="warning",
                where=name,
                message=f"the output codes are constant: {report.varying:.2%} differ from the "
                "usual code of their channel",
                hint="the forecast does without the recurrence; train with zero-point none and "
                "the spread start of the scan (the defaults of `lss train`), or a longer window",
            )
        elif report.firing < SILENT_RATE:
            yield Diagnostic(
                code="calibration-silent-layer",
                severity="warning",
                where=name,
                message=f"{report.firing:.2%} of the codes are not 0: the layer is silent",
                hint="its step is too large for its input, or a firing penalty has gone too far: "
                "train longer, or with a smaller penalty",
            )
        else:
            yield from _saturation(name, report)


def _is_scan_output(name: str) -> bool:
    return name.endswith(".scan") and not name.endswith("in_proj.scan")


def _saturation(name: str, report: QuantiserReport) -> Iterator[Diagnostic]:
    """Warn of a layer most of whose codes are at one end: its top, or the lowest if signed.

    One bit has nothing but ends.
    """
    if len(report.codes) == 2:
        return
    for code, clipped in (
        (report.codes[-1], report.clipped_high),
        (report.codes[0], report.clipped_low),
    ):
        share = report.shares[code]
        if code != 0 and share > SATURATED_SHARE:
            yield Diagnostic(
                code="calibration-saturated-layer",
                severity="warning",
                where=name,
                message=f"{share:.2%} of the codes are {code}, {clipped:.2%} of the inputs are "
                "clipped there: the layer is saturated",
                hint="a zero-point at the minimum of the input drives codes to the top; train "
                "with zero-point none, or with more bits",
            )
