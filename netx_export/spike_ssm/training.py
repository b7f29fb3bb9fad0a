"""Training of SPikE-SSM-style models on labelled sequences."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from netx_export.spike_ssm.config import SpikeSsmConfig, SpikeSsmTraining
from netx_export.spike_ssm.model import SpikeSsm
from netx_export.spike_ssm.tasks import Sequences, Task

UNRESOLVED_WARNING = 0.02
"""Share of spikes left open by PMBC above which training warns."""

EVALUATION_BATCH = 256


@dataclass(frozen=True)
class ClassificationReport:
    """What one epoch brought.

    Parameters
    ----------
    epoch : int
        Counted from 0.
    loss : float
        Mean training loss, firing penalty included.
    accuracy : float
        On the test sequences.
    firing_rate : float
        Mean over the blocks on the test sequences.
    unresolved : float
        Largest share of spikes that PMBC left open in the last update; 0 for other engines.
    """

    epoch: int
    loss: float
    accuracy: float
    firing_rate: float
    unresolved: float


def fit_classifier(
    task: Task,
    config: SpikeSsmConfig,
    settings: SpikeSsmTraining,
    on_epoch: Callable[[ClassificationReport], None] | None = None,
) -> SpikeSsm:
    """Train a classifier; the last epoch counts, no test result selects anything.

    Parameters
    ----------
    task : Task
        Sequences.
    config : SpikeSsmConfig
        Settings of the model.
    settings : SpikeSsmTraining
        Settings of the training.
    on_epoch : callable, optional
        Called with a `ClassificationReport` after every epoch.
    """
    torch.manual_seed(settings.seed)
    model = SpikeSsm(config)
    optimizer = make_optimizer(model, settings)
    count = len(task.train)
    updates = settings.epochs * -(-count // settings.batch_size)
    schedule = OneCycleLR(
        optimizer, [group["lr"] for group in optimizer.param_groups], total_steps=updates
    )
    inputs, labels = torch.from_numpy(task.train.inputs), torch.from_numpy(task.train.labels)
    for epoch in range(settings.epochs):
        model.train()
        total = 0.0
        for batch in torch.split(torch.randperm(count), settings.batch_size):
            logits = model(inputs[batch])
            loss = functional.cross_entropy(logits, labels[batch])
            loss = loss + settings.firing_penalty * excess_firing(model, settings.firing_target)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip_norm)
            optimizer.step()
            schedule.step()
            total += float(loss.item()) * len(batch)
        report = _report(model, task.test, epoch, total / count)
        if on_epoch is not None:
            on_epoch(report)
    return model.eval()


def excess_firing(model: SpikeSsm, target: float) -> Tensor:
    """Return how far the firing rates of the last call lie above a target, mean over the blocks."""
    return functional.relu(model.firing_rates() - target).mean()


def make_optimizer(model: SpikeSsm, settings: SpikeSsmTraining) -> AdamW:
    """Return AdamW: weight decay on weight matrices only, slower rates for the dynamics."""
    matrices, dynamics, others = [], [], []
    for name, parameter in model.named_parameters():
        if name.endswith("linear.weight"):
            matrices.append(parameter)
        elif name.endswith(("log_dt", "log_A_real", "A_imag")):
            dynamics.append(parameter)
        else:
            others.append(parameter)
    rate = settings.learning_rate
    return AdamW(
        [
            {"params": matrices, "lr": rate, "weight_decay": settings.weight_decay},
            {"params": dynamics, "lr": min(rate, 1e-3), "weight_decay": 0.0},
            {"params": others, "lr": rate, "weight_decay": 0.0},
        ]
    )


def classify(model: SpikeSsm, sequences: Sequences) -> tuple[Tensor, float]:
    """Return the logits of sequences, (sequence, class), and the mean firing rate."""
    model.eval()
    logits, rates = [], 0.0
    with torch.no_grad():
        for part in torch.split(torch.from_numpy(sequences.inputs), EVALUATION_BATCH):
            logits.append(model(part))
            rates += float(model.firing_rates().mean()) * len(part)
    return torch.cat(logits), rates / len(sequences)


def _report(model: SpikeSsm, test: Sequences, epoch: int, loss: float) -> ClassificationReport:
    unresolved = max(block.neurons.unresolved for block in model.blocks)
    if unresolved > UNRESOLVED_WARNING:
        warnings.warn(
            f"PMBC left {unresolved:.1%} of the spikes open after {model.config.rounds} rounds; "
            "more rounds, or a smaller tau",
            stacklevel=3,
        )
    logits, rate = classify(model, test)
    right = (logits.argmax(dim=1) == torch.from_numpy(test.labels)).double().mean()
    return ClassificationReport(epoch, loss, float(right), rate, float(unresolved))
