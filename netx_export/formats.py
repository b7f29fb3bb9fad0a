"""The format search: the fewest fraction bits with which the integers agree with the frozen model.

It starts with wide formats, narrows them until every value fits its budget, and then takes bits
away, one format after the other, as long as the agreement on calibration windows holds; a few
guard bits come back, where they are free.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from lava_spikyspace.backends.batch import collect_records, run_layers
from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.registers import POWER
from lava_spikyspace.network import IntArray, Network, Normalisation
from netx_export.budget import Budget, Formats, TooWide, WidthError
from netx_export.file_facts import encode_normalised, spread
from netx_export.frozen import FloatArray, FrozenModel, FrozenTrace
from netx_export.lowering import lower

WIDEST = Formats(residual=28, gate=25, b=24, c=20, state=20)
"""Where the search starts."""

NARROW_START = Formats(residual=18, gate=20, b=20, c=20, state=20)
"""Where it starts with a width below `EXACT_BITS`: products inside a process are narrow then,
and a value with more bits would leave none for its factor."""

NARROWEST = Formats(residual=4, gate=4, b=3, c=3, state=3)
"""Where it stops taking bits away."""

LEAST = Formats(residual=0, gate=2, b=1, c=1, state=1)
"""How far a narrow width takes them: a file that fits, with the agreement that is left."""

GUARD_BITS = 8
"""Bits given back to every format that was narrowed, as long as they cost no limb.

Forecasts err by the few codes that fall on the other side of a threshold. Their number halves with
every bit, and one of them is a large error: in a table of some hundred rows, one code of one row
can be more than is allowed. How often is measured where it is often enough to be measured; the
guard bits make it rare."""

LEAST_GUARD_BITS = 4
"""Guard bits that are worth limbs."""

PATIENCE = 3
"""Formats in a row that bring nothing before a narrow width's balance is left as it is."""

SEARCH_WINDOWS = 48
"""Windows on which formats are tried."""

CONFIRM_WINDOWS = 256
"""Windows on which the result is confirmed."""

ORDER = ("state", "c", "b", "gate", "residual")
"""Formats in the order in which bits are taken away: those inside a process first."""


@dataclass(frozen=True)
class Tolerance:
    """How far integers may be from the frozen model.

    Parameters
    ----------
    code_agreement : float
        Least share of equal codes of any encoder.
    relative_l2 : float
        Largest relative error of the normalised forecasts.
    """

    code_agreement: float
    relative_l2: float

    def holds(self, agreement: Agreement) -> bool:
        """Whether an agreement is within the tolerance."""
        return agreement.worst >= self.code_agreement and agreement.relative_l2 <= self.relative_l2


DEMANDED = Tolerance(code_agreement=0.999, relative_l2=1e-3)
"""What an exported file has to reach."""

SEARCHED = Tolerance(code_agreement=0.9995, relative_l2=5e-4)
"""What the search asks for before guard bits, so that other windows stay within the demand."""


@dataclass(frozen=True)
class Agreement:
    """Integers against the frozen model on the same windows.

    Parameters
    ----------
    codes : mapping of str to float
        Share of equal codes by record name.
    relative_l2 : float
        Error of the normalised forecasts relative to their norm.
    """

    codes: Mapping[str, float]
    relative_l2: float

    @property
    def worst(self) -> float:
        """Least share of equal codes."""
        return min(self.codes.values(), default=1.0)


@dataclass(frozen=True)
class Trial:
    """One set of formats that was tried.

    Parameters
    ----------
    formats : Formats
        Fraction bits.
    limbs : int
        Low limbs over all layers that read messages in limbs.
    agreement : Agreement or None
        None where the formats do not fit the budget.
    chosen : bool
        Whether these formats were taken.
    """

    formats: Formats
    limbs: int
    agreement: Agreement | None
    chosen: bool = False


Report = Callable[[Trial], None]
"""Called with every trial."""


