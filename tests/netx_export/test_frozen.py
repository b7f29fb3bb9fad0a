"""The frozen model against the torch model it was frozen from, in float64."""

import numpy as np
import pytest
import torch

from netx_export.activations import pt_silu, pt_softplus
from netx_export.calibration import calibrate, freeze, median_zero_point
from netx_export.config import Bits, ModelConfig
from netx_export.frozen import FrozenQuantiser, float_pt_silu, float_pt_softplus
from netx_export.spikyspace import SpikySpace

SMALL = ModelConfig(
    d_model=6, window=7, horizon=2, layers=2, d_inner=5, d_state=3, dt_rank=2, d_conv=3
)


def calibrated(config: ModelConfig, seed: int) -> tuple[SpikySpace, np.ndarray]:
    torch.manual_seed(seed)
    model = SpikySpace(config)
    windows = np.random.default_rng(seed).normal(size=(70, config.window, config.d_model))
    with torch.no_grad():
        model(torch.from_numpy(windows[:32].astype(np.float32)))
    calibrate(model, [windows[:32], windows[32:64], windows[64:]])
    return model, windows


@pytest.mark.parametrize("zero_point", ["none", "learned", "published"])
@pytest.mark.parametrize("bits", [Bits(), Bits(c=1, s=3, delta=4, x=1, y=1), Bits(y=4, x=3)])
@pytest.mark.parametrize("steps", [False, True])
def test_frozen_model_computes_what_the_torch_model_computes(zero_point, bits, steps) -> None:
    changes = {"zero_point": zero_point, "bits": bits, "weights": "int8", "channel_steps": steps}
    config = SMALL.model_copy(update=changes)
    model, windows = calibrated(config, 3)
    frozen = freeze(model)
    for mixer, exponents in zip(model.mixers, model.decay_exponents(), strict=True):
        mixer.decay_table = exponents.double()
    model.double()
    with torch.no_grad(), model.record() as calls:
        expected = model(torch.from_numpy(windows)).numpy()
    trace = frozen.run(windows)
    for name, seen in calls.items():
        codes = np.stack([call.codes.numpy() for call in seen], axis=1)
        found = trace.records[name]
        share = (codes.reshape(found.shape) == found).mean()
        # Sums that cancel are exactly 0 here and rounding noise there: ties may fall apart.
        assert share >= 0.995, (name, share)
    np.testing.assert_allclose(trace.forecasts, expected, atol=0.15)
    assert np.median(np.abs(trace.forecasts - expected)) < 1e-9


def test_activations_are_those_of_training() -> None:
    x = np.linspace(-9, 9, 4001)
    np.testing.assert_allclose(float_pt_softplus(x), pt_softplus(torch.from_numpy(x)).numpy())
    np.testing.assert_allclose(float_pt_silu(x), pt_silu(torch.from_numpy(x)).numpy())


@pytest.mark.parametrize(
    ("minima", "expected"),
    [
        ([-0.9, -1.1, -3.9], -1.0),
        ([0.24, 0.26, -8.0], 0.25),
        ([0.0, 0.0, 0.0], 0.0),
        ([-0.5, -1.0], -0.5),
        ([0.0, -2.0, -2.0], -2.0),
    ],
)
def test_zero_point_is_a_power_of_two_of_the_median_call(minima, expected) -> None:
    assert median_zero_point(np.array(minima)) == expected


def test_published_zero_points_come_from_batches_of_32() -> None:
    config = SMALL.model_copy(update={"zero_point": "published"})
    model, windows = calibrated(config, 5)
    quantizer = model.quantizers()["blocks.0.in_proj.scan"]
    fresh = SpikySpace(config)
    fresh.load_state_dict(
        {k: v for k, v in model.state_dict().items() if "frozen_zero_point" not in k}
    )
    minima = []
    with torch.no_grad(), fresh.record() as calls:
        for first in range(0, 70, 32):
            fresh(torch.from_numpy(windows[first : first + 32].astype(np.float32)))
    minima = [float(call.input.min()) for call in calls["blocks.0.in_proj.scan"]]
    assert len(minima) == 3
    assert quantizer.fixed_zero_point == median_zero_point(np.array(minima))
    states = calls["blocks.1.scan.state"]
    assert len(states) == 3 * 7
    state_minima = np.array([float(call.input.min()) for call in states])
    found = model.quantizers()["blocks.1.scan.state"]
    # Of all states, or of the elements one by one where that brings the forecasts closer.
    by_element = state_minima.reshape(3, 7).T
    elements = [median_zero_point(minima) for minima in by_element]
    if found.first_zero_points:
        first = found.first_zero_points
        assert [*first, *[found.fixed_zero_point] * (7 - len(first))] == elements
    else:
        assert found.fixed_zero_point == median_zero_point(state_minima)


def test_quantiser_rounds_half_to_even_and_clips() -> None:
    unsigned = FrozenQuantiser(alpha=0.5, zero_point=-1.0, bits=2)
    x = np.array([-9, -0.75, -0.25, 0.25, 0.26, 9])
    assert unsigned.codes(x).tolist() == [0, 0, 2, 2, 3, 3]
    signed = FrozenQuantiser(alpha=2.0, zero_point=0.0, bits=2, signed=True)
    assert signed.codes(np.array([-9.0, -1, 1, 3, 9])).tolist() == [-2, 0, 0, 1, 1]
    one_bit = FrozenQuantiser(alpha=2.0, zero_point=0.0, bits=1, signed=True)
    assert one_bit.codes(np.array([-0.1, 0.0, 0.1])).tolist() == [-1, 1, 1]
