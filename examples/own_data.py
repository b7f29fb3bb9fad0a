"""From a table of one's own to a file of integers, and its forecasts.

    python examples/own_data.py speeds.csv --window 12 --horizon 3 --epochs 30
    python examples/own_data.py            # trains briefly on ten days of six bundled roads

Shows: reading a table, quantisation-aware training, export with proven widths, and the score of
the integers on the test windows. Needs torch (the extra ``export``).

Prints: the table's size, one line per epoch, how well the integers agree with the float model, and
R2 of the model beside persistence and ridge regression. Keeps ``model.pt`` and ``model.net``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import lava_spikyspace as lss
from lava_spikyspace.datasets import read_table
from lava_spikyspace.demo import demo_data_path
from netx_export.config import ModelConfig, TrainConfig
from netx_export.exporting import export
from netx_export.training import fit
from netx_export.writer import write_network

SPLIT = (0.7, 0.2, 0.1)
ROWS_PER_DAY = 96
"""Rows of a day in the bundled data."""


def cut_of_the_demo(folder: Path, days: int = 10, variates: int = 6) -> Path:
    """Write the end of some bundled series as a CSV file, as if they were one's own."""
    table = read_table(demo_data_path())
    rows = table.values[-days * ROWS_PER_DAY :, :variates]
    path, header = folder / "speeds.csv", ",".join(table.names[:variates])
    np.savetxt(path, rows, fmt="%.2f", delimiter=",", header=header, comments="")
    return path


def main() -> None:
    """Train, export, evaluate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path, nargs="?", help="CSV, npz, npy, parquet or h5")
    parser.add_argument("--window", type=int, default=12)
    parser.add_argument("--horizon", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--folder", type=Path, default=Path("own-data"), help="for what is made")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)

    table = read_table(options.table or cut_of_the_demo(options.folder))
    print(f"{table.path}: {table.rows} rows of {table.variates} variates")
    sizes = ModelConfig(
        d_model=table.variates,
        window=options.window,
        horizon=options.horizon,
        layers=2,
        d_inner=32,
        d_state=8,
    )
    trained = fit(
        table,
        sizes,
        TrainConfig(epochs=options.epochs),
        split=SPLIT,
        checkpoint=options.folder / "model.pt",
        force=True,
        on_epoch=lambda epoch: print(
            f"epoch {epoch.epoch + 1}: validation R2 {epoch.valid_r2:.4f}, "
            f"firing rate {epoch.firing_rate:.1%}"
        ),
    )

    result = export(trained, table)
    write_network(result.network, options.folder / "model.net", force=True)
    print(
        f"integers: codes agree to at least {min(result.agreement.codes.values()):.4%}, "
        f"forecasts to {result.agreement.relative_l2:.1e} (relative L2)"
    )
    for warning in result.diagnostics:
        print(f"  {warning}")

    scored = lss.evaluate(options.folder / "model.net", table, clip_input=True)
    for name, scores in scored.scores.items():
        print(f"R2 on {len(scored.windows)} test windows, {name}: {scores['all']['r2']:.4f}")


if __name__ == "__main__":
    main()
