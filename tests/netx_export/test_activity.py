"""Counting codes, and the price on spikes."""

import math

import pytest
import torch

from netx_export.activity import CodeCounter, FiringPenalty, count_codes, spiking_names
from netx_export.quantizers import LearnedStepQuantizer
from tests.netx_export.small import small_model


def _counted(bits, signed, *inputs):
    quantizer = LearnedStepQuantizer(bits, signed=signed)
    with torch.no_grad():
        quantizer.step.fill_(1.0)
    counter = CodeCounter(quantizer)
    quantizer.observer = counter
    for x in inputs:
        quantizer(torch.tensor(x))
    return counter.activity()


def test_rate_entropy_and_constant_channels_of_unsigned_codes():
    activity = _counted(2, False, [[0.0, 3.0], [0.0, 1.0]], [[0.0, 3.0], [0.0, 1.0]])
    assert activity.firing_rate == pytest.approx((3 + 1) / (4 * 3))
    assert activity.entropy == pytest.approx(1.5)  # shares 1/2, 1/4, 1/4
    assert activity.constant_channels == 0.5


def test_signed_codes_count_with_their_magnitude():
    activity = _counted(2, True, [[-2.0, 1.0], [-2.0, -2.0]])
    assert activity.firing_rate == pytest.approx((2 + 1 + 2 + 2) / (4 * 3))
    assert activity.constant_channels == 0.5


def test_a_constant_code_has_no_entropy():
    activity = _counted(2, False, [[2.0, 2.0]])
    assert (activity.entropy, activity.constant_channels) == (0.0, 1.0)


def test_a_channel_must_be_constant_over_all_calls():
    assert _counted(2, False, [[1.0]], [[2.0]]).constant_channels == 0.0


def test_counts_agree_with_a_recording():
    model, windows = small_model()
    with torch.no_grad():
        with count_codes(model) as counters:
            model(windows)
        with model.record() as calls:
            model(windows)
    assert set(counters) == set(spiking_names(model))
    assert len(counters) == 12
    for name, counter in counters.items():
        codes = torch.stack([call.codes for call in calls[name]])
        shares = codes.unique(return_counts=True)[1] / codes.numel()
        activity = counter.activity()
        assert activity.firing_rate == pytest.approx(codes.abs().mean().item() / 3, rel=1e-5)
        entropy = -(shares * shares.log2()).sum().item()
        assert activity.entropy == pytest.approx(entropy, rel=1e-5, abs=1e-6)


def test_the_penalty_is_the_excess_of_every_rate():
    model, windows = small_model()
    with count_codes(model) as counters, torch.no_grad():
        model(windows)
    rates = [
        counter.activity().firing_rate
        for name, counter in counters.items()
        if not name.endswith((".dt_proj", ".scan.state"))
    ]
    assert len(rates) == 8
    penalty = FiringPenalty(model, target=0.2)
    with penalty.watch():
        model(windows)
    expected = math.fsum(max(0.0, rate - 0.2) for rate in rates)
    assert expected > 0
    assert penalty.cost().item() == pytest.approx(expected, rel=1e-5)


def test_the_penalty_pushes_inputs_down():
    model, windows = small_model()
    penalty = FiringPenalty(model, target=0.0)
    with penalty.watch():
        model(windows)
    before = penalty.cost()
    before.backward()
    bias = model.mixers[0].conv1d.bias
    assert bias.grad.sum() > 0  # a larger bias makes more spikes
