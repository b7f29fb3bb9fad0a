"""Random untrained checkpoints in the published layout, of all sizes that such a file may have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lava_spikyspace.datasets import Table
from tests.published_model import PublishedModel

ROWS = 90


def published_files(folder: Path, seed: int, **settings: Any) -> tuple[Path, Path, Table]:
    """Write ``published.pt`` and ``model.json`` of a random model; give them and a table for it.

    Entries of ``model.json`` that `settings` name are not drawn.

    The parameters come from the restated model after one forward pass, which starts its steps.
    Then the skip weights are moved below 0, the decay rates up, the steps and the norms about.
    """
    rng = np.random.default_rng([77, seed])
    config = {**_config(rng), **settings}
    values = np.cumsum(rng.normal(scale=0.2, size=(ROWS, config["d_model"])), axis=0)
    if rng.random() < 0.6:
        values = 50 + 10 * values
        scale = values.std(axis=0) + 0.1
        config["scaler"] = {"mean": values.mean(axis=0).tolist(), "scale": scale.tolist()}
    names = None
    if rng.random() < 0.5:
        names = tuple(f"sensor {index}" for index in range(config["d_model"]))
        config["variates"] = list(names)
    torch.save(_parameters(rng, config), folder / "published.pt")
    (folder / "model.json").write_text(json.dumps(config))
    table = Table(values, names, None, Path("walks.csv"), sha256="0" * 64)
    return folder / "published.pt", folder / "model.json", table


def _config(rng: np.random.Generator) -> dict[str, Any]:
    def pick(*choices: Any) -> Any:
        return choices[int(rng.integers(len(choices)))]

    narrow = {name: int(rng.integers(1, 5)) for name in ("c", "s", "delta", "delta1", "x", "y")}
    size = {"expand": pick(1.0, 1.5, 2.0, 3.0)}
    if rng.random() < 0.5:
        size = {"d_inner": pick(1, 2, 4, 6)}
    return {
        "d_model": pick(1, 1, 2, 3, 5, 8),
        "window": pick(1, 2, 3, 6),
        "horizon": pick(1, 1, 2, 4),
        "layers": pick(1, 2, 3, 4),
        "d_state": pick(1, 2, 3, 8),
        "d_conv": pick(1, 2, 3, 4, 5),
        "dt_rank": pick("auto", 1, 2),
        **size,
        "bits": {**narrow, "pts": pick(3, 4, 5, 6, 7, 8), "y1": pick(3, 4, 5, 6, 7, 8)},
        "zero_point": "published",
        "scaler": None,
        "variates": None,
    }


def _parameters(rng: np.random.Generator, config: dict[str, Any]) -> dict[str, torch.Tensor]:
    torch.manual_seed(int(rng.integers(1 << 30)))
    model = PublishedModel(config)
    with torch.no_grad():
        model(torch.randn(16, config["window"], config["d_model"]))
    parameters = {name: value.detach().clone() for name, value in model.state_dict().items()}
    is_fast, moves_steps = rng.random() < 0.5, rng.random() < 0.5
    for name, value in parameters.items():
        if name.endswith(".D"):
            value.copy_(torch.from_numpy(rng.normal(-1, 1, value.shape)))
        elif name.endswith(".A_log") and is_fast:
            value.add_(float(rng.choice([2, 5, 10])))
        elif name.endswith("norm.weight"):
            value.copy_(torch.from_numpy(rng.normal(1, 0.5, value.shape)))
        elif ".clip_" in name:
            # A step of nothing is what a layer of zeros starts with; no file can have it.
            factor = 2.0 ** rng.uniform(-2, 1) if moves_steps else 1.0
            value.copy_(value * factor if value > 0 else torch.tensor(0.1))
    if rng.random() < 0.7:
        unused = ("encoder.weight", "fc_out.bias", "layers.0.mixer.res_proj.weight")
        parameters.update({name: torch.zeros(3, 3) for name in unused})
    return parameters
