"""PTSoftplus and PTSiLU: constants, bounds against the exact functions, gradients."""

import math

import pytest
import torch
from torch.nn import functional

from netx_export import activations
from netx_export.activations import pt_silu, pt_softplus

GRID = torch.linspace(-30.0, 30.0, 60_001, dtype=torch.float64)


def test_the_constants_are_the_published_ones():
    assert pytest.approx(0.528766, abs=1e-6) == activations.PT_SOFTPLUS_BREAK
    assert pytest.approx(0.913929, abs=1e-6) == activations.PT_SOFTPLUS_OFFSET
    assert pytest.approx(-1.791995, abs=1e-6) == activations.PT_SILU_BREAK
    assert pytest.approx(-0.228245, abs=5e-6) == activations.PT_SILU_OFFSET


def _values_and_slopes(function):
    x = GRID.clone().requires_grad_()
    y = function(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return y.detach(), slope


@pytest.mark.parametrize(
    ("approximation", "exact", "value_bound", "slope_bound"),
    [(pt_softplus, functional.softplus, 0.914, 0.371), (pt_silu, functional.silu, 0.316, 0.263)],
)
def test_quoted_bounds_hold_and_are_tight(approximation, exact, value_bound, slope_bound):
    value, slope = _values_and_slopes(approximation)
    exact_value, exact_slope = _values_and_slopes(exact)
    value_error = (value - exact_value).abs().max().item()
    slope_error = (slope - exact_slope).abs().max().item()
    assert value_bound - 0.003 < value_error <= value_bound
    assert slope_bound - 0.003 < slope_error <= slope_bound


@pytest.mark.parametrize(
    ("function", "at"),
    [(pt_softplus, activations.PT_SOFTPLUS_BREAK), (pt_silu, activations.PT_SILU_BREAK)],
)
def test_value_and_slope_are_continuous_at_the_break(function, at):
    x = torch.tensor([at - 1e-12, at, at + 1e-12], dtype=torch.float64, requires_grad=True)
    y = function(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    assert torch.allclose(y, y[1].expand(3), atol=1e-11, rtol=0)
    assert torch.allclose(slope, slope[1].expand(3), atol=1e-11, rtol=0)


@pytest.mark.parametrize("function", [pt_softplus, pt_silu])
def test_gradients_are_those_of_the_function(function):
    x = torch.linspace(-6.0, 6.0, 41, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function, (x,))


@pytest.mark.parametrize("function", [pt_softplus, pt_silu])
def test_large_inputs_stay_finite_in_value_and_gradient(function):
    x = torch.tensor([-2000.0, 2000.0], requires_grad=True)
    function(x).sum().backward()
    assert torch.isfinite(x.grad).all()
    assert math.isclose(function(x)[1].item(), 2000.0, rel_tol=1e-3)


def test_softplus_is_monotone_and_positive():
    y = pt_softplus(GRID)
    assert (y > 0).all()
    assert (y.diff() > 0).all()
