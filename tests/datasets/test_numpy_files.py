"""NumPy's npy and npz: exact numbers in, no object, no lie and no bomb."""

import io
import zipfile
import zlib

import numpy as np
import pytest

from lava_spikyspace.datasets.readers import read_table
from lava_spikyspace.errors import DataError
from tests.datasets.forms import NAMES, ROWS, TIMES, VALUES

SECONDS = TIMES.astype(np.int64)


class Bomb:
    """Leaves a mark when it is unpickled."""

    fired = False

    def __reduce__(self):
        return (setattr, (Bomb, "fired", True))


def header(shape, descr="<f8", order=False, version=1):
    """Write the header of an array, true or not."""
    text = f"{{'descr': {descr!r}, 'fortran_order': {order}, 'shape': {shape}, }}".encode() + b"\n"
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text


@pytest.fixture
def read(tmp_path):
    """Read bytes as the content of a file."""

    def read_content(content, ending=".npy"):
        path = tmp_path / f"t{ending}"
        path.write_bytes(content)
        return read_table(path)

    return read_content


@pytest.fixture
def read_npz(tmp_path):
    """Save arrays and read them back."""

    def read_arrays(*positional, save=np.savez, **arrays):
        save(tmp_path / "t.npz", *positional, **arrays)
        return read_table(tmp_path / "t.npz")

    return read_arrays


def zipped(compression=zipfile.ZIP_STORED, **members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return stream.getvalue()


@pytest.mark.parametrize(
    "dtype", ["<f2", "<f4", ">f4", "<f8", ">f8", "i1", "<u2", ">i4", "<i8", "<u8"]
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_every_type_are_read_exactly(tmp_path, dtype, order):
    values = np.asarray(np.abs(VALUES) + 0.3, dtype=dtype, order=order)
    np.save(tmp_path / "t.npy", values)
    table = read_table(tmp_path / "t.npy")
    assert table.values.dtype == np.float64
    assert table.values.flags.c_contiguous
    assert not table.values.flags.writeable
    np.testing.assert_array_equal(table.values, values.astype(np.float64))
    assert (table.names, table.timestamps) == (None, None)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(read_npz, save):
    table = read_npz(values=VALUES, timestamps=SECONDS, names=np.array(NAMES), save=save)
    np.testing.assert_array_equal(table.values, VALUES)
    np.testing.assert_array_equal(table.timestamps, TIMES)
    assert table.names == NAMES


def test_npz_with_other_types(read_npz):
    names = np.array([name.encode() for name in NAMES])
    table = read_npz(values=VALUES, timestamps=TIMES.astype("datetime64[ns]"), names=names)
    np.testing.assert_array_equal(table.timestamps, TIMES)
    assert table.names == NAMES


def test_npz_with_a_single_array(read_npz):
    np.testing.assert_array_equal(read_npz(VALUES).values, VALUES)
    np.testing.assert_array_equal(read_npz(data=VALUES).values, VALUES)


def test_further_arrays_are_not_read(read_npz):
    table = read_npz(values=VALUES, notes=np.array([Bomb()], dtype=object))
    np.testing.assert_array_equal(table.values, VALUES)
    assert not Bomb.fired


def test_row_numbers_for_times_mean_none(read_npz):
    assert read_npz(values=VALUES, timestamps=np.arange(ROWS)).timestamps is None


def test_the_shared_files(shared_data):
    table = read_table(shared_data / "pjm_hourly_10.npz")
    assert table.values.shape == (45335, 10)
    assert table.names[:2] == ("AEP", "COMED")
    assert str(table.timestamps[0]) == "2013-06-01T01:00:00"
    assert table.sha256.startswith("dd34f7f39c3e4691")
    assert read_table(shared_data / "hangzhou_metro_80.npz").timestamps is None


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"values": VALUES[:, 0]}, r"values: found an array of shape \(24,\), expected rows and"),
        ({"values": VALUES[np.newaxis]}, r"found an array of shape \(1, 24, 3\)"),
        ({"values": VALUES[:0]}, r"found an array of shape \(0, 3\)"),
        ({"values": VALUES[:, :0]}, r"found an array of shape \(24, 0\)"),
        ({"values": VALUES > 0}, "found dtype bool, expected integers or floating-point"),
        ({"values": VALUES.astype(np.longdouble)}, "found dtype float128"),
        ({"values": VALUES.astype(complex)}, "found dtype complex128"),
        ({"values": VALUES.astype("U8")}, "found dtype <U8"),
        ({"values": np.zeros((2, 2), dtype="f4,f4")}, "values: found dtype"),
        ({"values": np.array([[2**53 + 1]])}, r"row 0 .*: found 9007199254740993, expected an in"),
        ({"values": np.array([[0, 2**64 - 1]], dtype="u8")}, r"column 1 .*: found 18446744073709"),
        ({"values": np.array([[1.0, np.nan]])}, r"row 0 \(counted from 0\), column 1 .*found nan"),
        ({"a": VALUES, "b": VALUES}, r"found arrays \['a', 'b'\], expected an array 'values', or"),
        ({}, r"found arrays \[\], expected an array 'values'"),
        ({"values": VALUES, "names": np.array(NAMES[:2])}, "names: found 2 names, expected 3"),
        ({"values": VALUES, "names": np.array(["a", "b", "a"])}, "found duplicate columns 'a'"),
        ({"values": VALUES, "names": np.array(["a", "", "c"])}, "name 2 of 3: found ''"),
        ({"values": VALUES, "names": np.arange(3)}, "names: found dtype int64 and shape"),
        ({"values": VALUES, "names": np.array([NAMES])}, r"names: .*shape \(1, 3\)"),
        ({"values": VALUES, "names": np.array([b"a", b"b", b"\xff"])}, "names: found broken text"),
        ({"values": VALUES, "timestamps": SECONDS[:5]}, r"timestamps: found shape \(5,\), expec"),
        ({"values": VALUES, "timestamps": SECONDS[::-1]}, r"row 1 .*: found time 2012-03-01T01:5"),
        ({"values": VALUES, "timestamps": SECONDS * 1.0}, "timestamps: found dtype float64"),
        ({"values": VALUES, "timestamps": SECONDS * 1000}, r"row 0 .*: found time 1330560000000"),
    ],
)
def test_arrays_that_are_no_table(read_npz, arrays, message):
    with pytest.raises(DataError, match=message):
        read_npz(**arrays)


