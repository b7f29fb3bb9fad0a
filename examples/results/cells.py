"""What is measured: data sets, models and their settings. A cell is one of each, and a seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from netx_export.config import ModelConfig, TrainConfig, roomy

Settings = Mapping[str, Any]

CODES = ("c", "s", "delta", "delta1", "x", "y")
"""Quantisers that send spikes; an ablation of bits changes these."""


@dataclass(frozen=True)
class Task:
    """A data set with its settings; every trained model gets `training` as its budget.

    Parameters
    ----------
    title, file : str
        Name for people, and the table's file.
    window : int
        Rows that a forecast sees.
    split : tuple of float
        Shares of training, validation and test windows.
    horizons, compared : tuple of int
        Rows predicted: all, and those where trained baselines stand beside.
    model : mapping
        Settings of SpikySpace that differ from the defaults of `lss train`.
    training : mapping
        Likewise of the training; epochs, windows per epoch and batches are the budget.
    missing : float, optional
        Value of the table that means missing; without such targets, ours is scored once more.
    float_epochs : int
        Epochs of that budget in which SpikySpace learns without codes, before it gets them.
    codes : mapping
        Settings of the training with codes after those epochs.
    """

    title: str
    file: str
    window: int
    split: tuple[float, float, float]
    horizons: tuple[int, ...]
    compared: tuple[int, ...]
    model: Settings = field(default_factory=dict)
    training: Settings = field(default_factory=dict)
    missing: float | None = None
    float_epochs: int = 0
    codes: Settings = field(default_factory=dict)


TASKS: dict[str, Task] = {
    "metr_la_week": Task(
        title="METR-LA, one week, 207 sensors",
        file="metr_la_week_207.npz",
        window=12,
        split=(0.7, 0.2, 0.1),
        horizons=(3, 6, 12),
        compared=(3,),
        training={"epochs": 20, "batch_size": 32},
    ),
    "metr_la_10": Task(
        title="METR-LA, 10 sensors, four months",
        file="metr_la_10.npz",
        window=12,
        split=(0.7, 0.2, 0.1),
        horizons=(3, 6, 12, 24),
        compared=(12, 24),
        missing=0.0,
        training={
            "epochs": 8,
            "epoch_windows": 5000,
            "valid_windows": 2000,
            "batch_size": 64,
            "input_dropout": 0.0,
        },
    ),
    "pjm": Task(
        title="PJM load, 10 zones",
        file="pjm_hourly_10.npz",
        window=168,
        split=(0.6, 0.2, 0.2),
        horizons=(3, 24),
        compared=(24,),
        model={"d_inner": 16, "d_state": 16, "dt_rank": 2, "normalisation": "instance"},
        training={
            "epochs": 8,
            "epoch_windows": 4096,
            "valid_windows": 1000,
            "batch_size": 32,
            "learning_rate": 5e-3,
            "input_dropout": 0.0,
        },
    ),
    "hangzhou": Task(
        title="Hangzhou metro, 80 stations",
        file="hangzhou_metro_80.npz",
        window=48,
        split=(0.6, 0.2, 0.2),
        horizons=(3, 12),
        compared=(12,),
        model={"d_state": 16, "channel_steps": True},
        training={"epochs": 78, "batch_size": 32, "input_dropout": 0.2, "patience": None},
        float_epochs=26,
        codes={"targets": "initial", "mixed_windows": 0.5, "input_dropout": 0.0},
    ),
}


@dataclass(frozen=True)
class Variant:
    """SpikySpace with other settings.

    Parameters
    ----------
    title : str
        Name for people.
    model, training : mapping
        What differs from the task's settings.
    dropped : tuple of str
        Settings of the task's model that do not apply.
    """

    title: str
    model: Settings = field(default_factory=dict)
    training: Settings = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


def _bits(width: int) -> Settings:
    return {"bits": dict.fromkeys(CODES, width)}


PUBLISHED = Variant(
    "SpikySpace, published recipe",
    model={"zero_point": "published", "normalisation": "fixed"},
    training={
        "loss": "mse",
        "loss_units": "normalised",
        "firing_penalty": 0.0,
        "input_dropout": 0.0,
        "schedule": "constant",
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
    },
    dropped=("d_inner", "d_state", "dt_rank", "channel_steps"),
)

VARIANTS: dict[str, Variant] = {
    "ours": Variant("SpikySpace, ours"),
    "published": PUBLISHED,
    "float": Variant(
        "SpikySpace, float", model={"quantised": False}, training={"firing_penalty": 0.0}
    ),
    **{f"bits-{b}": Variant(f"ours, {b} bit", model=_bits(b)) for b in (1, 3, 4)},
    **{
        f"exact-{b}": Variant(
            f"ours, exact functions, {b} bit", model={**_bits(b), "activations": "exact"}
        )
        for b in (1, 2, 4)
    },
    "zero-learned": Variant("ours, zero-points learned", model={"zero_point": "learned"}),
    "zero-published": Variant(
        "ours, zero-points of the batch",
        model={
            "zero_point": "published",
            "internal_zero_point": "learned",
            "step_start": "percentile",
            "scan_start": "spread",
            "weights": "int8",
        },
        training={"head_start": "best"},
    ),
}

NETWORKS = {"gru": "GRU", "itransformer": "iTransformer", "ispikformer": "iSpikformer"}
LINEAR = {"persistence": "Persistence", "ridge": "Ridge regression"}

TERMS = {f"exp2-{n}": n for n in range(9)}
"""Models that are `ours` with so many terms of the power of two in the file."""

LAVA = "lava"
"""The file of `ours` on Lava, against the batch engine."""

MASKED = "masked"
"""The file of `ours`, persistence and ridge without missing targets."""

ABLATIONS = tuple(name for name in VARIANTS if name not in ("ours", "published", "float"))
ABLATION_TASK = ("metr_la_week", 3)


@dataclass(frozen=True)
class Cell:
    """One entry of the results.

    Parameters
    ----------
    task : str
        Key of `TASKS`.
    horizon : int
        Rows predicted at once.
    model : str
        Key of `VARIANTS`, `NETWORKS`, `LINEAR` or `TERMS`; or `LAVA` or `MASKED`.
    seed : int
        Of all random numbers.
    """

    task: str
    horizon: int
    model: str
    seed: int = 0

    @property
    def key(self) -> str:
        """Name of the cell, and of its files."""
        return f"{self.task}-h{self.horizon}-{self.model}-s{self.seed}"

    def settings(self, variates: int) -> tuple[ModelConfig, TrainConfig]:
        """Return the settings of a table with so many variates."""
        task = TASKS[self.task]
        variant = VARIANTS.get(self.model, VARIANTS["ours"])
        kept = {name: value for name, value in task.model.items() if name not in variant.dropped}
        sizes = {"d_model": variates, "window": task.window, "horizon": self.horizon}
        training = {**task.training, **variant.training, "seed": self.seed}
        return ModelConfig(**roomy({**kept, **variant.model, **sizes})), TrainConfig(**training)

    def phases(self, variates: int) -> list[tuple[ModelConfig, TrainConfig]]:
        """Return the settings of the trainings one after another; together they are the budget."""
        model, training = self.settings(variates)
        task = TASKS[self.task]
        first = task.float_epochs
        if not first or not model.quantised or model.zero_point == "published":
            return [(model, training)]
        floats = model.model_copy(update={"quantised": False, "channel_steps": False})
        return [
            (floats, training.model_copy(update={"epochs": first, "firing_penalty": 0.0})),
            (model, training.model_copy(update={"epochs": training.epochs - first, **task.codes})),
        ]


def _of_the_files() -> Iterator[Cell]:
    """Yield what is measured of the files of `ours` and trains nothing."""
    for name, task in TASKS.items():
        yield from (Cell(name, h, LAVA) for h in task.compared)
        if task.missing is not None:
            yield from (Cell(name, h, MASKED) for h in task.horizons)
    yield from (Cell(*ABLATION_TASK, model) for model in TERMS)


def all_cells() -> Iterator[Cell]:
    """Yield every cell, those that matter most first."""
    for name, task in TASKS.items():
        for horizon in task.horizons:
            yield from (Cell(name, horizon, model) for model in LINEAR)
    for seed in range(3):
        for name, task in TASKS.items():
            yield from (Cell(name, h, "ours", seed) for h in task.horizons)
            if seed:  # what codes cost is told from as many float models
                yield from (Cell(name, h, "float", seed) for h in task.compared)
        if seed == 0:
            yield from _of_the_files()
            for model in ("float", "published", *NETWORKS):
                for name, task in TASKS.items():
                    yield from (Cell(name, h, model) for h in task.compared)
            yield from (Cell(*ABLATION_TASK, model) for model in ABLATIONS)
    for name, task in TASKS.items():
        rest = [h for h in task.horizons if h not in task.compared]
        yield from (Cell(name, h, "float") for h in rest)
