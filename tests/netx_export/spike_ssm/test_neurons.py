"""Spiking neurons: loop, compiled kernel and PMBC agree in spikes and gradients."""

import pytest

torch = pytest.importorskip("torch")

from netx_export.spike_ssm.neurons import (  # noqa: E402
    SpikingNeurons,
    compiled,
    parallel,
    sequential,
)

LENGTH, CHANNELS = 37, 70


def problem(seed=0, length=LENGTH, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    current = torch.randn(3, length, CHANNELS, generator=generator, dtype=dtype)
    theta = torch.rand(CHANNELS, generator=generator, dtype=dtype) + 0.5
    refractory = torch.rand(CHANNELS, generator=generator, dtype=dtype)
    weights = torch.randn(current.shape, generator=generator, dtype=dtype)
    return [tensor.requires_grad_() for tensor in (current, theta, refractory)], weights


def spikes_and_gradients(run, inputs, weights):
    spikes = run(*inputs)
    return spikes.detach(), *torch.autograd.grad((spikes * weights).sum(), inputs)


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("tau", [0.0, 0.2, 0.9])
def test_compiled_equals_the_loop(tau, hard):
    inputs, weights = problem()
    settings = {"tau": tau, "decay": 0.5, "hard": hard}
    expected = spikes_and_gradients(lambda *x: sequential(*x, **settings), inputs, weights)
    found = spikes_and_gradients(lambda *x: compiled(*x, **settings), inputs, weights)
    assert 0.02 < expected[0].mean() < 0.5
    assert torch.equal(expected[0], found[0])
    for one, other in zip(expected[1:], found[1:], strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)


def test_compiled_equals_the_loop_in_single_precision():
    inputs, _ = problem(dtype=torch.float32, length=200)
    settings = {"tau": 0.3, "decay": 0.7}
    assert torch.equal(sequential(*inputs, **settings), compiled(*inputs, **settings))


@pytest.mark.parametrize("tau", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("rounds", [1, 3, 8])
def test_every_spike_that_pmbc_settles_equals_the_loop(tau, rounds):
    inputs, _ = problem(1)
    expected = sequential(*inputs, tau=tau, decay=0.5)
    spikes, found = parallel(*inputs, tau=tau, decay=0.5, rounds=rounds)
    assert found.settled.any()
    assert torch.equal(spikes[found.settled], expected[found.settled])


def test_pmbc_with_as_many_rounds_as_steps_is_exact_with_its_gradients():
    inputs, weights = problem(2)
    settings = {"tau": 0.9, "decay": 0.8}
    expected = spikes_and_gradients(lambda *x: sequential(*x, **settings), inputs, weights)
    found = spikes_and_gradients(
        lambda *x: parallel(*x, **settings, rounds=LENGTH)[0], inputs, weights
    )
    assert parallel(*inputs, **settings, rounds=LENGTH)[1].unresolved == 0
    for one, other in zip(expected, found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("tau", [0.1, 0.2])
def test_three_rounds_settle_nearly_all_where_the_leak_is_fast(tau):
    generator = torch.Generator().manual_seed(3)
    current = torch.randn(4, 512, 32, generator=generator, dtype=torch.float64)
    theta, refractory = torch.ones(32, dtype=torch.float64), torch.full((32,), 0.1).double()
    _, found = parallel(current, theta, refractory, tau=tau, decay=0.5, rounds=3)
    assert found.unresolved <= 0.02


def test_bernoulli_neurons_repeat_their_numbers_and_pass_gradients_within_the_range():
    neurons = SpikingNeurons(5, "bernoulli", seed=3).eval()
    current = torch.linspace(-0.5, 1.5, 5).repeat(2, 300, 1).requires_grad_()
    spikes = neurons(current)
    assert torch.equal(spikes, neurons(current))
    assert torch.equal(spikes[0], spikes[1])
    rates = spikes.mean(dim=(0, 1))
    assert torch.allclose(rates, torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0]), atol=0.08)
    (gradient,) = torch.autograd.grad(spikes.sum(), current)
    assert gradient[0, 0].tolist() == [0.0, 1.0, 1.0, 1.0, 0.0]
