"""Steps below 0: the codes that the formula gives, in files whose comparators count upwards."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from lava_spikyspace.boundary import encode_windows
from lava_spikyspace.network import Normalisation
from netx_export.calibration_report import CodeCounter, calibration_warnings
from netx_export.checkpoint import load_published
from netx_export.config import PublishedModelConfig
from netx_export.formats import measure_agreement
from netx_export.lowering import lower
from netx_export.upright import MIRRORED
from tests.netx_export.published_cases import published_files
from tests.netx_export.test_lowering import WIDE
from tests.published_model import PublishedModel
from tests.random_frozen import Sizes, random_frozen_model, random_windows


def turned(block, names):
    """Return a block in which codes run the other way: the top code for the lowest input."""
    quantisers = dict(block.quantisers)
    for name in names:
        one = quantisers[name]
        top = 0 if one.signed else one.alpha * one.levels[-1]
        quantisers[name] = replace(one, alpha=-one.alpha, zero_point=one.zero_point + top)
    return replace(block, quantisers=quantisers)


@pytest.mark.parametrize("names", [*[(name,) for name in MIRRORED], MIRRORED, ("s", "x", "y")])
@pytest.mark.parametrize("seed", [1, 2])
def test_codes_and_forecasts_with_steps_below_zero(names, seed) -> None:
    sizes = Sizes()
    model = random_frozen_model(seed, sizes)
    model = replace(model, blocks=tuple(turned(block, names) for block in model.blocks))
    windows = random_windows(seed + 50, sizes, 40)
    trace = model.run(windows)
    network = lower(model, WIDE, trace.residual_max, Normalisation(kind="fixed"))
    agreement = measure_agreement(network, encode_windows(network, windows).messages, trace)
    assert agreement.worst >= 0.995, agreement.codes
    assert agreement.relative_l2 <= 1e-3 or agreement.worst < 1.0
    counter = CodeCounter(model)
    counter.add(model.run(windows, keep_inputs=True))
    found = [one for one in calibration_warnings(counter.reports()) if "negative" in one.code]
    assert len(found) == len(names) * sizes.blocks


def test_the_model_takes_them_as_the_published_one_does(tmp_path) -> None:
    checkpoint, settings, _ = published_files(tmp_path, 24)
    config = json.loads(settings.read_text())
    parameters = torch.load(checkpoint, weights_only=True)
    for name, value in parameters.items():
        if name.endswith(tuple(f".clip_{one}" for one in MIRRORED)):
            value.neg_()
    torch.save(parameters, checkpoint)
    published = PublishedModel(config)
    published.load_state_dict(parameters, strict=False)
    ours = load_published(checkpoint, PublishedModelConfig(**config)).model
    windows = torch.randn(9, config["window"], config["d_model"])
    with torch.no_grad():
        np.testing.assert_allclose(ours(windows), published(windows), rtol=1e-4, atol=1e-5)
