"""A model beside those that SpikySpace is compared with, on one footing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lava_spikyspace.diagnostics import Diagnostic
from lava_spikyspace.hardware.accounting.baselines import (
    PUBLISHED_SPIKES,
    PUBLISHED_TASK,
    Task,
    baselines,
)
from lava_spikyspace.hardware.accounting.operations import (
    OperationCounts,
    OperationEnergy,
    energy_of,
    total,
)
from lava_spikyspace.hardware.accounting.spikyspace import (
    PUBLISHED_RATES,
    PUBLISHED_SIZES,
    Firing,
    FiringRates,
    Sizes,
    complete_stages,
    released_stages,
)
from lava_spikyspace.hardware.ledger import Assumption, constants_used
from lava_spikyspace.hardware.profile import AccountingProfile
from lava_spikyspace.hardware.quantity import Quantity
from lava_spikyspace.hardware.work import Work
from lava_spikyspace.inputs import FileReference, file_of
from lava_spikyspace.network import (
    ConvLayer,
    EncoderLayer,
    Layer,
    Network,
    NormEncoderLayer,
    ProductLayer,
    ScanLayer,
    SoftplusLayer,
)
from lava_spikyspace.plan import Coding, make_plan

SPIKYSPACE = "spikyspace"
"""Key of the published numbers of SpikySpace in a profile."""


@dataclass(frozen=True, eq=False, kw_only=True)
class PaperCost:
    """What one model costs on paper.

    Parameters
    ----------
    name, accounting, size : str
        Model, how it was counted, and its sizes in words.
    parameters : int
        Trained parameters.
    counts : OperationCounts
        For one forecast.
    energy : OperationEnergy
        For one forecast.
    published_energy, published_parameters : Quantity, optional
        What papers claim.
    """

    name: str
    accounting: str
    size: str
    parameters: int
    counts: OperationCounts
    energy: OperationEnergy
    published_energy: Quantity | None = None
    published_parameters: Quantity | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain values."""
        return {
            "name": self.name,
            "accounting": self.accounting,
            "size": self.size,
            "parameters": self.parameters,
            "counts": self.counts.to_dict(),
            **self.energy.to_dict(),
            "published_mj": _number(self.published_energy),
            "published_parameters": _number(self.published_parameters),
        }


def _number(quantity: Quantity | None) -> float | None:
    return None if quantity is None or quantity.value is None else float(quantity.value)


