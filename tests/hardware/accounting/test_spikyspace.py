"""The released accounting against its table of counts, and the sizes against a real model."""

from fractions import Fraction

import pytest

from lava_spikyspace.hardware.accounting.operations import (
    OPERATIONS,
    OperationCounts,
    energy_of,
    total,
)
from lava_spikyspace.hardware.accounting.spikyspace import (
    PUBLISHED_RATES,
    PUBLISHED_SIZES,
    Firing,
    FiringRates,
    Sizes,
    complete_stages,
    released_stages,
)
from lava_spikyspace.hardware.profile_files import load_accounting
from tests.random_networks import random_network

CMOS45 = load_accounting("cmos45").operations
PJ = 1e-9  # in mJ


def recount(L, DH, DS, DR, C, T, s, H, layers):
    """Energy of the released accounting in mJ, written out again from its table."""
    n = L * DH * DS
    mac = L * C * 2 * DH
    acc = (
        L * C
        + L * DH * 3 * T * s
        + L * DH * (DR + 2 * DS) * T * s
        + L * DR * DH * T * s
        + n * (3 * T * s + 2 * (T - 1) * s + 1)
        + DH * DS
        + (L - 1) * DH * DS * (T * s + (T - 1) + 1)
        + L * (DH * DS * T * s + DH * T * (DS - 1) + DH * (T - 1))
        + L * DH * (T * s + (T - 1) + 1)
        + L * DH * C * T * s
    )
    shift = L * DH * T * s + 2 * n + DH * DS + (L - 1) * DH * DS + L * DH
    moved = L * C * 32 + 3 * L * DH * T * s + L * DR * T * s
    weights = L * T * s * C * 2 * DH * 32 + 8 * T * s * L * (
        DH * 3 + DH * (DR + 2 * DS) + DR * DH + DH * C
    )
    weights += (n + L * DH + (2 * L - 1) * DH * DS) * 32
    compute = layers * (4.6 * mac + 0.05448 * acc + 0.024 * shift) + 4.6 * C * H
    reading = 0.098454 * (layers * weights + C * H * 32)
    moving = 0.18 * (layers * moved + C * 32)
    return compute * PJ, reading * PJ, moving * PJ


def test_the_released_accounting_at_the_settings_of_the_paper():
    counts = total(released_stages(PUBLISHED_SIZES, PUBLISHED_RATES).values())
    energy = energy_of(counts, CMOS45)
    assert float(energy.total) == pytest.approx(0.16867, abs=5e-6)
    assert float(energy.compute) == pytest.approx(0.09663, abs=1e-5)
    assert float(energy.weights) == pytest.approx(0.07108, abs=5e-6)
    assert float(energy.movement) == pytest.approx(0.00095, abs=5e-6)
    multiplied = float(counts.multiply_accumulate_fp32) * 4.6 * PJ
    assert multiplied == pytest.approx(0.09526, abs=5e-6)
    assert energy.total == energy.compute + energy.weights + energy.movement


@pytest.mark.parametrize(
    ("sizes", "steps", "rate"),
    [
        (PUBLISHED_SIZES, 3, "0.268"),
        (Sizes(12, 6, 207, 2, 41, 8, 13), 7, "0.1"),
        (Sizes(1, 1, 1, 1, 1, 1, 1), 1, "1"),
    ],
)
def test_every_count_of_the_table(sizes, steps, rate):
    stages = released_stages(sizes, FiringRates.uniform(steps, Fraction(rate)))
    energy = energy_of(total(stages.values()), CMOS45)
    expected = recount(
        sizes.window,
        sizes.d_inner,
        sizes.d_state,
        sizes.dt_rank,
        sizes.channels,
        steps,
        float(rate),
        sizes.horizon,
        sizes.layers,
    )
    found = (float(energy.compute), float(energy.weights), float(energy.movement))
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_dense_first_layer_is_most_of_it():
    stages = released_stages(PUBLISHED_SIZES, PUBLISHED_RATES)
    first = energy_of(stages["in_proj"], CMOS45).total
    whole = energy_of(total(stages.values()), CMOS45).total
    assert float(first / whole) == pytest.approx(0.88, abs=0.005)


def test_the_complete_accounting_adds_what_was_left_out_and_reads_dense_weights_once():
    released = released_stages(PUBLISHED_SIZES, PUBLISHED_RATES)
    complete = complete_stages(PUBLISHED_SIZES, PUBLISHED_RATES)
    assert set(complete) - set(released) == {"rmsnorm", "gate"}
    for stage in ("conv", "x_proj", "dt_proj", "PTSoftplus", "scan", "skip"):
        assert complete[stage] == released[stage]
    spikes = PUBLISHED_RATES.c.spikes
    assert complete["in_proj"].weight_access * spikes == released["in_proj"].weight_access
    assert complete["head"].multiply_accumulate_fp32 == 3 * 168 * 321
    assert complete["rmsnorm"].multiply_accumulate_fp32 == 3 * 2 * 168 * 321


def test_rates_of_single_encoders_reach_the_stages_that_they_drive():
    quiet = Firing(3, Fraction(0))
    for name, stages in {
        "c": {"conv"},
        "s": {"x_proj", "skip"},
        "delta": {"dt_proj"},
        "delta1": {"PTSoftplus", "scan"},
        "x": {"scan"},
    }.items():
        one = FiringRates(**{**vars(PUBLISHED_RATES), name: quiet})
        changed = {
            stage
            for stage, counts in complete_stages(PUBLISHED_SIZES, one).items()
            if counts != complete_stages(PUBLISHED_SIZES, PUBLISHED_RATES)[stage]
        }
        assert changed == stages, name


def test_sizes_of_a_network_are_read_from_its_layers():
    network = random_network(1, channels=7, window=9, horizon=2, d_inner=4, d_state=3, d_conv=5)
    assert Sizes.of(network) == Sizes(9, 2, 7, 2, 4, 3, 2, taps=5)


def test_parameters_are_those_of_the_torch_model():
    spikyspace = pytest.importorskip("netx_export.spikyspace")
    config = pytest.importorskip("netx_export.config")
    model = spikyspace.SpikySpace(
        config.ModelConfig(
            d_model=16, window=24, horizon=6, layers=2, d_inner=12, d_state=8, dt_rank=2, d_conv=3
        )
    )
    trained = sum(values.numel() for name, values in model.named_parameters() if "clip" not in name)
    assert Sizes(24, 6, 16, 2, 12, 8, 2).parameters == trained


def test_counts_add_and_scale():
    one = OperationCounts(shift=1, movement=Fraction(1, 3))
    assert (one + one * 2) == OperationCounts(shift=3, movement=1)
    assert list(one.to_dict()) == list(OPERATIONS)
