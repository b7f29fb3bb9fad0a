"""HDF5 files of pandas: genuine ones, restated ones, and ones that lie."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.errors import DataError
from tests.datasets.forms import NAMES, ROWS, TIMES, VALUES, VARIATES, write_hdf5

GENUINE = Path(__file__).parent / "data"
FIVE_MINUTES = np.timedelta64(300, "s")


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("pandas_strings.h5", ("773869", "767541", "767542", "717447")),
        ("pandas_integers.h5", ("400001", "400017", "400030", "400040")),
    ],
)
def test_files_that_pandas_wrote(file, names):
    table = read_table(GENUINE / file)
    np.testing.assert_array_equal(table.values, np.arange(80).reshape(20, 4) / 8.0)
    assert table.names == names
    np.testing.assert_array_equal(
        table.timestamps, np.datetime64("2012-03-01T00:00:00") + np.arange(20) * FIVE_MINUTES
    )


@pytest.mark.parametrize(
    "options",
    [{}, {"key": "speed"}, {"chunks": (5, 2)}, {"chunks": (5, 2), "compression": "gzip"}],
    ids=str,
)
def test_keys_and_layouts(tmp_path, options):
    write_hdf5(tmp_path / "t.h5", **options)
    table = read_table(tmp_path / "t.h5")
    np.testing.assert_array_equal(table.values, VALUES)
    np.testing.assert_array_equal(table.timestamps, TIMES)
    assert table.names == NAMES


def test_float32_and_integers(tmp_path):
    for values in (VALUES.astype(np.float32), VALUES.astype(np.int64)):
        write_hdf5(tmp_path / "t.h5", values=values)
        np.testing.assert_array_equal(read_table(tmp_path / "t.h5").values, values)


@pytest.fixture
def edited(tmp_path):
    """Write the file, let a function change its frame, and read it."""

    def read(edit):
        path = tmp_path / "t.h5"
        write_hdf5(path)
        with h5py.File(path, "r+") as file:
            edit(file["df"])
        return read_table(path)

    return read


def replace(name, data, **options):
    def edit(frame):
        attributes = dict(frame[name].attrs)
        del frame[name]
        frame.create_dataset(name, data=data, **options).attrs.update(attributes)

    return edit


def test_columns_in_the_order_of_the_block(edited):
    turned = np.array([name.encode() for name in reversed(NAMES)])
    assert edited(replace("block0_items", turned)).names == NAMES[::-1]


def test_only_what_the_published_files_are_said_to_hold(edited):
    def edit(frame):
        del frame["block0_items"]
        del frame["axis1"].attrs["kind"]

    table = edited(edit)
    assert table.names == NAMES
    np.testing.assert_array_equal(table.timestamps, TIMES)


def test_names_of_variable_length(edited):
    def edit(frame):
        for name in ("axis0", "block0_items"):
            replace(name, list(NAMES), dtype=h5py.string_dtype())(frame)

    assert edited(edit).names == NAMES


def test_index_in_another_unit(edited):
    def edit(frame):
        replace("axis1", TIMES.astype("datetime64[ms]").astype(np.int64))(frame)
        frame["axis1"].attrs["kind"] = np.bytes_("datetime64[ms]")

    np.testing.assert_array_equal(edited(edit).timestamps, TIMES)


def test_index_of_row_numbers(edited):
    def edit(frame):
        replace("axis1", np.arange(ROWS) + 3)(frame)
        frame["axis1"].attrs["kind"] = np.bytes_("integer")

    assert edited(edit).timestamps is None
    assert edited(replace("axis1", np.arange(ROWS))).timestamps is None


def set_kind(frame):
    frame["axis1"].attrs["kind"] = "string"


def mixed(frame):
    frame["block1_values"] = np.arange(ROWS)


def table_format(frame):
    del frame["block0_values"]
    frame["table"] = np.zeros(3)


def second_frame(frame):
    frame.file.copy(frame, "other")


def group_for_values(frame):
    del frame["block0_values"]
    frame.create_group("block0_values")


def external_link(frame):
    del frame["block0_values"]
    frame["block0_values"] = h5py.ExternalLink("other.h5", "/x")


def soft_link(frame):
    del frame["axis0"]
    frame["axis0"] = h5py.SoftLink("/df/block0_items")


def external_storage(frame):
    del frame["block0_values"]
    frame.create_dataset(
        "block0_values", (ROWS, VARIATES), "f8", external=[("/etc/hostname", 0, 576)]
    )


def virtual(frame):
    del frame["block0_values"]
    layout = h5py.VirtualLayout((ROWS, VARIATES), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (ROWS, VARIATES))
    frame.create_virtual_dataset("block0_values", layout)


def pickled_names(frame):
    del frame["axis0"]
    frame.create_dataset("axis0", (1,), dtype=h5py.vlen_dtype(np.uint8))


def huge(frame):
    del frame["block0_values"]
    frame.create_dataset("block0_values", (2**40, VARIATES), "f8", chunks=(1024, VARIATES))


def huge_chunk(frame):
    del frame["block0_values"]
    frame.create_dataset(
        "block0_values", (ROWS, VARIATES), "f8", chunks=(2**26, 3), maxshape=(None, 3)
    )


def never_written(frame):
    del frame["block0_values"]
    frame.create_dataset("block0_values", (ROWS, VARIATES), "f8")


def half_written(frame):
    del frame["block0_values"]
    frame.create_dataset("block0_values", (ROWS, VARIATES), "f8", chunks=(8, 3))[:8] = VALUES[:8]


def without(name):
    return lambda frame: frame.pop(name)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (set_kind, "axis1: found an index of kind 'string'"),
        (mixed, "df/block1_values: found columns of different dtypes"),
        (table_format, r"found no data frame in \['df'\], expected one, stored by pandas"),
        (second_frame, "found 2 data frames, expected one"),
        (group_for_values, "/df/block0_values: found Group, expected a dataset"),
        (external_link, "/df/block0_values: found ExternalLink, expected data of its own"),
        (soft_link, "/df/axis0: found SoftLink, expected data of its own"),
        (external_storage, "/df/block0_values: found data in other files"),
        (virtual, "/df/block0_values: found data in other files"),
        (pickled_names, "/df/axis0: found dtype object, expected numbers or text"),
        (huge, "/df/block0_values: found 3298534883328 values in a file of"),
        (huge_chunk, "/df/block0_values chunk: found 201326592 values in a file of"),
        (never_written, r"/df/block0_values: found 0 bytes of data, expected 576 for \(24, 3\)"),
        (half_written, r"/df/block0_values: found 1 chunks of data, expected 3 for \(24, 3\)"),
        (without("axis0"), "/df/axis0: found nothing, expected a dataset"),
        (without("axis1"), "/df/axis1: found nothing"),
        (replace("axis0", np.zeros(3)), "axis0: found dtype float64"),
        (replace("axis0", np.array([b"a", b"b", b"c"])), "block0_items: found other columns"),
        (replace("axis1", np.arange(5)[::-1]), r"timestamps: found shape \(5,\), expected \(24,"),
        (replace("axis1", np.zeros(ROWS)), "axis1: found an index of kind 'datetime64' and dtype"),
        (replace("block0_values", VALUES[0]), r"values: found an array of shape \(3,\)"),
        (replace("block0_values", h5py.Empty("f8")), "block0_values: found Dataset, expected"),
        (replace("block0_values", VALUES.astype("S8")), "values: found dtype object"),
        (replace("block0_values", VALUES * np.nan), r"row 0 .*column '773869': found nan"),
    ],
)
def test_frames_that_are_no_table(edited, edit, message):
    with pytest.raises(DataError, match=message):
        edited(edit)


def test_broken_files(tmp_path):
    path = tmp_path / "t.h5"
    write_hdf5(path)
    whole = path.read_bytes()
    for content in (b"timestamp,a\n", whole[:100], whole[: len(whole) // 2], b"\x89HDF\r\n\x1a\n"):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"t\.h5: found broken HDF5"):
            read_table(path)


def test_a_file_without_frames(tmp_path):
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["values"] = VALUES
    with pytest.raises(DataError, match=r"found no data frame in \['values'\]"):
        read_table(tmp_path / "t.h5")
