"""What an untrusted HDF5 file may not hold, whatever it claims to be."""

import gzip
import tracemalloc
import zlib

import h5py
import numpy as np
import pytest

from lava_spikyspace.errors import ModelFileError
from lava_spikyspace.netx.container import MAX_DEPTH, MAX_FILE_BYTES, read_tree, root_attributes
from lava_spikyspace.netx.examine import examine
from lava_spikyspace.netx.tree import content_digest
from tests.netx.editing import edited

V110 = ("v110", "v110")


@pytest.fixture
def make(tmp_path):
    """Return a function that makes an HDF5 file by an edit."""

    def make_file(edit, **options):
        path = tmp_path / "made.net"
        with h5py.File(path, "w", **options) as file:
            edit(file)
        return path

    return make_file


def refusal(path):
    with pytest.raises(ModelFileError) as caught:
        read_tree(path)
    assert str(path) in caught.value.message
    return caught.value.message


def test_values_come_with_their_paths(make):
    def edit(file):
        file.attrs.create("format", np.bytes_(b"netx"))
        file.create_dataset("group/plain", data=np.arange(6).reshape(2, 3))
        file.create_dataset("group/packed", data=np.arange(600), chunks=(600,), compression="gzip")
        file.create_dataset(
            "group/shuffled", data=np.arange(600), chunks=(600,), shuffle=True, compression="gzip"
        )
        file.create_dataset("text", data=np.array([b"dense"]))
        file["text"].attrs.create("scalar", 3)
        file.create_group("empty")

    tree = read_tree(make(edit))
    assert tree.groups == {"/", "/group", "/empty"}
    assert {path: value.tolist() for path, value in tree.values.items()} == {
        "/@format": b"netx",
        "/group/plain": [[0, 1, 2], [3, 4, 5]],
        "/group/packed": list(range(600)),
        "/group/shuffled": list(range(600)),
        "/text": [b"dense"],
        "/text@scalar": 3,
    }


@pytest.mark.parametrize(
    "dtype", ["<i1", "<i2", ">i4", "<i8", ">i8", "<u1", ">u2", "<u8", "<f4", ">f4", "<f8", ">f8"]
)
def test_numbers_of_any_width_and_byte_order(make, dtype):
    values = np.array([[1, 2], [3, 100]], dtype=dtype)

    def edit(file):
        file.create_dataset("plain", data=values)
        file.create_dataset("packed", data=values, chunks=(2, 2), shuffle=True, compression="gzip")
        file.attrs.create("attribute", values)

    tree = read_tree(make(edit))
    for path in ("/plain", "/packed", "/@attribute"):
        np.testing.assert_array_equal(tree.values[path], values)


def test_files_that_are_no_hdf5(tmp_path):
    path = tmp_path / "x.net"
    assert "no such file" in refusal(path)
    assert "not a regular file" in refusal(tmp_path)
    path.write_bytes(b"")
    assert "empty" in refusal(path)
    path.write_text("time,a,b\n1,2,3\n")
    assert "not an HDF5 file" in refusal(path)
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    assert "damaged" in refusal(path)


def test_a_path_that_is_none(tmp_path):
    refusal(f"{tmp_path}/a\0b")


def test_a_file_that_must_not_be_read(model, tmp_path, monkeypatch):
    from pathlib import Path

    def refuse(*_args, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ModelFileError, match="cannot be read: Permission denied"):
        read_tree(model)


