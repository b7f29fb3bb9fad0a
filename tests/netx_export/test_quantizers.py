"""Learned-step quantisers: codes, zero-point rules, start values, gradients, state dict."""

import math

import pytest
import torch

from lava_spikyspace.errors import InternalError
from netx_export.quantizers import MIN_STEP, LearnedStepQuantizer, published_zero_point


def _quantizer(bits, step, **options):
    quantizer = LearnedStepQuantizer(bits, **options)
    with torch.no_grad():
        quantizer.step.fill_(step)
    return quantizer


def test_unsigned_codes_round_half_to_even_and_clip():
    quantizer = _quantizer(2, 0.5)
    x = torch.tensor([-3.0, -0.1, 0.25, 0.26, 0.75, 1.25, 1.5, 9.0])
    assert quantizer.codes(x).tolist() == [0, 0, 0, 1, 2, 2, 3, 3]
    assert quantizer(x).tolist() == [0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 1.5, 1.5]


def test_signed_codes_reach_from_minus_two_to_one():
    quantizer = _quantizer(2, 1.0, signed=True)
    x = torch.tensor([-9.0, -1.5, -0.5, 0.5, 0.6, 9.0])
    assert quantizer.codes(x).tolist() == [-2, -2, 0, 0, 1, 1]


def test_one_signed_bit_has_no_zero():
    quantizer = _quantizer(1, 0.3, signed=True)
    assert quantizer.codes(torch.tensor([-5.0, -0.01, 0.0, 0.01, 5.0])).tolist() == [
        -1,
        -1,
        1,
        1,
        1,
    ]


@pytest.mark.parametrize(
    ("minimum", "expected"),
    [(-0.9, -1.0), (-1.4, -1.0), (-1.5, -2.0), (0.3, 0.25), (5.0, 4.0), (0.0, 0.0), (1e-9, 2**-30)],
)
def test_published_zero_point_is_the_nearest_power_of_two_of_the_minimum(minimum, expected):
    assert published_zero_point(torch.tensor([minimum, 7.0])).item() == expected


def test_published_zero_point_depends_on_the_call():
    quantizer = _quantizer(2, 1.0, zero_point="published")
    assert quantizer.codes(torch.tensor([-1.0, 0.0, 2.0])).tolist() == [0, 1, 3]
    assert quantizer.codes(torch.tensor([-2.0, 0.0, 2.0])).tolist() == [0, 2, 3]


def test_published_rule_has_no_zero_point_with_one_bit():
    quantizer = _quantizer(1, 1.0, zero_point="published")
    assert quantizer.codes(torch.tensor([-4.0, 0.4, 1.0])).tolist() == [0, 0, 1]
    assert quantizer.fixed_zero_point == 0.0


def test_freezing_fixes_the_zero_point():
    quantizer = _quantizer(2, 1.0, zero_point="published")
    assert quantizer.fixed_zero_point is None
    quantizer.freeze(-1.0)
    assert quantizer.fixed_zero_point == -1.0
    assert quantizer.codes(torch.tensor([-8.0, 0.0])).tolist() == [0, 1]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_zero_point_that_is_no_number_is_refused(value):
    with pytest.raises(InternalError, match="cannot freeze"):
        _quantizer(2, 1.0).freeze(value)


def test_signed_quantisers_have_no_zero_point_to_freeze():
    with pytest.raises(InternalError, match="signed=True"):
        _quantizer(2, 1.0, signed=True).freeze(1.0)


@pytest.mark.parametrize(
    ("bits", "signed", "expected"),
    [(2, False, 4 / math.sqrt(3)), (5, False, 4 / math.sqrt(31)), (2, True, 2.0), (1, True, 2.0)],
)
def test_published_start_follows_the_mean_rule(bits, signed, expected):
    quantizer = LearnedStepQuantizer(bits, signed=signed, start="published")
    x = torch.tensor([-1.0, 2.0, 3.0, -2.0])  # mean of |x| is 2
    quantizer(x)
    assert quantizer.step.item() == pytest.approx(2.0 * expected)


def test_percentile_start_puts_the_percentile_at_the_top_code():
    x = torch.linspace(-1.0, 1.0, 1001)
    quantizer = LearnedStepQuantizer(2)
    quantizer(x)
    assert quantizer.step.item() * 3 == pytest.approx(0.96, abs=1e-3)


