"""One small table, written in every form that the readers take."""

import gzip
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ROWS, VARIATES = 24, 3
VALUES = np.random.default_rng(7).normal(50.0, 12.0, (ROWS, VARIATES))
NAMES = ("773869", "north gate", "é-7")
TIMES = np.datetime64("2012-03-01T00:00:00") + np.arange(ROWS) * np.timedelta64(300, "s")


def csv_text(values=VALUES, names=NAMES, times=TIMES) -> str:
    head = ["timestamp", *names] if times is not None else names
    lines = [",".join(head)]
    for row, numbers in enumerate(values.tolist()):
        cells = [repr(number) for number in numbers]
        lines.append(",".join(cells if times is None else [str(times[row]), *cells]))
    return "\n".join(lines) + "\n"


def plain_text(values=VALUES) -> str:
    return "".join(",".join(map(repr, numbers)) + "\n" for numbers in values.tolist())


def write_hdf5(path: Path, values=VALUES, names=NAMES, times=TIMES, key="df", **options) -> None:
    with h5py.File(path, "w") as file:
        frame = file.create_group(key)
        items = np.array([name.encode() for name in names])
        frame["axis0"] = items
        frame["axis1"] = times.astype("datetime64[ns]").astype(np.int64)
        frame["axis1"].attrs["kind"] = np.bytes_("datetime64")
        frame["block0_items"] = items
        frame.create_dataset("block0_values", data=values, **options)


def write_parquet(path: Path, values=VALUES, names=NAMES, times=TIMES) -> None:
    columns = {name: values[:, index] for index, name in enumerate(names)}
    pq.write_table(pa.table({"timestamp": times, **columns}), path)


def write_form(folder: Path, ending: str) -> Path:
    """Write the table as the form of `ending`; gives the path."""
    path = folder / f"table{ending}"
    seconds = TIMES.astype(np.int64)
    if ending.endswith(".gz"):
        text = csv_text() if ".csv" in ending else plain_text()
        path.write_bytes(gzip.compress(text.encode(), mtime=0))
    elif ending == ".csv":
        path.write_text(csv_text(), encoding="utf-8")
    elif ending == ".txt":
        path.write_text(plain_text(), encoding="utf-8")
    elif ending == ".npz":
        np.savez(path, values=VALUES, timestamps=seconds, names=np.array(NAMES))
    elif ending == ".npy":
        np.save(path, VALUES)
    elif ending in (".h5", ".hdf5"):
        write_hdf5(path)
    elif ending == ".parquet":
        write_parquet(path)
    else:
        raise ValueError(ending)
    return path
