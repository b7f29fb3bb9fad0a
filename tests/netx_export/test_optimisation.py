"""Parameter groups, schedules and losses."""

import pytest
import torch

from netx_export.config import TrainConfig
from netx_export.optimisation import ForecastLoss, make_optimizer, make_schedule
from tests.netx_export.small import small_model


def test_only_weight_matrices_decay():
    model, _ = small_model(zero_point="learned")
    settings = TrainConfig(learning_rate=1e-2, step_rate_factor=0.5, weight_decay=0.1)
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    groups = [
        ({names[id(p)] for p in group["params"]}, group["weight_decay"], group["lr"])
        for group in make_optimizer(model, settings).param_groups
    ]
    matrices, others, steps = groups
    assert sum(len(group[0]) for group in groups) == len(names)
    assert matrices[1:] == (0.1, 1e-2)
    assert others[1:] == (0.0, 1e-2)
    assert steps[1:] == (0.0, 5e-3)
    kinds = {name.removeprefix("layers.1.mixer.") for name in matrices[0]}
    assert {"in_proj.weight", "conv1d.weight", "x_proj.weight", "out_proj.weight"} <= kinds
    assert {"layers.0.norm.weight", "layers.0.mixer.A_log", "layers.0.mixer.D"} <= others[0]
    assert {"forecast_head.bias", "layers.0.mixer.dt_proj.bias"} <= others[0]
    assert {"layers.0.mixer.clip_x.step", "layers.0.mixer.clip_x.zero_point"} <= steps[0]


def _rates(settings, updates):
    model, _ = small_model()
    optimizer = make_optimizer(model, settings)
    schedule = make_schedule(optimizer, settings, updates)
    rates = []
    for _ in range(updates):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def test_one_cycle_rises_to_the_peak_and_falls():
    rates = _rates(TrainConfig(learning_rate=1e-2, warmup=0.3), 20)
    peak = rates.index(max(rates))
    assert max(rates) == pytest.approx(1e-2, rel=0.02)
    assert 4 <= peak <= 7
    assert rates[:peak] == sorted(rates[:peak])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] < 1e-4


def test_constant_rate():
    assert _rates(TrainConfig(learning_rate=1e-2, schedule="constant"), 12) == [1e-2] * 12


@pytest.mark.parametrize(
    ("loss", "units", "expected"),
    [
        ("mse", "normalised", (1.0 + 4.0) / 2),
        ("mse", "file", (0.25 + 9.0) / 2),
        ("mae", "file", (0.5 + 3.0) / 2),
        ("huber", "file", (0.125 + 2.5) / 2),
    ],
)
def test_losses(loss, units, expected):
    function = ForecastLoss(TrainConfig(loss=loss, loss_units=units), torch.tensor([0.5, 1.5]))
    forecast, target = torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[2.0, 4.0]]])
    assert function(forecast, target).item() == pytest.approx(expected)