def measure_agreement(
    network: Network, messages: IntArray, trace: FrozenTrace, chunk: int = 32
) -> Agreement:
    """Compare an integer network with a trace of the frozen model on the same windows.

    Parameters
    ----------
    network : Network
        Integers.
    messages : ndarray, int64, shape (window, element, variate)
        The windows as integers.
    trace : FrozenTrace
        Codes and normalised forecasts of the frozen model.
    chunk : int
        Windows at a time.
    """
    equal = dict.fromkeys(trace.records, 0)
    forecasts = []
    for first in range(0, len(messages), chunk):
        part = slice(first, first + chunk)
        outputs = run_layers(network, messages[part])
        records = collect_records(network, outputs)
        for name, codes in trace.records.items():
            equal[name] += int(np.count_nonzero(records[name] == codes[part]))
        forecasts.append(outputs[network.head.name].message)
    values = np.concatenate(forecasts) * 2.0**-network.head.frac_bits
    error = float(np.linalg.norm(values - trace.forecasts))
    norm = float(np.linalg.norm(trace.forecasts))
    return Agreement(
        codes={name: count / trace.records[name].size for name, count in equal.items()},
        relative_l2=error / norm if norm > 0 else error,
    )


def count_limbs(network: Network) -> int:
    """Return the low limbs that the layers of a network read, beside the top limb of each."""
    read = [(layer, source) for layer in network for source in layer.inputs]
    return sum(
        len(network.limbs_of(source))
        for layer, source in read
        if network.is_wide(source) or (hasattr(layer, "limbs") and source == layer.inputs[0])
    )


@dataclass(frozen=True, eq=False)
class Sample:
    """Windows with what the frozen model makes of them."""

    windows: FloatArray
    trace: FrozenTrace


