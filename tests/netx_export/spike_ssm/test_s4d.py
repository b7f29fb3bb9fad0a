"""S4D for training: convolution and recursion agree, coefficients lie on the grid of the file."""

import pytest

torch = pytest.importorskip("torch")

from lava_spikyspace.spike_ssm.s4d_formats import DECAY_BITS  # noqa: E402
from netx_export.spike_ssm.s4d import READOUT_BITS, DiagonalS4d  # noqa: E402


@pytest.mark.parametrize("rounded", [False, True])
def test_convolution_equals_recursion(rounded):
    torch.manual_seed(0)
    layer = DiagonalS4d(6, 4, rounded=rounded).double()
    x = torch.randn(2, 50, 6, dtype=torch.float64)
    torch.testing.assert_close(layer(x), layer.step_by_step(x), rtol=1e-8, atol=1e-8)


def test_coefficients_lie_on_the_grid_and_inside_the_unit_circle():
    torch.manual_seed(1)
    layer = DiagonalS4d(40, 8)
    with torch.no_grad():
        layer.log_dt.fill_(-30.0)  # decays that round to 1
        used = layer.coefficients()
    parts = torch.view_as_real(used.decay.to(torch.complex128)) * 2.0**DECAY_BITS
    assert torch.equal(parts, parts.round())
    assert (parts.square().sum(-1) < 2.0 ** (2 * DECAY_BITS)).all()
    grid = layer.readout_grid(used.readout, used.skip).double()
    codes = torch.view_as_real(used.readout.to(torch.complex128)) * grid[:, None, None]
    torch.testing.assert_close(codes, codes.round(), rtol=0, atol=1e-6)
    assert codes.abs().max() < 2 ** (READOUT_BITS - 1)


def test_gradients_pass_through_the_rounding():
    torch.manual_seed(2)
    layer = DiagonalS4d(3, 4)
    layer(torch.randn(2, 20, 3)).square().sum().backward()
    for parameter in layer.parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
        assert parameter.grad.abs().sum() > 0
