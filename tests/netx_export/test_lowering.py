"""Integers against the frozen float model on random live networks."""

import math
from dataclasses import replace

import numpy as np
import pytest

from lava_spikyspace.backends.batch import collect_records, run_layers
from lava_spikyspace.boundary import decode_forecasts, encode_windows
from lava_spikyspace.intervals import dense_product_magnitude, limb_intervals
from lava_spikyspace.network import (
    DENSE_BITS,
    EXACT_BITS,
    MESSAGE_BITS,
    WIDE_MESSAGE_BITS,
    Normalisation,
    NormEncoderLayer,
    ResidualLayer,
)
from netx_export.budget import Budget, Formats, WidthError
from netx_export.formats import WIDEST, measure_agreement
from netx_export.lowering import lower
from tests.random_frozen import DEFAULT_BITS, Sizes, random_frozen_model, random_windows

PLAIN = Normalisation(kind="fixed")
WIDE = Formats(residual=16, gate=18, b=18, c=18, state=20)
METR_LA = Sizes(variates=207, window=12, blocks=3, d_inner=41, d_state=32, dt_rank=13)


def entropy(codes: np.ndarray) -> float:
    share = np.unique(codes, return_counts=True)[1] / codes.size
    return float(-(share * np.log2(share)).sum())


@pytest.mark.parametrize("zero_point", ["zero", "positive", "negative", "mixed"])
@pytest.mark.parametrize(
    "sizes",
    [
        Sizes(),
        Sizes(bits=dict.fromkeys(DEFAULT_BITS, 1)),
        Sizes(bits={**DEFAULT_BITS, "c": 3, "s": 4, "x": 3, "y": 4, "delta1": 3}),
        Sizes(variates=1, window=1, horizon=1, blocks=1, d_inner=1, d_state=1, dt_rank=1),
        Sizes(window=3, d_conv=5, horizon=1),
        Sizes(window=30, d_conv=1, d_state=9),
    ],
    ids=["plain", "1-bit", "mixed-bits", "ones", "conv-longer-than-window", "long"],
)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_codes_and_forecasts_of_live_networks(sizes: Sizes, zero_point: str, seed: int) -> None:
    model = random_frozen_model(seed, sizes, zero_point)
    windows = random_windows(seed + 50, sizes, 40)
    trace = model.run(windows)
    network = lower(model, WIDE, trace.residual_max, PLAIN)
    agreement = measure_agreement(network, encode_windows(network, windows).messages, trace)
    # Small networks repeat few sums, so that one sum beside a threshold weighs a lot.
    assert agreement.worst >= 0.995, agreement.codes
    assert agreement.relative_l2 <= 1e-3 or agreement.worst < 1.0


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_demanded_agreement_at_full_size(seed: int) -> None:
    model = random_frozen_model(seed, METR_LA, "zero")
    windows = random_windows(seed + 50, METR_LA, 40)
    trace = model.run(windows)
    assert sum(entropy(codes) >= 0.5 for codes in trace.records.values()) >= 20
    network = lower(model, WIDE, trace.residual_max, PLAIN)
    agreement = measure_agreement(network, encode_windows(network, windows).messages, trace)
    assert agreement.worst >= 0.999
    assert agreement.relative_l2 <= 1e-3


