import pytest

from lava_spikyspace.hardware.accounting.baselines import (
    GRU_WIDTH,
    PUBLISHED_SPIKES,
    PUBLISHED_TASK,
    Task,
    baselines,
    float_mamba,
    gru,
    ispikformer,
    itransformer,
)
from lava_spikyspace.hardware.accounting.operations import energy_of
from lava_spikyspace.hardware.accounting.spikyspace import PUBLISHED_SIZES, Sizes
from lava_spikyspace.hardware.profile_files import load_accounting

CMOS45 = load_accounting("cmos45")


def count(module):
    return sum(values.numel() for values in module.parameters())


def test_parameters_agree_with_the_published_ones():
    for model in baselines(PUBLISHED_TASK, PUBLISHED_SIZES):
        claims = CMOS45.published.get(model.key)
        if claims is not None and claims.parameters.value is not None:
            assert model.parameters == pytest.approx(float(claims.parameters.value), rel=0.01)
    published = CMOS45.published["itransformer"].parameters.value
    assert gru(PUBLISHED_TASK, GRU_WIDTH).parameters == pytest.approx(float(published), rel=1e-4)


@pytest.mark.parametrize("task", [PUBLISHED_TASK, Task(12, 6, 7)])
def test_parameters_are_those_of_torch_modules(task):
    torch = pytest.importorskip("torch")
    nn = torch.nn
    recurrent = nn.ModuleList(
        [nn.GRU(task.channels, 48), nn.Linear(48, task.channels * task.horizon)]
    )
    assert gru(task, 48).parameters == count(recurrent)
    block = nn.TransformerEncoderLayer(256, 8, 1024)
    transformer = nn.ModuleList(
        [
            nn.Linear(task.window, 256),
            block,
            nn.TransformerEncoderLayer(256, 8, 1024),
            nn.LayerNorm(256),
            nn.Linear(256, task.horizon),
        ]
    )
    assert itransformer(task).parameters == count(transformer)


def test_matrix_products_are_counted_once_for_each_use_of_a_weight():
    task = Task(window=4, horizon=1, channels=2)
    blocks = 2 * (4 * 256 * 256 + 2 * 256 * 1024)
    products = 2 * (4 * 256 + blocks + 256)
    assert itransformer(task).counts.weight_access == products * 32
    attention = 2 * 2 * 2 * 2 * 256
    norms = (2 * 4 + 2) * 2 * 256
    assert itransformer(task).counts.multiply_accumulate_fp32 == products + attention + norms


def test_spikes_take_the_place_of_multiplications():
    task = PUBLISHED_TASK
    spiking = ispikformer(task, PUBLISHED_SPIKES).counts
    half = ispikformer(task, PUBLISHED_SPIKES / 2).counts
    assert half.accumulate_fp32 * 2 == spiking.accumulate_fp32
    assert half.multiply_accumulate_fp32 == spiking.multiply_accumulate_fp32
    # The encoder and the head work on real values.
    assert spiking.multiply_accumulate_fp32 == 321 * (168 * 3 * 4 + 256 * 3)
    assert float(PUBLISHED_SPIKES) == pytest.approx((3.19 / 0.9) / (9.47 / 4.6))


def test_the_float_block_multiplies_where_the_spiking_one_adds():
    sizes = Sizes(5, 2, 3, 1, 4, 2, 1)
    counts = float_mamba(sizes).counts
    assert counts.accumulate_int8 == counts.accumulate_fp32 == counts.shift == 0
    weights = 5 * (3 * 8 + 4 * 3 + 4 * 5 + 1 * 4 + 4 * 3) + 3 * 5 * 2
    assert counts.weight_access == weights * 32
    elementwise = 2 * 5 * 3 + 5 * 5 * 4 * 2 + 2 * 5 * 4
    assert counts.multiply_accumulate_fp32 == weights + elementwise


def test_the_order_of_the_comparison():
    energies = [
        float(energy_of(model.counts, CMOS45.operations).total)
        for model in baselines(PUBLISHED_TASK, PUBLISHED_SIZES)
    ]
    assert energies == sorted(energies, reverse=True)