def test_learned_zero_point_starts_at_the_low_percentile():
    quantizer = LearnedStepQuantizer(2, zero_point="learned")
    quantizer(torch.linspace(-1.0, 1.0, 1001))
    assert quantizer.zero_point.item() == pytest.approx(-0.96, abs=1e-3)
    assert quantizer.step.item() * 3 == pytest.approx(1.92, abs=1e-3)


@pytest.mark.parametrize("start", ["percentile", "published"])
def test_a_constant_zero_input_still_gives_a_positive_step(start):
    quantizer = LearnedStepQuantizer(2, start=start)
    quantizer(torch.zeros(8))
    assert quantizer.step.item() > 0


def test_start_happens_once():
    quantizer = LearnedStepQuantizer(2)
    quantizer(torch.ones(10))
    before = quantizer.step.item()
    quantizer(100 * torch.ones(10))
    assert quantizer.step.item() == before


def test_codes_before_the_start_are_an_error():
    with pytest.raises(InternalError, match="no tensor has passed"):
        LearnedStepQuantizer(2).codes(torch.ones(3))


def test_clamping_keeps_the_step_positive():
    quantizer = _quantizer(2, -0.5)
    quantizer.clamp_step()
    assert quantizer.step.item() == pytest.approx(MIN_STEP)


def _composed(x, step, zero_point, low, high):
    """The same function out of differentiable parts, rounding replaced by its detached error."""
    scaled = (x - zero_point) / step
    rounded = scaled + (torch.round(scaled) - scaled).detach()
    return torch.clamp(rounded, low, high) * step + zero_point


@pytest.mark.parametrize(("bits", "signed"), [(2, False), (5, False), (1, False), (2, True)])
def test_gradients_are_those_of_round_and_clip_passed_straight_through(bits, signed):
    torch.manual_seed(3)
    rule = "none" if signed else "learned"
    quantizer = _quantizer(bits, 0.37, signed=signed, zero_point=rule).double()
    x = torch.randn(200, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(200, dtype=torch.float64)
    (quantizer(x) * weights).sum().backward()

    other = x.detach().clone().requires_grad_()
    step = quantizer.step.detach().clone().requires_grad_()
    zero_point = torch.zeros((), dtype=torch.float64, requires_grad=True)
    (_composed(other, step, zero_point, quantizer.low, quantizer.high) * weights).sum().backward()
    scale = 1 / math.sqrt(200 * quantizer.high)
    assert torch.allclose(x.grad, other.grad)
    assert torch.allclose(quantizer.step.grad, step.grad * scale)
    if quantizer.zero_point is not None:
        assert torch.allclose(quantizer.zero_point.grad, zero_point.grad * scale)


def test_step_gradient_moves_the_step_towards_the_better_one():
    torch.manual_seed(0)
    x = torch.rand(4096)
    quantizer = _quantizer(2, 1.0)
    optimizer = torch.optim.SGD(quantizer.parameters(), lr=20.0)
    for _ in range(300):
        loss = (quantizer(x) - x).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        quantizer.clamp_step()
    # Uniform on 0..1: four levels 0, a, 2a, 3a fit best at a = 2/7.
    assert quantizer.step.item() == pytest.approx(2 / 7, abs=0.02)


def test_observer_receives_input_codes_and_zero_point():
    seen = []
    quantizer = _quantizer(2, 1.0, zero_point="published")
    quantizer.observer = seen.append
    x = torch.tensor([-1.0, 1.0])
    values = quantizer(x)
    assert len(seen) == 1
    assert seen[0].input is x
    assert seen[0].codes.tolist() == [0, 2]
    assert seen[0].zero_point.item() == -1.0
    assert torch.equal(seen[0].values, values)


def test_conversion_to_double_reaches_the_step():
    quantizer = _quantizer(2, 0.5).double()
    assert quantizer.step.dtype == torch.float64
    assert quantizer.codes(torch.tensor([0.6], dtype=torch.float64)).item() == 1


def test_powers_of_two_are_exact():
    # The decay and the published zero-point rely on it, in both dtypes.
    exponents = range(-126, 128)
    for dtype in (torch.float32, torch.float64):
        powers = torch.exp2(torch.tensor(list(exponents), dtype=dtype))
        assert powers.tolist() == [2.0**exponent for exponent in exponents]