@dataclass(frozen=True, eq=False, kw_only=True)
class PaperEstimate:
    """A model and others on paper.

    Parameters
    ----------
    model : FileReference or None
        The model file; None for a network made in memory.
    profile : AccountingProfile
        Energies of operations.
    published_task, model_task : tuple of PaperCost
        At the settings of the paper, and on the task of the model.
    stages : mapping of str to OperationEnergy
        The model's energy by stage.
    assumptions : tuple of Assumption
        What the numbers rest on.
    timings_s : mapping of str to float
        Seconds by stage.
    """

    model: FileReference | None
    profile: AccountingProfile
    published_task: tuple[PaperCost, ...]
    model_task: tuple[PaperCost, ...]
    stages: Mapping[str, OperationEnergy]
    assumptions: tuple[Assumption, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    timings_s: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the ``data`` of ``estimate --json`` on paper, as plain values."""
        return {
            "profile": {"name": self.profile.name, "title": self.profile.title},
            "published_task": [row.to_dict() for row in self.published_task],
            "model_task": [row.to_dict() for row in self.model_task],
            "stages": {name: energy.to_dict() for name, energy in self.stages.items()},
            "assumptions": [entry.to_dict() for entry in self.assumptions],
        }


def estimate_on_paper(
    network: Network, works: Mapping[Coding, Work], profile: AccountingProfile
) -> PaperEstimate:
    """Count the operations of a model and of those that SpikySpace is compared with.

    Parameters
    ----------
    network : Network
        The model.
    works : mapping of str to Work
        Its counts, in any coding: firing rates do not depend on it.
    profile : AccountingProfile
        Energies of operations.
    """
    started = time.perf_counter()
    work = next(iter(works.values()))
    sizes, rates = Sizes.of(network), counted_rates(network, work)
    stages = complete_stages(sizes, rates)
    return PaperEstimate(
        model=file_of(network),
        profile=profile,
        published_task=tuple(_published_rows(profile)),
        model_task=tuple(_model_rows(profile, sizes, rates)),
        stages={name: energy_of(counts, profile.operations) for name, counts in stages.items()},
        assumptions=tuple(_assumptions(profile, work)),
        timings_s={"estimate": time.perf_counter() - started},
    )


def counted_rates(network: Network, work: Work) -> FiringRates:
    """Return how the encoders of a network fired, each the mean over its blocks.

    Parameters
    ----------
    network : Network
        The model.
    work : Work
        Its counts.
    """
    plan = make_plan(network, "graded")  # whose rows are those of any coding

    def firing(is_one: Callable[[Layer], bool], suffix: str = "") -> Firing:
        layers = [layer for layer in network if is_one(layer)]
        steps = (1 << _code_bits(layers[0], suffix)) - 1
        rows = [layer.name + suffix if suffix else plan.sender(layer.name) for layer in layers]
        rates = [Fraction(work.counts[row].firing_rate or 0) for row in rows]
        return Firing(steps, sum(rates, Fraction(0)) / len(rates))

    products = [layer for layer in network if isinstance(layer, ProductLayer)]
    frames = work.windows * network.window
    sent = sum(work.messages(layer.name) for layer in products)
    return FiringRates(
        c=firing(lambda layer: type(layer) is NormEncoderLayer),
        s=firing(lambda layer: isinstance(layer, ConvLayer)),
        delta=firing(lambda layer: type(layer) is EncoderLayer),
        delta1=firing(lambda layer: isinstance(layer, SoftplusLayer)),
        x=firing(lambda layer: isinstance(layer, ScanLayer), ".state"),
        y=firing(lambda layer: isinstance(layer, ScanLayer)),
        gated=Fraction(sent, sum(layer.neurons for layer in products) * frames),
    )


def _code_bits(layer: Layer, suffix: str) -> int:
    if suffix and isinstance(layer, ScanLayer):
        return layer.state_bits
    return layer.bits or 1


def _published_rows(profile: AccountingProfile) -> Iterator[PaperCost]:
    """Yield SpikySpace as released and completely counted, and the others, at their settings."""
    ways = (("released", released_stages), ("complete", complete_stages))
    for accounting, stages in ways:
        yield _spikyspace_row(
            profile,
            "SpikySpace",
            accounting,
            PUBLISHED_SIZES,
            total(stages(PUBLISHED_SIZES, PUBLISHED_RATES).values()),
            claimed=accounting == "released",
        )
    yield from _baseline_rows(profile, PUBLISHED_TASK, PUBLISHED_SIZES, claimed=True)


def _model_rows(
    profile: AccountingProfile, sizes: Sizes, rates: FiringRates
) -> Iterator[PaperCost]:
    """Yield the model, by both accountings, and the others on its task."""
    ways = (("released", released_stages), ("complete", complete_stages))
    for accounting, stages in ways:
        counts = total(stages(sizes, rates).values())
        yield _spikyspace_row(profile, "this model", accounting, sizes, counts, claimed=False)
    task = Task(sizes.window, sizes.horizon, sizes.channels)
    yield from _baseline_rows(profile, task, sizes, claimed=False)


def _spikyspace_row(
    profile: AccountingProfile,
    name: str,
    accounting: str,
    sizes: Sizes,
    counts: OperationCounts,
    *,
    claimed: bool,
) -> PaperCost:
    claims = profile.published.get(SPIKYSPACE) if claimed else None
    return PaperCost(
        name=name,
        accounting=accounting,
        size=f"{sizes.layers} layers, d_inner {sizes.d_inner}, d_state {sizes.d_state}, "
        f"dt_rank {sizes.dt_rank}",
        parameters=sizes.parameters,
        counts=counts,
        energy=energy_of(counts, profile.operations),
        published_energy=claims.energy if claims else None,
        published_parameters=claims.parameters if claims else None,
    )


def _baseline_rows(
    profile: AccountingProfile, task: Task, sizes: Sizes, *, claimed: bool
) -> Iterator[PaperCost]:
    for model in baselines(task, sizes):
        claims = profile.published.get(model.key) if claimed else None
        yield PaperCost(
            name=model.name,
            accounting="complete",
            size=model.size,
            parameters=model.parameters,
            counts=model.counts,
            energy=energy_of(model.counts, profile.operations),
            published_energy=claims.energy if claims else None,
            published_parameters=claims.parameters if claims else None,
        )


def _assumptions(profile: AccountingProfile, work: Work) -> Iterator[Assumption]:
    yield Assumption("counts of this model", work.origin)
    yield from constants_used(profile.sources, operations=profile.operations)
    yield Assumption(
        "released accounting",
        "that of the published code: one firing rate, weights of the dense in_proj read once for "
        "each spike, RMSNorm, the gate's products and most of the head left out",
    )
    yield Assumption(
        "complete accounting",
        "the same form with the dense first layer read once, RMSNorm, gate and the whole head; the "
        "gated input of out_proj multiplies where it is not 0",
    )
    yield Assumption(
        "all models",
        "every use of a weight reads it again; exponentials, divisions and roots are left out",
    )
    yield Assumption(
        "iTransformer, iSpikformer",
        "sizes of the published experiments, whose parameters agree with the published ones within "
        "1 %",
    )
    yield Assumption(
        "iSpikformer",
        f"{float(PUBLISHED_SPIKES):.3g} spikes for each multiplication of iTransformer, the ratio "
        "of the operations behind the published energies; accumulates in fp32",
    )
    yield Assumption("GRU", "as large as the published iTransformer: its own size is not published")
    yield Assumption("Mamba, float", "the sizes of the SpikySpace model above it, in fp32")
    for key, claims in profile.published.items():
        note = claims.energy.note or claims.energy.missing
        value = "no energy" if claims.energy.value is None else f"{claims.energy.value} mJ"
        text = f"{value}{f'; {note}' if note else ''}"
        yield Assumption(f"published, {key}", text, claims.energy.evidence)
