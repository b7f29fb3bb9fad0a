"""Make the bundled demo model again: generate its data, train, export.

Needs the export extra (torch). Takes a few minutes on two cores:

    python examples/train_demo.py --out build/demo

The folder then holds ``demo.npz`` (the series), ``demo.pt`` (the checkpoint) and ``demo.net`` (the
integers). The bundled files are such a run with the default settings.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from lava_spikyspace.datasets import read_table
from lava_spikyspace.demo.road_speeds import RoadSpeeds, generate_road_speeds
from netx_export.config import ModelConfig, TrainConfig
from netx_export.exporting import export
from netx_export.training import EpochReport, fit
from netx_export.writer import write_network

DAYS = 56
SEED = 0
SPLIT = (0.7, 0.2, 0.1)
MODEL = ModelConfig(
    d_model=16, window=24, horizon=6, layers=2, d_inner=12, d_state=8, dt_rank=2, d_conv=3
)


def save_series(series: RoadSpeeds, path: Path) -> None:
    """Write the series as an npz file that every command reads."""
    np.savez_compressed(
        path,
        values=series.values.astype(np.float32),
        timestamps=series.timestamps.astype(np.int64),
        names=np.array(series.names),
    )


def report(epoch: EpochReport) -> None:
    """Print one line per epoch."""
    print(f"epoch {epoch.epoch}: loss {epoch.loss:.4f}, validation R2 {epoch.valid_r2:.4f}")


def main() -> None:
    """Generate, train and export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/demo"))
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    data = arguments.out / "demo.npz"
    save_series(generate_road_speeds(DAYS, SEED), data)
    table = read_table(data)
    trained = fit(
        table,
        MODEL,
        # Data enough for so small a model: dropout would only cost accuracy.
        TrainConfig(epochs=arguments.epochs, seed=SEED, input_dropout=0.0),
        split=SPLIT,
        checkpoint=arguments.out / "demo.pt",
        force=True,
        on_epoch=report,
    )
    for name in ("test", "persistence"):
        print(
            name,
            {
                key: round(value, 4)
                for key, value in trained.provenance.metrics[name]["all"].items()
            },
        )
    result = export(trained, table)
    write_network(result.network, arguments.out / "demo.net", force=True)
    print(f"least equal codes {result.agreement.worst:.5%}, {arguments.out / 'demo.net'} written")


if __name__ == "__main__":
    main()
