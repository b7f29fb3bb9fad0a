"""Int8 weights: symmetric rows, zero rows, straight-through gradient."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from netx_export.weights import fake_int8, int8_rows


def test_the_largest_weight_of_a_row_is_127_steps():
    codes, scale = int8_rows(torch.tensor([[0.5, -1.0, 0.25], [2.0, 0.0, -0.02]]))
    assert codes.tolist() == [[64, -127, 32], [127, 0, -1]]
    assert torch.allclose(scale, torch.tensor([1.0, 2.0]) / 127)


def test_a_row_of_zeros_has_scale_one():
    codes, scale = int8_rows(torch.tensor([[0.0, 0.0], [1.0, 2.0]]))
    assert codes[0].tolist() == [0, 0]
    assert scale[0].item() == 1.0


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(0, 1000), rows=st.integers(1, 5), columns=st.integers(1, 6))
def test_rounding_moves_a_weight_by_at_most_half_a_step(seed, rows, columns):
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(rows, columns, generator=generator, dtype=torch.float64)
    codes, scale = int8_rows(weight)
    assert codes.abs().max() <= 127
    assert ((weight - codes * scale[:, None]).abs() <= scale[:, None] * 0.5000001).all()


def test_fake_int8_is_the_dequantised_weight_and_passes_gradients():
    weight = torch.randn(4, 1, 3, requires_grad=True)
    rounded = fake_int8(weight)
    codes, scale = int8_rows(weight.detach())
    assert torch.equal(rounded, codes * scale[:, None, None])
    assert not torch.equal(rounded, weight)
    gradient = torch.randn(4, 1, 3)
    rounded.backward(gradient)
    assert torch.equal(weight.grad, gradient)


def test_rounding_twice_changes_nothing():
    weight = torch.randn(6, 7, dtype=torch.float64)
    once = fake_int8(weight)
    assert torch.allclose(fake_int8(once), once, rtol=1e-14, atol=0)