def test_truncation_at_any_place(model, tmp_path):
    content = model.read_bytes()
    path = tmp_path / "cut.net"
    for length in (1, 7, 8, 40, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        refusal(path)


def test_a_file_beyond_the_limit(tmp_path, model):
    path = tmp_path / "large.net"
    path.write_bytes(model.read_bytes())
    with path.open("r+b") as stream:
        stream.truncate(MAX_FILE_BYTES + 1)  # sparse
    assert "at most" in refusal(path)


LINKS = {
    "soft": lambda file: file.__setitem__("alias", h5py.SoftLink("/group")),
    "dangling soft": lambda file: file.__setitem__("alias", h5py.SoftLink("/nowhere")),
    "external": lambda file: file.__setitem__("alias", h5py.ExternalLink("other.h5", "/")),
    "second hard": lambda file: file.__setitem__("alias", file["group/value"]),
    "cycle": lambda file: file["group"].__setitem__("alias", file["/"]),
    "self": lambda file: file["group"].__setitem__("alias", file["group"]),
}


@pytest.mark.parametrize("kind", LINKS)
def test_links(make, kind):
    def edit(file):
        file["group/value"] = np.arange(3)
        LINKS[kind](file)

    expected = "link" if kind != "external" else "an external link"
    message = refusal(make(edit))
    assert expected in message
    assert "alias" in message or "/group" in message


def _special_type(file, dtype):
    file.create_dataset("value", shape=(2,), dtype=dtype)


TYPES = {
    "variable-length string": h5py.string_dtype(),
    "variable-length type": h5py.vlen_dtype(np.int32),
    "compound": np.dtype([("a", "i4"), ("b", "f4")]),
    "reference": h5py.ref_dtype,
    "enumeration": h5py.enum_dtype({"a": 1, "b": 2}, basetype="i4"),
    "array type": np.dtype(("i4", (3,))),
    "opaque": np.dtype("V8"),
}


@pytest.mark.parametrize("kind", TYPES)
def test_types_that_are_no_numbers(make, kind):
    def dataset(file):
        if kind == "array type":
            tid = h5py.h5t.array_create(h5py.h5t.STD_I32LE, (3,))
            h5py.h5d.create(file.id, b"value", tid, h5py.h5s.create_simple((2,)))
        else:
            file.create_dataset("value", shape=(2,), dtype=TYPES[kind])

    assert kind in refusal(make(dataset))


def test_types_of_attributes(make):
    assert "variable-length string" in refusal(make(lambda file: file.attrs.update(name="text")))
    assert "enumeration" in refusal(make(lambda file: file.attrs.update(flag=True)))
    assert "holds no value" in refusal(make(lambda file: file.attrs.update(none=h5py.Empty("i4"))))


def test_integers_of_unusual_layout(make):
    def edit(file):
        odd = h5py.h5t.STD_I32LE.copy()
        odd.set_precision(20)
        h5py.h5d.create(file.id, b"value", odd, h5py.h5s.create_simple((2,)))

    assert "unusual layout" in refusal(make(edit))


def test_named_datatypes(make):
    assert "named datatype" in refusal(make(lambda file: file.__setitem__("t", np.dtype("i4"))))


def test_storage_elsewhere(make, tmp_path):
    (tmp_path / "secret").write_bytes(b"\1" * 80)

    def external(file):
        file.create_dataset("value", (10,), "i8", external=[(str(tmp_path / "secret"), 0, 80)])

    assert "another file" in refusal(make(external))

    def virtual(file):
        layout = h5py.VirtualLayout((10,), "i8")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "x", (10,))
        file.create_virtual_dataset("value", layout)

    assert "virtual" in refusal(make(virtual))


HUGE = {
    "plain, never written": dict(shape=(1 << 40,), dtype="i8"),
    "one chunk": dict(shape=(1 << 29,), dtype="i1", chunks=(1 << 29,), compression="gzip"),
    "many chunks": dict(shape=(1 << 40,), dtype="i8", chunks=(1 << 20,), compression="gzip"),
    "two axes": dict(shape=(1 << 20, 1 << 20), dtype="i8", chunks=(1, 1024)),
    "text": dict(shape=(1 << 36,), dtype="S16"),
}


@pytest.mark.parametrize("kind", HUGE)
@pytest.mark.parametrize("options", [{}, {"libver": V110}], ids=["earliest", "v110"])
def test_a_huge_declared_shape_allocates_nothing(make, kind, options):
    path = make(lambda file: file.create_dataset("value", **HUGE[kind]), **options)
    assert path.stat().st_size < 1 << 16
    tracemalloc.start()
    try:
        message = refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
    assert "/value" in message


def test_a_chunk_that_inflates_beyond_its_shape(make):
    def edit(file):
        data = file.create_dataset("value", (1000,), "i8", chunks=(1000,), compression="gzip")
        data.id.write_direct_chunk((0,), zlib.compress(bytes(64 << 20), 9))

    path = make(edit)
    tracemalloc.start()
    try:
        assert "8000 bytes" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_a_chunk_that_holds_too_little_or_nonsense(make):
    def short(file):
        data = file.create_dataset("value", (1000,), "i8", chunks=(1000,), compression="gzip")
        data.id.write_direct_chunk((0,), zlib.compress(bytes(100)))

    assert "its data have 100" in refusal(make(short))

    def nonsense(file):
        data = file.create_dataset("value", (1000,), "i8", chunks=(1000,), compression="gzip")
        data.id.write_direct_chunk((0,), b"not deflate at all")

    assert "damaged" in refusal(make(nonsense))