def test_a_column_goes_by_its_name(read_npz):
    values = VALUES.copy()
    values[5, 1] = np.inf
    with pytest.raises(
        DataError, match=r"row 5 \(counted from 0\), column 'north gate': found inf"
    ):
        read_npz(values=values, names=np.array(NAMES))


def test_code_points_that_do_not_exist(read_npz):
    names = np.array(["a", "b", "c"])
    names.view(np.uint32)[1] = 0x110000
    with pytest.raises(DataError, match="names: found broken text"):
        read_npz(values=VALUES, names=names)


def test_pickles_are_never_loaded(tmp_path, read_npz):
    objects = np.array([[Bomb()]], dtype=object)
    np.save(tmp_path / "t.npy", objects, allow_pickle=True)
    with pytest.raises(DataError, match="values: found pickled Python objects"):
        read_table(tmp_path / "t.npy")
    for arrays in ({"values": objects}, {"values": VALUES, "names": objects[0]}):
        with pytest.raises(DataError, match="found pickled Python objects"):
            read_npz(**arrays)
    assert not Bomb.fired


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("shape", [(2**40, 3), (2**20, 2**20), (2**62, 2**62), (25, 3), (23, 3)])
def test_a_shape_that_lies_allocates_nothing(read, shape, version):
    content = header(shape, version=version) + VALUES.tobytes()
    with pytest.raises(DataError, match=r"found 576 bytes of data, expected \d+ for float64 of sh"):
        read(content)
    with pytest.raises(DataError, match=r"values\.npy: found 576 bytes of data, expected"):
        read(zipped(values=content), ".npz")


@pytest.mark.parametrize(
    "content",
    [
        b"\x93NUMPY",
        b"\x93NUMPY\x01\x00\xff\xff",
        b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + b"{" * 50,
        b"\x93NUMPY\x03\x00\x10\x00\x00\x00" + b" " * 16,
        header((-1, 3)) + VALUES.tobytes(),
        header((True, 3)),
        header("x"),
        header((24, 3), descr="nonsense"),
        header((24, 3), descr="<f8" * 5000),
        header("(" * 300 + ")" * 300),
        header("'a' * 10**9"),
        b"values\n1\n",
        np.random.default_rng(0).bytes(500),
    ],
)
def test_headers_that_are_none(read, content):
    with pytest.raises(DataError, match=r"t\.npy: values: found"):
        read(content)
    with pytest.raises(DataError, match=r"t\.npz: "):
        read(content, ".npz")


def test_structured_dtype_with_hidden_objects(read):
    content = header((1,), descr=[("a", "|O")]) + b"\0" * 8
    with pytest.raises(DataError, match="pickled Python objects"):
        read(content)


def test_zero_width_items_do_not_multiply(read):
    with pytest.raises(DataError):
        read(header((2**40, 2**20), descr="|V0"))
    with pytest.raises(DataError):
        read(header((2**40, 2**20), descr="<U0"))


def test_a_bomb_is_not_unpacked(read):
    size = 128 << 20
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("values.npy", "w") as member,
    ):
        member.write(header((size // 1024, 1024), descr="|u1"))
        for _ in range(128):
            member.write(bytes(size // 128))
    with pytest.raises(DataError, match=r"values\.npy: found 134217728 values in a file of"):
        read(stream.getvalue(), ".npz")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_checksum_is_compared(read, compression):
    array = header(VALUES.shape) + VALUES.tobytes()
    content = zipped(compression, values=array)
    checksum = zlib.crc32(array).to_bytes(4, "little")
    broken = content.replace(checksum, bytes(4))
    assert broken != content
    with pytest.raises(DataError, match=r"found a broken archive \(Bad CRC-32"):
        read(broken, ".npz")


def test_archives_of_other_kinds(read):
    array = header(VALUES.shape) + VALUES.tobytes()
    for compression in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(DataError, match="found compression"):
            read(zipped(compression, values=array), ".npz")
    with pytest.raises(DataError, match="found a broken archive"):
        read(zipped(values=array)[:-30], ".npz")


def test_encrypted_member(read):
    content = bytearray(zipped(values=header(VALUES.shape) + VALUES.tobytes()))
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1
    with pytest.raises(DataError, match="found a broken archive"):
        read(bytes(content), ".npz")