@dataclass(frozen=True, eq=False)
class FormatSearch:
    """Search on given windows.

    Parameters
    ----------
    model : FrozenModel
        Reference.
    windows : ndarray, float64, shape (window, element, variate)
        Normalised windows.
    residual_max : float
        Largest magnitude of the residual stream that calibration saw.
    roots : sequence of float
        Typical root mean square at each block's norm.
    fixed : mapping of str to int
        Formats chosen by hand (field names of `Formats`).
    budget : Budget
        Widest values.
    tolerance : Tolerance
        What the result has to reach.
    report : callable, optional
        Called with every trial.
    """

    model: FrozenModel
    windows: FloatArray
    residual_max: float
    roots: Sequence[float]
    fixed: Mapping[str, int]
    budget: Budget
    tolerance: Tolerance = SEARCHED
    report: Report | None = None

    def run(self) -> Formats:
        """Return the formats to use.

        Where no formats meet the tolerance, those that come closest are the result: the caller sees
        it in the agreement.

        Raises
        ------
        WidthError
            Formats fixed by hand do not fit the budget.
        UsageError
            A format fixed by hand is unknown.
        """
        unknown = set(self.fixed) - set(asdict(WIDEST))
        if unknown:
            raise UsageError(f"unknown formats {sorted(unknown)}; known: {sorted(asdict(WIDEST))}")
        few = self._sample(SEARCH_WINDOWS)
        start = NARROW_START if self.budget.is_narrow else WIDEST
        widest = self._try(self._fit(replace(start, **self.fixed)), few)
        if not self._good(widest):
            widest = self._balance(widest, few)
        trial = widest
        if self._good(trial):
            for name in ORDER:
                if name not in self.fixed:
                    trial = self._narrow(trial, name, few)
            trial = self._confirm(trial.formats, widest.formats)
        self._note(replace(trial, chosen=True))
        return trial.formats

    def _balance(self, start: Trial, sample: Sample) -> Trial:
        """Move bits between formats while that brings the integers nearer.

        Both factors of a product share its width, so fewer bits of one are more of the other.
        """
        best, before = start, math.inf
        while self._miss(best) < before and not self._good(best):
            before = self._miss(best)
            for name in ORDER:
                least, most = getattr(LEAST, name), getattr(WIDEST, name)
                for step, end in ((-1, least - 1), (1, most + 1)):
                    kept = getattr(best.formats, name)
                    if name not in self.fixed:
                        best = self._move(best, name, step, end, sample)
                    if getattr(best.formats, name) != kept:
                        break  # where it came from has been tried
        return best

    def _move(self, best: Trial, name: str, step: int, end: int, sample: Sample) -> Trial:
        """Change one format step by step while that brings the integers nearer."""
        missed = 0
        for bits in range(getattr(best.formats, name) + step, end, step):
            trial = self._try(replace(best.formats, **{name: bits}), sample)
            if self._miss(trial) < self._miss(best):
                best, missed = trial, 0
            else:
                missed += 1
            if missed == PATIENCE:
                break
        return best

    def _sample(self, count: int) -> Sample:
        windows = spread(self.windows, count)
        return Sample(windows, self.model.run(windows))

    def _confirm(self, formats: Formats, widest: Formats) -> Trial:
        """Give every format bits back until the tolerance holds on more windows."""
        many = self._sample(CONFIRM_WINDOWS)
        while True:
            trial = self._try(formats, many)
            if self._good(trial) or formats == widest:
                return trial
            more = {name: min(getattr(formats, name) + 1, getattr(widest, name)) for name in ORDER}
            formats = replace(formats, **more)

    def _good(self, trial: Trial) -> bool:
        return trial.agreement is not None and self.tolerance.holds(trial.agreement)

    def _miss(self, trial: Trial) -> float:
        """Return how far a trial is from the frozen model, relative to what is tolerated.

        With a narrow width, where few codes agree to the last, by its forecasts alone.
        """
        found = trial.agreement
        if found is None:
            return math.inf
        forecasts = found.relative_l2 / self.tolerance.relative_l2
        if self.budget.is_narrow:
            return forecasts
        return max(forecasts, (1 - found.worst) / (1 - self.tolerance.code_agreement))

    def _narrow(self, widest: Trial, name: str, sample: Sample) -> Trial:
        """Take bits of one format away: the fewest by bisection, and guard bits back."""
        best = widest
        low = getattr(NARROWEST, name)
        while low < getattr(best.formats, name):
            middle = (low + getattr(best.formats, name)) // 2
            trial = self._try(replace(best.formats, **{name: middle}), sample)
            if self._good(trial):
                best = trial
            else:
                low = middle + 1
        return self._guard(best, widest, name, sample)

    def _guard(self, least: Trial, widest: Trial, name: str, sample: Sample) -> Trial:
        """Give guard bits back: as many as cost no limb, and if those are few, as many as fit."""
        needed = getattr(least.formats, name)
        most = min(needed + GUARD_BITS, getattr(widest.formats, name))
        free = most
        while free > needed and self._limbs(replace(least.formats, **{name: free})) > least.limbs:
            free -= 1
        for bits in (free if free - needed >= LEAST_GUARD_BITS else most, free):
            trial = self._try(replace(least.formats, **{name: bits}), sample)
            if self._good(trial):
                return trial
        return least

    def _limbs(self, formats: Formats) -> float:
        """Return how many low limbs formats need; infinitely many where they do not fit."""
        try:
            return count_limbs(self._lower(formats))
        except WidthError:
            return math.inf

    def _fit(self, formats: Formats) -> Formats:
        """Take bits from whatever is too wide until the network fits its budget."""
        while True:
            try:
                self._lower(formats)
            except WidthError as too_wide:
                narrower = _relieve(formats, too_wide.findings, set(self.fixed))
                if narrower == formats:
                    raise
                formats = narrower
            else:
                return formats

    def _lower(self, formats: Formats) -> Network:
        plain = Normalisation(kind="fixed")
        return lower(self.model, formats, self.residual_max, plain, self.budget, self.roots)

    def _try(self, formats: Formats, sample: Sample) -> Trial:
        try:
            network = self._lower(formats)
        except WidthError:
            trial = Trial(formats, 0, None)
        else:
            messages = encode_normalised(network, sample.windows)
            trial = Trial(
                formats, count_limbs(network), measure_agreement(network, messages, sample.trace)
            )
        self._note(trial)
        return trial

    def _note(self, trial: Trial) -> None:
        if self.report is not None:
            self.report(trial)


def _relieve(formats: Formats, findings: tuple[TooWide, ...], fixed: set[str]) -> Formats:
    """Return formats with one bit less in each that makes some value too wide."""
    names: set[str] = set()
    for finding in findings:
        names |= _responsible(finding, formats)
    changes = {
        name: getattr(formats, name) - 1
        for name in names - fixed
        if getattr(formats, name) > getattr(LEAST, name)
    }
    return replace(formats, **changes)


def _responsible(finding: TooWide, formats: Formats) -> set[str]:
    """Return the formats that a value's width depends on; the widest where several share it."""
    kind = finding.layer.split(".", 2)[-1]
    if finding.value == POWER or (
        kind in ("in_proj.gate", "product") and finding.value == "message"
    ):
        return {"gate"}
    if kind in ("B", "C"):
        return {kind.lower()}
    if kind == "scan":
        shared = {"drive": ("b",), "state": ("state",)}.get(finding.value, ("c", "state"))
        return {max(shared, key=lambda name: getattr(formats, name))}
    if kind == "out_proj" and finding.value in ("accumulator", "product"):
        return {"gate"}
    return {"residual"}