def test_forecasts_come_back_in_the_units_of_the_table() -> None:
    sizes = Sizes()
    model = random_frozen_model(5, sizes)
    windows = random_windows(6, sizes)
    trace = model.run(windows)
    mean, scale = np.linspace(50, 60, 7), np.linspace(5, 20, 7)
    network = lower(
        model, WIDE, trace.residual_max, Normalisation(kind="fixed", mean=mean, scale=scale)
    )
    encoded = encode_windows(network, windows * scale + mean)
    outputs = run_layers(network, encoded.messages, strict=True)
    found = decode_forecasts(network, outputs["head"].message, encoded)
    np.testing.assert_allclose(found, trace.forecasts * scale + mean, atol=2e-3)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("zero_point", ["zero", "positive", "negative"])
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_wide_messages_decide_as_the_frozen_model(bits, zero_point, seed) -> None:
    """With every message in limbs a code differs where an accumulator is on a threshold."""
    encoders = dict.fromkeys(("c", "s", "delta", "delta1", "x", "y"), bits)
    sizes = Sizes(variates=9, window=11, d_inner=7, d_state=5, bits={**Sizes().bits, **encoders})
    model = random_frozen_model(100 * bits + seed, sizes, zero_point)
    windows = random_windows(500 + seed, sizes, 60)
    trace = model.run(windows)
    whole = math.ceil(math.log2(2 * trace.residual_max))
    formats = replace(WIDEST, residual=min(WIDEST.residual, 31 - whole), gate=25)
    network = lower(model, formats, trace.residual_max, PLAIN, roots=trace.roots)
    assert network.is_wide("input")
    assert network.is_wide("blocks.0.norm")
    assert all(layer.theta_limbs for layer in network if isinstance(layer, NormEncoderLayer))
    agreement = measure_agreement(network, encode_windows(network, windows).messages, trace)
    assert agreement.worst >= 0.9999, agreement.codes
    assert agreement.relative_l2 <= 2e-4
    run_layers(network, encode_windows(network, windows).messages, strict=True)


@pytest.mark.parametrize("formats", [WIDE, WIDEST])
def test_every_width_is_within_its_budget_and_limbs_fit_a_dense(formats) -> None:
    model = random_frozen_model(3, METR_LA)
    network = lower(model, replace(formats, residual=min(formats.residual, 26)), 6.0, PLAIN)
    split = 0
    for layer in network:
        for name, interval in layer.ranges.items():
            widest = WIDE_MESSAGE_BITS if layer.MAY_BE_WIDE else MESSAGE_BITS
            assert interval.bits <= (widest if name == "message" else EXACT_BITS)
        if isinstance(layer, NormEncoderLayer | ResidualLayer):
            message = network[layer.inputs[0]].ranges["message"]
            split += len(layer.limbs)
            for limb in limb_intervals(message, layer.limbs):
                assert limb.bits <= MESSAGE_BITS
                assert dense_product_magnitude(layer.weight, limb) < 1 << DENSE_BITS
    assert split > 0


def test_formats_that_do_not_fit_are_refused_with_the_layer_and_the_limit() -> None:
    model = random_frozen_model(3, METR_LA)
    with pytest.raises(WidthError, match=r"input message: \d+ bits, at most 32"):
        lower(model, replace(WIDE, residual=30), 6.0, PLAIN)
    with pytest.raises(WidthError) as refused:
        lower(model, WIDE, 6.0, PLAIN, Budget(value_bits=30))
    assert {finding.limit for finding in refused.value.findings} == {30}


def test_convolution_pads_with_the_value_0_not_with_the_code_0() -> None:
    """With a zero-point, the first elements of a window have thresholds of their own."""
    sizes = Sizes(d_conv=4, window=6)
    model = random_frozen_model(21, sizes, "negative")
    windows = random_windows(22, sizes, 60)
    trace = model.run(windows)
    network = lower(model, WIDE, trace.residual_max, PLAIN)
    theta = network["blocks.0.conv"].theta
    assert not np.array_equal(theta[0], theta[-1])
    records = collect_records(
        network, run_layers(network, encode_windows(network, windows).messages)
    )
    for element in range(3):
        equal = records["blocks.0.conv"][:, element] == trace.records["blocks.0.conv"][:, element]
        assert equal.mean() >= 0.99


def test_growing_states_saturate_like_the_frozen_model() -> None:
    """A negative step size makes the decay a left shift; huge ones must not overflow."""
    sizes = Sizes(window=8)
    model = random_frozen_model(31, sizes, "negative")
    blocks = tuple(
        replace(block, exponents=block.exponents + np.array([0, 4, 40, 90])[:, None, None])
        for block in model.blocks
    )
    model = replace(model, blocks=blocks)
    windows = random_windows(32, sizes, 40)
    trace = model.run(windows)
    network = lower(model, WIDE, trace.residual_max, PLAIN)
    agreement = measure_agreement(network, encode_windows(network, windows).messages, trace)
    assert agreement.codes["blocks.0.scan.state"] >= 0.999
