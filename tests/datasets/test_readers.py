"""All forms of table through the one way in; damaged files of every form."""

import hashlib
import random
import resource

import numpy as np
import pytest

from lava_spikyspace.datasets.readers import READERS, read_table
from lava_spikyspace.datasets.table import Table
from lava_spikyspace.errors import DataError
from tests.datasets.forms import NAMES, TIMES, VALUES, write_form

MAX_GROWTH_BYTES = 500 << 20
"""Memory that reading damaged files may take at most."""


@pytest.mark.parametrize("ending", READERS)
def test_every_form_gives_the_same_table(tmp_path, ending):
    path = write_form(tmp_path, ending)
    table = read_table(str(path))
    np.testing.assert_array_equal(table.values, VALUES)
    assert table.values.flags.c_contiguous
    assert table.path == path
    assert table.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert table.note is None
    named = ending not in (".txt", ".txt.gz", ".npy")
    assert table.names == (NAMES if named else None)
    if named:
        assert table.timestamps.dtype == np.dtype("datetime64[s]")
        np.testing.assert_array_equal(table.timestamps, TIMES)
    else:
        assert table.timestamps is None


def test_endings_in_capitals(tmp_path):
    path = write_form(tmp_path, ".csv")
    assert read_table(path.rename(tmp_path / "TABLE.CSV")).rows == len(VALUES)


def test_other_forms_are_refused(tmp_path):
    path = tmp_path / "table.xlsx"
    path.write_bytes(b"PK")
    with pytest.raises(DataError, match=r"found a file named table\.xlsx, expected a name that en"):
        read_table(path)


FORMS = (".csv", ".txt.gz", ".npz", ".npy", ".h5", ".parquet")
"""One ending for each reader."""


@pytest.mark.parametrize("named", FORMS)
@pytest.mark.parametrize("written", FORMS)
def test_one_form_named_as_another(tmp_path, written, named):
    path = write_form(tmp_path, written).rename(tmp_path / f"other{named}")
    if written == named:
        assert read_table(path).rows == len(VALUES)
    else:
        with pytest.raises(DataError):
            read_table(path)


def damage(content: bytes, seed: int) -> bytes:
    """Change bytes, cut, insert, repeat or overwrite with sizes that lie."""
    choose = random.Random(seed)
    data = bytearray(content)
    sizes = [0, 2**31 - 1, 2**40, 2**63 - 1, 2**64 - 1]
    for _ in range(choose.choice([1, 1, 2, 5])):
        start = choose.randrange(len(data))
        stop = min(len(data), start + choose.randrange(1, 64))
        kind = choose.choice(
            ["bit", "bit", "byte", "size", "size", "cut", "insert", "repeat", "end"]
        )
        if kind == "bit":
            data[start] ^= 1 << choose.randrange(8)
        elif kind == "byte":
            data[start] = choose.randrange(256)
        elif kind == "size":
            data[start : start + 8] = choose.choice(sizes).to_bytes(8, "little")
        elif kind == "cut":
            del data[start:stop]
        elif kind == "insert":
            data[start:start] = choose.randbytes(choose.randrange(1, 16))
        elif kind == "repeat":
            data[start:start] = data[start:stop]
        else:
            del data[max(1, start) :]
        data = data or bytearray(b"\0")
    return bytes(data)


def read_damaged(folder, ending, seeds):
    """Read damaged copies; anything but a `Table` or a `DataError` gets out of here."""
    whole = write_form(folder, ending).read_bytes()
    path = folder / f"damaged{ending}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    messages = []
    for seed in seeds:
        path.write_bytes(damage(whole, seed))
        try:
            table = read_table(path)
        except DataError as error:
            messages.append(error.message)
        else:
            assert isinstance(table, Table)
            assert np.isfinite(table.values).all()
    assert all(str(path) in message and "\n" not in message for message in messages)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < MAX_GROWTH_BYTES
    assert len(messages) > len(seeds) // 4


@pytest.mark.parametrize("ending", FORMS)
def test_damaged_files_are_refused_or_read(tmp_path, ending):
    read_damaged(tmp_path, ending, range(60))


@pytest.mark.slow
@pytest.mark.parametrize("ending", FORMS)
def test_a_thousand_damaged_files_are_refused_or_read(tmp_path, ending):
    read_damaged(tmp_path, ending, range(60, 1060))


def test_core_stays_light(run_python):
    done = run_python(
        "-c",
        "import sys, lava_spikyspace.datasets\n"
        "print([name for name in ('lava', 'torch', 'pandas', 'h5py', 'pyarrow', 'numba')"
        " if name in sys.modules])",
    )
    assert (done.code, done.stdout) == (0, "[]\n"), done.stderr
