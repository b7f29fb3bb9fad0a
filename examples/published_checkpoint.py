"""Run a checkpoint in the layout of the published SpikySpace code.

    python examples/published_checkpoint.py PUBLISHED.pt MODEL.json --data TABLE
    python examples/published_checkpoint.py     # makes a small one in the same layout

Shows: what has to stand in ``model.json`` (sizes, widths, scaler), how the zero-points of the
published scheme, which depend on the batch, are frozen on training windows, and that the file of
integers replays its golden windows. Needs torch (the extra ``export``).

Prints: the sizes, the frozen zero-points of the first block, warnings of the calibration, the
agreement of codes, and the verdict on the golden windows. Keeps ``published.net``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

import lava_spikyspace as lss
from lava_spikyspace.datasets import Table, read_table
from lava_spikyspace.demo import demo_data_path
from netx_export.config import ModelConfig, TrainConfig
from netx_export.exporting import export, load_trained
from netx_export.training import fit
from netx_export.writer import write_network


def main() -> None:
    """Load, export, verify."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path, nargs="?")
    parser.add_argument("config", type=Path, nargs="?", help="model.json")
    parser.add_argument("--data", type=Path, help="the table it was trained on")
    parser.add_argument("--folder", type=Path, default=Path("published"), help="for what is made")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    checkpoint, config = options.checkpoint, options.config
    table = read_table(options.data) if options.data else six_roads()
    if checkpoint is None:
        checkpoint, config = make_published(options.folder, table)

    trained = load_trained(checkpoint, config)
    sizes = trained.config
    print(
        f"{checkpoint}: {sizes.layers} blocks, {sizes.d_model} variates, "
        f"{sizes.inner_channels} inner channels, {sizes.d_state} states each"
    )
    result = export(trained, table)
    for name, report in result.quantisers.items():
        if name.startswith("blocks.0."):
            print(f"  {name}: zero-point {report.zero_point:g}, step {report.step:.4g}")
    for warning in result.diagnostics:
        print(f"  {warning}")
    print(f"codes agree to at least {min(result.agreement.codes.values()):.4%}")

    model = options.folder / "published.net"
    write_network(result.network, model, force=True)
    verdict = lss.verify(model, backend="batch")
    print(f"{model}: golden windows {'replayed' if verdict.ok else 'NOT replayed'}")


def six_roads() -> Table:
    """Return some variates of the bundled table."""
    table = read_table(demo_data_path())
    return table.match(table.names[:6])


def make_published(folder: Path, table: Table) -> tuple[Path, Path]:
    """Write a small model in the published layout: parameters alone, and ``model.json``.

    A file that holds nothing but the parameters is all that the published code saves.
    """
    sizes = ModelConfig(
        d_model=table.variates, window=12, horizon=3, layers=2, d_state=8, zero_point="published"
    )
    briefly = TrainConfig(epochs=1, epoch_windows=256, valid_windows=128)
    trained = fit(table, sizes, briefly, split=(0.7, 0.2, 0.1))
    torch.save(dict(trained.model.state_dict()), folder / "published.pt")
    scaler = trained.scaler
    config = {
        **sizes.model_dump(mode="json", exclude_none=True),
        "scaler": {"mean": scaler.mean.tolist(), "scale": scaler.scale.tolist()},
        "variates": list(table.names),
    }
    (folder / "model.json").write_text(json.dumps(config, indent=1))
    return folder / "published.pt", folder / "model.json"


if __name__ == "__main__":
    main()
