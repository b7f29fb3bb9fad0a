"""The calibration report: counts of codes, and warnings for layers that carry nothing."""

import json
from dataclasses import replace

import numpy as np
import pytest

from netx_export.calibration_report import (
    QUANTISER_RECORDS,
    CodeCounter,
    calibration_warnings,
)
from tests.random_frozen import Sizes, random_frozen_model, random_windows

SIZES = Sizes(variates=6, window=5, d_inner=4, d_state=3, blocks=2)


def reports(model, windows, chunk=7):
    counter = CodeCounter(model)
    model.run_chunks(windows, chunk, counter.add, keep_inputs=True)
    return counter.reports()


def warnings(model, windows):
    return {(found.where, found.code) for found in calibration_warnings(reports(model, windows))}


def with_quantiser(model, name, **changes):
    """Return the model with another quantiser in its first block."""
    block = model.blocks[0]
    changed = replace(block.quantisers[name], **changes)
    first = replace(block, quantisers={**block.quantisers, name: changed})
    return replace(model, blocks=(first, *model.blocks[1:]))


@pytest.fixture(scope="module")
def windows():
    return random_windows(5, SIZES, 30)


@pytest.fixture(scope="module")
def model():
    return random_frozen_model(3, SIZES, "zero")


def test_counts_are_those_of_the_codes(model, windows) -> None:
    found = reports(model, windows)
    trace = model.run(windows, keep_inputs=True)
    assert set(found) == set(trace.records)
    for name, report in found.items():
        codes = trace.records[name].reshape(-1, trace.records[name].shape[-1])
        x = trace.inputs[name]
        assert sum(report.histogram) == codes.size
        counted = {code: int((codes == code).sum()) for code in report.codes}
        assert dict(zip(report.codes, report.histogram, strict=True)) == counted
        assert report.channels == codes.shape[1]
        assert report.silent == int((codes == 0).all(axis=0).sum())
        assert report.always_firing == int((codes != 0).all(axis=0).sum())
        assert report.constant == int((codes == codes[0]).all(axis=0).sum())
        assert (report.minimum, report.maximum) == (x.min(), x.max())
        unclipped = np.rint((x - report.zero_point) / report.step)
        clipped = [(unclipped < report.codes[0]).mean(), (unclipped > report.codes[-1]).mean()]
        assert [report.clipped_low, report.clipped_high] == pytest.approx(clipped, abs=1e-12)


def test_report_is_plain_json(model, windows) -> None:
    for report in reports(model, windows).values():
        assert json.loads(json.dumps(report.to_dict())) == report.to_dict()


def test_every_quantiser_of_every_block_is_there(model, windows) -> None:
    expected = {f"blocks.{i}.{record}" for i in range(2) for record in QUANTISER_RECORDS}
    assert set(reports(model, windows)) == expected


def test_a_live_model_causes_no_warning(model, windows) -> None:
    assert warnings(model, windows) == set()


def test_a_dead_scan_is_named(model, windows) -> None:
    dead = with_quantiser(model, "y", alpha=1e-6)
    dead = replace(dead, blocks=(replace(dead.blocks[0], skip=np.full(4, 1e6)), *dead.blocks[1:]))
    found = warnings(dead, windows + 5)
    assert ("blocks.0.scan", "calibration-dead-scan") in found
    assert not [code for where, code in found if where == "blocks.1.scan" and "dead" in code]


def test_a_silent_layer_is_named(model, windows) -> None:
    assert ("blocks.0.conv", "calibration-silent-layer") in warnings(
        with_quantiser(model, "s", alpha=1e6), windows
    )


def test_a_saturated_layer_is_named_with_its_share(model, windows) -> None:
    saturated = with_quantiser(model, "c", zero_point=-64.0)
    (found,) = [
        one
        for one in calibration_warnings(reports(saturated, windows))
        if one.where == "blocks.0.in_proj.scan"
    ]
    assert found.code == "calibration-saturated-layer"
    assert "100.00% of the codes are 3" in found.message
    assert found.severity == "warning"
    assert found.hint


def test_one_bit_has_no_saturation(windows) -> None:
    sizes = replace(SIZES, bits={**SIZES.bits, "c": 1, "y": 1})
    model = with_quantiser(random_frozen_model(4, sizes, "zero"), "c", zero_point=-64.0)
    codes = {code for where, code in warnings(model, windows) if where == "blocks.0.in_proj.scan"}
    assert codes == set()
