"""Exports of checkpoints in the published layout: the fused engine equals the NumPy engine."""

from __future__ import annotations

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from lava_spikyspace.boundary import encode_windows  # noqa: E402 - after the check for torch
from lava_spikyspace.datasets import (  # noqa: E402
    Scaler,
    input_windows,
    read_table,
    split_windows,
    target_windows,
)
from netx_export.exporting import ExportOptions, export, load_trained  # noqa: E402
from tests.backends.fused.test_engine import compare, views_of  # noqa: E402
from tests.netx_export.published_cases import published_files  # noqa: E402
from tests.published_model import train_published  # noqa: E402

BITS = {"c": 2, "s": 2, "delta": 2, "pts": 5, "delta1": 2, "x": 2, "y": 2, "y1": 5}

WIDE_FORMATS = {"residual": 24, "gate": 24, "b": 22, "c": 22, "state": 20}
"""Fraction bits that large models get: messages go in limbs, and so do thresholds."""


def check_equal(network, values):
    """Compare both engines on windows of a table, as views and one by one."""
    every = range(len(values) - network.window + 1)
    windows = input_windows(values, network.window, np.asarray(every))
    messages = encode_windows(network, windows, clip=True).messages
    assert compare(network, np.ascontiguousarray(messages[::7])) == []
    norm = network.normalisation
    if norm.kind == "fixed":
        rows = np.concatenate([messages[0], messages[1:, -1]])
        assert compare(network, views_of(rows, network.window), "unary", chunk=11) == []


@pytest.mark.parametrize("seed", [2, 10, 24])
def test_random_checkpoints(tmp_path, seed):
    checkpoint, config, table = published_files(tmp_path, seed)
    options = ExportOptions(golden=0, formats=WIDE_FORMATS)
    network = export(load_trained(checkpoint, config), table, options).network
    assert network.is_wide("input")
    assert network["blocks.0.in_proj.gate"].theta_limbs
    check_equal(network, table.values)


@pytest.mark.slow
def test_a_checkpoint_of_hangzhou_size(tmp_path, shared_data):
    table = read_table(shared_data / "hangzhou_metro_80.npz")
    window, horizon, split = 48, 12, (0.6, 0.2, 0.2)
    parts = split_windows(table.rows, window, horizon, split)
    scaler = Scaler.fit(table.values[: len(parts.train) - 1 + window + horizon])
    train = np.asarray(parts.train)[::8]
    config = {
        "bits": BITS, "zero_point": "published", "variates": None, "d_model": 80,
        "window": window, "horizon": horizon, "layers": 2, "d_state": 16, "dt_rank": "auto",
        "d_conv": 3, "expand": 2.0,
        "scaler": {"mean": scaler.mean.tolist(), "scale": scaler.scale.tolist()},
    }  # fmt: skip
    model = train_published(
        config,
        scaler.normalise(input_windows(table.values, window, train)),
        scaler.normalise(target_windows(table.values, window, horizon, train)),
        epochs=1,
    )
    torch.save(model.state_dict(), tmp_path / "published.pt")
    (tmp_path / "model.json").write_text(json.dumps(config))
    trained = load_trained(tmp_path / "published.pt", tmp_path / "model.json")
    network = export(trained, table, ExportOptions(split=split, golden=0)).network
    assert network.is_wide("input")
    check_equal(network, table.values[-100:])
