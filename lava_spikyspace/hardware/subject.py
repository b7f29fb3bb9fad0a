"""What is checked or estimated: a model of our own, or a plain NetX network of lava-dl."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from lava_spikyspace.hardware.describing import describe_plan
from lava_spikyspace.hardware.groups import GroupGraph
from lava_spikyspace.hardware.stock_describing import describe_stock_plan
from lava_spikyspace.hardware.work import WorkCoding
from lava_spikyspace.inputs import FileReference, ModelSource, file_of, resolve_network
from lava_spikyspace.netx.kind import file_kind
from lava_spikyspace.netx.stock.description import StockNetwork
from lava_spikyspace.netx.stock.selection import Settings, select_layers
from lava_spikyspace.plan import Coding, Plan
from lava_spikyspace.running import plan_of
from lava_spikyspace.stock.plan import StockPlan, make_stock_plan
from lava_spikyspace.stock.running import load_stock

HardwareSource: TypeAlias = ModelSource | StockNetwork
"""A network of either kind, the path of its file, or None for the bundled demo model."""

WHOLE = Settings()
"""All layers of a plain network, binary input, no reset."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A planned network.

    Parameters
    ----------
    plan : Plan or StockPlan
        Its processes.
    file : FileReference or None
        The model file; None for a network made in memory.
    coding : str
        ``graded``, ``unary``, or ``plain`` for a plain network.
    """

    plan: Plan | StockPlan
    file: FileReference | None
    coding: WorkCoding


def resolve_subject(
    model: HardwareSource, *, coding: Coding = "graded", settings: Settings = WHOLE
) -> Subject:
    """Return the plan of a model.

    Parameters
    ----------
    model : Network, StockNetwork, str, Path or None
        Network or model file of either kind; the bundled demo model by default.
    coding : {"graded", "unary"}
        Of a model of our own.
    settings : Settings
        What is taken of a plain network.

    Raises
    ------
    ModelFileError
        The file cannot be used.
    UsageError
        There is no such coding, or no layer is left.
    """
    if is_plain(model):
        network, file, _ = load_stock(model)  # type: ignore[arg-type] # as `is_plain` has found
        return Subject(make_stock_plan(select_layers(network, settings)), file, "plain")
    ours = resolve_network(model)  # type: ignore[arg-type]
    return Subject(plan_of(ours, coding), file_of(ours), coding)


def is_plain(model: HardwareSource) -> bool:
    """Whether a model is a plain NetX network.

    Parameters
    ----------
    model : Network, StockNetwork, str, Path or None
        Network or model file.
    """
    if isinstance(model, str | Path):
        return file_kind(model) == "stock"
    return isinstance(model, StockNetwork)


def describe(plan: Plan | StockPlan) -> GroupGraph:
    """Describe a plan of either kind as groups of neurons and synapses.

    Parameters
    ----------
    plan : Plan or StockPlan
        Processes of a network.
    """
    return describe_plan(plan) if isinstance(plan, Plan) else describe_stock_plan(plan)
