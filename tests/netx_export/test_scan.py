"""The selective scan against a restatement with plain loops, and its gradients."""

import itertools

import numpy as np
import pytest
import torch

from netx_export.quantizers import LearnedStepQuantizer
from netx_export.scan import round_exponents, selective_scan


def _arguments(batch=2, length=5, channels=3, states=4, dtype=torch.float64):
    generator = torch.Generator().manual_seed(5)

    def normal(*shape):
        return torch.randn(*shape, generator=generator, dtype=dtype)

    return {
        "u": normal(batch, length, channels).abs(),
        "delta": normal(batch, length, channels).abs(),
        "A": -torch.arange(1, states + 1, dtype=dtype).repeat(channels, 1) * 0.7,
        "B": normal(batch, length, states),
        "C": normal(batch, length, states),
        "D": normal(channels),
    }


def _quantizer(step=0.4):
    quantizer = LearnedStepQuantizer(2).double()
    with torch.no_grad():
        quantizer.step.fill_(step)
    return quantizer


def _plain(u, delta, A, B, C, D, step):
    """Element by element, straight from the equations."""
    u, delta, A, B, C, D = (x.detach().numpy() for x in (u, delta, A, B, C, D))
    y = np.zeros_like(u)
    for b, d in itertools.product(range(u.shape[0]), range(u.shape[2])):
        h = [0.0] * A.shape[1]
        for t in range(u.shape[1]):
            total = 0.0
            for n in range(A.shape[1]):
                decay = 2.0 ** round(delta[b, t, d] * A[d, n])
                p = decay * h[n] + delta[b, t, d] * B[b, t, n] * u[b, t, d]
                h[n] = step * min(max(round(p / step), 0), 3)
                total += C[b, t, n] * h[n]
            y[b, t, d] = total + D[d] * u[b, t, d]
    return y


def test_the_scan_is_its_equations():
    arguments = _arguments()
    y = selective_scan(**arguments, quantize_state=_quantizer())
    assert np.allclose(y.detach().numpy(), _plain(**arguments, step=0.4), rtol=1e-12)


def test_given_exponents_replace_the_decay():
    arguments = _arguments()
    exponents = round_exponents(arguments["delta"].unsqueeze(-1), arguments["A"])
    quantizer = _quantizer()
    same = selective_scan(**arguments, quantize_state=quantizer, exponents=exponents)
    other = selective_scan(**arguments, quantize_state=quantizer, exponents=exponents - 1)
    assert torch.equal(same, selective_scan(**arguments, quantize_state=quantizer))
    assert not torch.equal(same, other)


@pytest.mark.parametrize(("learn", "moves"), [(True, True), (False, False)])
def test_decay_learns_only_where_it_is_asked_to(learn, moves):
    arguments = _arguments()
    arguments["A"].requires_grad_()
    y = selective_scan(**arguments, quantize_state=_quantizer(), learn_decay=learn)
    y.sum().backward()
    gradient = arguments["A"].grad
    assert (gradient is not None and bool(gradient.abs().sum() > 0)) is moves


def test_gradients_of_the_unquantised_scan_are_exact():
    # Without rounding the scan is smooth: autograd must agree with differences.
    arguments = _arguments(batch=1, length=3, channels=2, states=2)
    exponents = round_exponents(arguments["delta"].unsqueeze(-1), arguments["A"])
    names = ("u", "delta", "B", "C", "D")
    inputs = tuple(arguments[name].requires_grad_() for name in names)

    def smooth(u, delta, B, C, D):
        return selective_scan(u, delta, arguments["A"], B, C, D, lambda h: h, exponents=exponents)

    assert torch.autograd.gradcheck(smooth, inputs)


def test_straight_through_decay_has_the_slope_of_the_unrounded_one():
    # With integer delta * A the rounding does nothing, and the gradient is that of 2**(delta*A).
    generator = torch.Generator().manual_seed(1)
    delta = torch.ones(1, 4, 2, dtype=torch.float64)
    A = torch.tensor([[-1.0, -2.0], [-3.0, -1.0]], dtype=torch.float64, requires_grad=True)
    u, B, C = (torch.rand(1, 4, 2, generator=generator, dtype=torch.float64) for _ in range(3))
    D = torch.zeros(2, dtype=torch.float64)
    y = selective_scan(u, delta, A, B, C, D, lambda h: h)
    (rounded,) = torch.autograd.grad(y.sum(), A)

    smooth = A.detach().clone().requires_grad_()
    h = torch.zeros(1, 2, 2, dtype=torch.float64)
    total = torch.zeros(())
    for t in range(4):
        drive = delta[:, t, :, None] * B[:, t, None, :] * u[:, t, :, None]
        h = torch.exp2(delta[:, t, :, None] * smooth) * h + drive
        total = total + (h * C[:, t, None, :]).sum()
    (exact,) = torch.autograd.grad(total, smooth)
    assert torch.allclose(rounded, exact)


def test_exponents_round_ties_to_even_in_their_own_dtype():
    delta = torch.tensor([0.5, 1.5, 2.5])
    assert round_exponents(delta, torch.tensor(-1.0)).tolist() == [0.0, -2.0, -2.0]