def test_small_integers_count_as_what_they_become_in_memory(make):
    def edit(file):
        file.create_dataset(
            "value", data=np.zeros((1 << 24) + 1, "i1"), chunks=((1 << 24) + 1,), compression="gzip"
        )

    path = make(edit)
    assert path.stat().st_size < 1 << 16
    tracemalloc.start()
    try:
        assert "at most" in refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()


def test_the_largest_content_needs_bounded_memory(make):
    """A few kilobytes of zeros that inflate to all that a file may hold."""

    def edit(file):
        count = (1 << 24) - 4
        file.create_dataset(
            "layer/0/weight", data=np.zeros(count, "i8"), chunks=(count,), compression="gzip"
        )
        for name in ("format", "extension", "extension_version"):
            file.attrs.create(name, np.bytes_({"format": b"netx"}.get(name, b"1.0")))

    path = make(edit)
    assert path.stat().st_size < 1 << 18
    tracemalloc.start()
    try:
        tree = read_tree(path)
        examine(tree)
        content_digest(tree.values)
        assert tracemalloc.get_traced_memory()[1] < 450_000_000
    finally:
        tracemalloc.stop()


def test_texts_are_bounded(make):
    long = np.array([b"x" * ((1 << 22) + 1)])
    assert "a text of" in refusal(make(lambda file: file.create_dataset("value", data=long)))


def test_all_content_together_is_bounded(make, monkeypatch):
    monkeypatch.setattr("lava_spikyspace.netx.storage.MAX_CONTENT_BYTES", 1000)

    def edit(file):
        for name in "abc":
            file[name] = np.zeros(1000, np.int8)

    path = make(edit)  # some 5 kB, each of the arrays 8 kB in memory
    monkeypatch.setattr("lava_spikyspace.netx.storage.CONTENT_PER_BYTE", 2)
    assert "/b" in refusal(path)
    # What lies on the disk in full length may be read, however much it is.
    monkeypatch.setattr("lava_spikyspace.netx.storage.CONTENT_PER_BYTE", 10)
    assert len(read_tree(path).values) == 3


def test_a_compressed_file_has_no_more_than_one_of_its_size(make, monkeypatch, tmp_path):
    monkeypatch.setattr("lava_spikyspace.netx.storage.MAX_CONTENT_BYTES", 1000)
    plain = make(lambda file: file.create_dataset("value", data=np.zeros(100_000, np.int8)))
    assert read_tree(plain).values["/value"].size == 100_000
    packed = tmp_path / "packed.net"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert "/value: declares" in refusal(packed)


LAYOUTS = {
    "several chunks": dict(data=np.arange(100), chunks=(10,)),
    "missing chunk": dict(shape=(100,), dtype="i8", chunks=(100,)),
    "resizable": dict(data=np.arange(100), maxshape=(None,)),
    "filter": dict(data=np.arange(100), chunks=(100,), compression="lzf"),
    "checksum filter": dict(data=np.arange(100), chunks=(100,), fletcher32=True),
}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_layouts(make, kind):
    message = refusal(make(lambda file: file.create_dataset("value", **LAYOUTS[kind])))
    assert "expected" in message


def test_too_many_axes(make):
    assert "axes" in refusal(make(lambda file: file.__setitem__("v", np.zeros((1,) * 5))))


def test_names(make):
    for name in ("a b", "ä", "a@b", "x" * 300):
        assert "is called" in refusal(make(lambda file, n=name: file.__setitem__(n, 1)))
    assert "is called" in refusal(make(lambda file: file.attrs.create("a\n", 1)))


def test_nesting(make):
    deep = "/".join("g" * (MAX_DEPTH + 2))
    assert "deeper" in refusal(make(lambda file: file.create_group(deep)))


def test_number_of_objects(make, monkeypatch):
    monkeypatch.setattr("lava_spikyspace.netx.container.MAX_OBJECTS", 5)

    def edit(file):
        for i in range(6):
            file[f"v{i}"] = i

    assert "more than 5" in refusal(make(edit))


def test_a_model_file_passes(model, tmp_path):
    tree = read_tree(model)
    assert "/layer/0/type" in tree.values
    again = read_tree(edited(model, tmp_path / "copy.net", lambda _file: None))
    assert tree.values.keys() == again.values.keys()


def test_root_attributes_tell_the_kind_of_file(model, make):
    assert {"format", "extension", "content_sha256"} <= root_attributes(model)
    assert root_attributes(make(lambda file: file.attrs.update(any="text"))) == {"any"}


def test_stock_netx_files_have_no_extension(shared_data):
    for path in (shared_data / "netx").glob("*.net"):
        assert root_attributes(path) == frozenset()
