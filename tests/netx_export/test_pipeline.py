"""From the raw file to the forecasts of the integers: same seed, same numbers."""

import numpy as np
import pytest
import torch

from lava_spikyspace.datasets import read_table
from lava_spikyspace.evaluation import evaluate
from netx_export.checkpoint import load_checkpoint
from netx_export.config import ModelConfig, TrainConfig
from netx_export.exporting import ExportOptions, export
from netx_export.training import fit
from netx_export.writer import write_network
from tests.netx_export.small import SIZES, small_table

SPLIT = (0.6, 0.2, 0.2)
MODELS = [
    {"normalisation": "instance", "channel_steps": True},
    pytest.param({}, marks=pytest.mark.slow),
    pytest.param({"zero_point": "published"}, marks=pytest.mark.slow),
]


def _pipeline(raw, folder, config):
    """Read, train, export, write, evaluate; return the bytes of all files and the evaluation."""
    folder.mkdir()
    table = read_table(raw)
    settings = TrainConfig(
        epochs=2, batch_size=16, epoch_windows=40, input_dropout=0.2, firing_penalty=0.1, seed=3
    )
    fit(table, config, settings, split=SPLIT, checkpoint=folder / "model.pt")
    trained = load_checkpoint(folder / "model.pt")
    write_network(export(trained, table, ExportOptions(golden=2)).network, folder / "model.net")
    scored = evaluate(folder / "model.net", raw, clip_input=True, out=folder / "run").to_dict()
    files = ("model.pt", "model.net", "run/forecasts.csv")
    return {name: (folder / name).read_bytes() for name in files}, scored["metrics"]


@pytest.mark.parametrize("changes", MODELS)
def test_same_seed_same_checkpoint_same_integers(tmp_path, monkeypatch, changes):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    raw = tmp_path / "waves.csv"
    table = small_table(rows=140)
    np.savetxt(raw, table.values, delimiter=",", header=",".join(table.names), comments="")
    config = ModelConfig(**{**SIZES, **changes})
    files, metrics = _pipeline(raw, tmp_path / "one", config)
    torch.rand(3)  # neither the caller's random state nor the threads matter
    before = torch.get_num_threads()
    torch.set_num_threads(2 if before == 1 else 1)
    try:
        again, same = _pipeline(raw, tmp_path / "two", config)
    finally:
        torch.set_num_threads(before)
    for file, content in files.items():
        assert again[file] == content, file
    assert same == metrics
