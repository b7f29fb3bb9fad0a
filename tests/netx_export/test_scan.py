"""The selective scan against a restatement with plain loops, and its gradients."""

import itertools
import multiprocessing

import numpy as np
import pytest
import torch

from netx_export.quantizers import LearnedStepQuantizer
from netx_export.scan import fused_scan, round_exponents, scan, selective_scan
from netx_export.threads import share


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


# --- the fused scan against the loop


FUSED_CASES = {
    "plain": {},
    "zero-point below": {"zero_point": -0.35},
    "zero-point above": {"zero_point": 0.25},
    "learned zero-point": {"rule": "learned", "zero_point": 0.1},
    "one bit": {"bits": 1},
    "four bits": {"bits": 4, "step": 0.1},
    "eight bits": {"bits": 8, "step": 0.01},
    "one step": {"length": 1},
    "one window": {"batch": 1, "states": 1},
    "odd sizes": {"batch": 3, "length": 7, "channels": 5, "states": 33},
    "growing states": {"sign": 1.0, "length": 3},
    "all but forgotten": {"sign": -400.0},
    "published decay": {"learn_decay": False},
}


def _fused_case(
    *,
    bits=2,
    step=0.4,
    rule="none",
    zero_point=0.0,
    sign=-1.0,
    learn_decay=True,
    dtype=torch.float64,
    **sizes,
):
    arguments = _arguments(dtype=dtype, **sizes)
    arguments["A"] = sign * arguments["A"].abs() * torch.linspace(0.1, 1, len(arguments["A"][0]))
    arguments["A"] = arguments["A"].to(dtype)
    quantizer = LearnedStepQuantizer(bits, zero_point=rule).to(dtype)
    with torch.no_grad():
        quantizer.step.fill_(step)
        if rule == "learned":
            quantizer.zero_point.fill_(zero_point)
    if rule == "none" and zero_point:
        quantizer.freeze(zero_point)
    return arguments, quantizer, learn_decay


def _results(function, arguments, quantizer, learn_decay):
    """Output, gradients by name, and every call of the state's quantiser."""
    calls = []
    quantizer.observer = calls.append
    quantizer.zero_grad(set_to_none=True)
    inputs = {name: x.detach().clone().requires_grad_() for name, x in arguments.items()}
    y = function(**inputs, quantize_state=quantizer, learn_decay=learn_decay)
    weights = torch.rand(y.shape, generator=torch.Generator().manual_seed(3), dtype=y.dtype)
    (y * weights).sum().backward()
    gradients = {name: x.grad for name, x in inputs.items()}
    gradients |= {name: x.grad for name, x in quantizer.named_parameters()}
    return y, gradients, calls


@pytest.mark.parametrize("case", FUSED_CASES)
def test_the_fused_scan_has_the_gradients_of_the_loop(case):
    arguments = _fused_case(**FUSED_CASES[case])
    expected, wanted, _ = _results(selective_scan, *arguments)
    found, gradients, _ = _results(scan, *arguments)
    assert torch.allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert gradients.keys() == wanted.keys()
    for name, gradient in wanted.items():
        assert gradients[name].shape == gradient.shape, name
        assert torch.allclose(gradients[name], gradient, rtol=1e-9, atol=1e-12), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("case", FUSED_CASES)
def test_the_fused_scan_has_the_codes_of_the_loop(case, dtype):
    arguments = _fused_case(**FUSED_CASES[case], dtype=dtype)
    _, _, expected = _results(selective_scan, *arguments)
    _, _, found = _results(scan, *arguments)
    assert len(found) == len(expected) == arguments[0]["u"].shape[1]
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours.codes, theirs.codes)
        assert torch.equal(ours.values, theirs.values)
        assert torch.equal(ours.input, theirs.input)
        assert torch.equal(ours.step, theirs.step)
        assert torch.equal(ours.zero_point, theirs.zero_point)


def test_codes_on_ties_are_those_of_the_loop():
    # Everything is a multiple of half a step or of half an exponent: ties all over.
    generator = torch.Generator().manual_seed(8)

    def halves(*shape):
        return torch.randint(-4, 5, shape, generator=generator).float() / 2

    arguments = {
        "u": halves(2, 6, 3),
        "delta": halves(2, 6, 3).abs(),
        "A": -torch.arange(1.0, 5.0).repeat(3, 1),
        "B": halves(2, 6, 4),
        "C": halves(2, 6, 4),
        "D": halves(3),
    }
    quantizer = LearnedStepQuantizer(2)
    with torch.no_grad():
        quantizer.step.fill_(0.5)
    _, wanted, expected = _results(selective_scan, arguments, quantizer, True)
    _, gradients, found = _results(scan, arguments, quantizer, True)
    for ours, theirs in zip(found, expected, strict=True):
        assert torch.equal(ours.codes, theirs.codes)
    for name, gradient in wanted.items():
        assert torch.allclose(gradients[name], gradient, rtol=1e-5, atol=1e-5), name


def test_the_fused_scan_does_not_depend_on_the_number_of_threads():
    arguments = _fused_case(batch=5, length=9, channels=4, states=6, dtype=torch.float32)
    before = torch.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3, 8):
            torch.set_num_threads(threads)
            results.append(_results(scan, *arguments)[:2])
    finally:
        torch.set_num_threads(before)
    for y, gradients in results[1:]:
        assert torch.equal(y, results[0][0])
        for name, gradient in gradients.items():
            assert torch.equal(gradient, results[0][1][name]), name


def test_strided_arguments_are_taken():
    arguments, quantizer, _ = _fused_case()
    pair = torch.cat((arguments["B"], arguments["C"]), dim=-1)
    split = {**arguments, **dict(zip("BC", pair.split(4, dim=-1), strict=True))}
    split["u"] = arguments["u"].transpose(1, 2).contiguous().transpose(1, 2)
    assert torch.equal(
        fused_scan(**split, quantizer=quantizer), fused_scan(**arguments, quantizer=quantizer)
    )


def test_what_the_kernels_do_not_do_falls_to_the_loop():
    arguments, _, _ = _fused_case()
    quantizer = LearnedStepQuantizer(2, zero_point="published").double()
    with torch.no_grad():
        quantizer.step.fill_(0.4)
    assert torch.equal(
        scan(**arguments, quantize_state=quantizer),
        selective_scan(**arguments, quantize_state=quantizer),
    )
    exponents = round_exponents(arguments["delta"].unsqueeze(-1), arguments["A"]) - 1
    quantizer = _quantizer()
    assert torch.equal(
        scan(**arguments, quantize_state=quantizer, exponents=exponents),
        selective_scan(**arguments, quantize_state=quantizer, exponents=exponents),
    )


def _fill(array, first, last):
    array[first:last] += 1


@pytest.mark.parametrize("items", [0, 1, 2, 7])
def test_every_item_is_shared_out_once(items):
    array = np.zeros(items)
    share(_fill, items, array)
    assert np.array_equal(array, np.ones(items))


def test_a_failing_share_is_heard_of():
    def fail(first, last):
        if last > 1:
            raise ValueError(f"{first}")

    with pytest.raises(ValueError, match=r"0|1"):
        share(fail, 2)


def _filled_in_child(queue):
    array = np.zeros(4)
    share(_fill, 4, array)
    queue.put(array.tolist())


def test_a_forked_process_shares_anew():
    share(_fill, 4, np.zeros(4))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_filled_in_child, args=(queue,))
    child.start()
    assert queue.get(timeout=60) == [1.0] * 4
    child.join()
