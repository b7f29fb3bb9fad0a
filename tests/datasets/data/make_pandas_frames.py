"""Write the two HDF5 files beside this script with pandas itself.

The project reads such files with h5py and needs neither pandas nor PyTables for them; only this
script does (written with pandas 2.2.3 and PyTables 3.10). The numbers are plain enough to be
restated in the tests.
"""

from pathlib import Path

import numpy as np
import pandas as pd

ROWS, VARIATES = 20, 4


def main() -> None:
    """Write a frame with text columns, as METR-LA has, and one with integers, as PEMS-BAY."""
    folder = Path(__file__).parent
    values = np.arange(ROWS * VARIATES).reshape(ROWS, VARIATES) / 8.0
    times = pd.date_range("2012-03-01", periods=ROWS, freq="5min")
    texts = pd.DataFrame(values, times, ["773869", "767541", "767542", "717447"])
    texts.to_hdf(folder / "pandas_strings.h5", key="df", mode="w")
    integers = pd.DataFrame(values, times, [400001, 400017, 400030, 400040])
    integers.columns.name = "sensor_id"
    integers.to_hdf(folder / "pandas_integers.h5", key="speed", mode="w")


if __name__ == "__main__":
    main()
