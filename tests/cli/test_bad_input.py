"""Files that hurt, at the command line: exit 3, one message, nothing written, little memory."""

import gzip
import io
import json
import pickle
import re
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
import torch

import lava_spikyspace as lss
from lava_spikyspace.cli.app import main
from netx_export.writer import write_network
from tests.bad_input import PeakMemory
from tests.netx.editing import edited, layer_path, put
from tests.netx_export.small import SIZES, small_model
from tests.run_cases import small_network, walk_values, write_csv

MOST_MEMORY = 300_000_000
"""Bytes that a refusal may take, libraries that it loads included."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Return a folder of sound files: model, table, published checkpoint, settings, run."""
    folder = tmp_path_factory.mktemp("sound")
    network = small_network()
    write_network(network, folder / "m.net")
    frame = pd.DataFrame(walk_values(network, 40), columns=list(network.variates))
    write_csv(folder / "t.csv", network.variates, frame.to_numpy())
    model, _ = small_model(zero_point="published")
    torch.save(dict(model.state_dict()), folder / "c.pt")
    (folder / "model.json").write_text(json.dumps({**SIZES, "zero_point": "published"}))
    write_csv(folder / "five.csv", tuple("abcde"), np.random.default_rng(0).normal(size=(60, 5)))
    lss.run(folder / "m.net", frame, backend="batch", record=True).save(folder / "run")
    return folder


@pytest.fixture
def refused(sound, tmp_path, capfd):
    """Return a check that a command refuses: ``refused(3, "run", ...)`` gives its message."""

    def check(code, *arguments):
        before = sorted(tmp_path.rglob("*"))
        capfd.readouterr()
        with PeakMemory() as memory:
            found = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        assert found == code, captured.err
        assert "Traceback" not in captured.out + captured.err
        assert captured.out == ""
        (message,) = re.findall(r"^error: (.*)", captured.err, re.MULTILINE)
        assert sorted(tmp_path.rglob("*")) == before, "something was left behind"
        assert memory.added < MOST_MEMORY
        return message

    return check


# --- tables ----------------------------------------------------------------------------------


def table_text(names, rows=40, change=None):
    lines = [",".join(["timestamp", *names])]
    for row in range(rows):
        time = np.datetime64("2024-01-01T00:00:00") + row * np.timedelta64(300, "s")
        lines.append(",".join([str(time), *["1.5"] * len(names)]))
    if change is not None:
        change(lines)
    return "\n".join(lines) + "\n"


def in_line(number, old, new):
    def change(lines):
        assert old in lines[number]
        lines[number] = lines[number].replace(old, new, 1)

    return change


def swapped(lines):
    lines[5], lines[6] = lines[6], lines[5]


def npz(values, compression=zipfile.ZIP_DEFLATED):
    """Return an archive of one member of the given bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive, archive.open("values.npy", "w") as f:
        for part in values:
            f.write(part)
    return stream.getvalue()


def npy_header(shape, descr="<f8"):
    stream = io.BytesIO()
    fields = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, fields)
    return stream.getvalue()


def objects():
    stream = io.BytesIO()
    np.save(stream, np.array([[{"a": 1}]], dtype=object), allow_pickle=True)
    return stream.getvalue()


def gzipped_lines(megabytes):
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as file:
        file.write(b"a,b,c,d\n")
        for _ in range(megabytes):
            file.write(b"1,2,3,4\n" * 131072)
    return stream.getvalue()


NAMES = small_network().variates
SOUND_TEXT = table_text(NAMES)
TABLES = {
    "empty.csv": b"",
    "only-header.csv": table_text(NAMES, rows=0),
    "cut.csv": SOUND_TEXT[:-30],
    "ragged.csv": table_text(NAMES, change=in_line(3, ",1.5", "")),
    "long-row.csv": table_text(NAMES, change=in_line(3, ",1.5", ",1.5,1.5")),
    "missing-cell.csv": table_text(NAMES, change=in_line(3, ",1.5", ",")),
    "nan.csv": table_text(NAMES, change=in_line(3, ",1.5", ",nan")),
    "infinity.csv": table_text(NAMES, change=in_line(3, ",1.5", ",-inf")),
    "text.csv": table_text(NAMES, change=in_line(3, ",1.5", ",warm")),
    "duplicate-column.csv": table_text((*NAMES[:-1], NAMES[0])),
    "missing-column.csv": table_text(NAMES[:-1]),
    "other-columns.csv": table_text([f"x{name}" for name in NAMES]),
    "backwards.csv": table_text(NAMES, change=swapped),
    "utf-16.csv": SOUND_TEXT.encode("utf-16"),
    "latin-1.csv": table_text(["ä", *NAMES[1:]]).encode("latin-1"),
    "short.csv": table_text(NAMES, rows=5),
    "null-bytes.csv": SOUND_TEXT.replace("1.5", "1.\x005", 1),
    "bomb.csv.gz": gzipped_lines(96),
    "cut.csv.gz": gzip.compress(SOUND_TEXT.encode())[:-20],
    "text.csv.gz": b"no gzip at all",
    "empty.npz": b"",
    "cut.npz": npz([npy_header((40, 4)), bytes(1280)])[:-30],
    "lying.npz": npz([npy_header((2**40, 4)), bytes(1280)]),
    "lying.npy": npy_header((2**40, 4)) + bytes(1280),
    "bomb.npz": npz([npy_header((200 << 20, 1), "|u1"), *[bytes(1 << 20)] * 200]),
    "objects.npy": objects(),
    "objects.npz": npz([objects()]),
    "complex.npy": npy_header((40, 4), "<c16") + bytes(2560),
    "text.h5": b"no HDF5",
    "empty.h5": b"",
    "text.parquet": b"PAR1 no parquet PAR1",
    "unknown.xyz": b"1,2,3,4\n",
}


@pytest.mark.parametrize(
    "name",
    # Two million rows are read before the bomb is known for one.
    [pytest.param(n, marks=pytest.mark.slow) if n == "bomb.csv.gz" else n for n in TABLES],
)
def test_a_table_is_refused(sound, refused, tmp_path, name):
    content = TABLES[name]
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    out = tmp_path / "out"
    message = refused(3, "run", sound / "m.net", "--data", path, "--backend", "batch", "--out", out)
    assert name in message


def test_external_link_in_a_table(sound, refused, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros((40, 4))
    with h5py.File(tmp_path / "t.h5", "w") as file:
        file["values"] = h5py.ExternalLink("other.h5", "/x")
    message = refused(3, "run", sound / "m.net", "--data", tmp_path / "t.h5", "--backend", "batch")
    assert "t.h5" in message


# --- models ----------------------------------------------------------------------------------


def lying_dataset(file):
    path = layer_path(file, "head", "weight")
    if path in file:
        del file[path]
    file.create_dataset(path, shape=(2**20, 2**20), dtype="i1", chunks=(1024, 1024))


MODELS = {
    "wrong-dtype": lambda f: put(f, layer_path(f, "blocks.0.norm", "params/eps"), 1.5),
    "nan": lambda f: put(f, layer_path(f, "blocks.0.norm", "params/eps"), np.nan),
    "out-of-range": lambda f: put(f, layer_path(f, "blocks.0.norm", "params/eps"), 2**62),
    "external-link": lambda f: f["layer/0"].__setitem__("x", h5py.ExternalLink("/etc/passwd", "/")),
    "circle": lambda f: f["layer/0"].__setitem__("x", f["layer"]),
    "size-that-lies": lying_dataset,
}


@pytest.mark.parametrize("command", ["run", "inspect"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_refused(sound, refused, tmp_path, name, command):
    path = edited(sound / "m.net", tmp_path / "x.net", MODELS[name], seal=False)
    data = ["--data", sound / "t.csv", "--backend", "batch", "--out", tmp_path / "out"]
    assert "x.net" in refused(3, command, path, *(data if command == "run" else []))


@pytest.mark.parametrize("content", [b"", b"text named .net", "half"])
@pytest.mark.parametrize("command", ["inspect", "lint", "verify"])
def test_what_is_no_model(sound, refused, tmp_path, content, command):
    whole = (sound / "m.net").read_bytes()
    path = tmp_path / "x.net"
    path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    assert "x.net" in refused(3, command, path)


# --- checkpoints and settings ----------------------------------------------------------------


class Code:
    def __reduce__(self):
        return (Path.touch, (Path("code-has-run"),))


def packed(parameters):
    """Return a checkpoint of 400 MB in a few hundred kB."""
    plain, stream = io.BytesIO(), io.BytesIO()
    torch.save({**parameters, "encoder.weight": torch.zeros(1)}, plain)
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for member in source.infolist():
            target.writestr(member.filename, source.read(member))
        with target.open("archive/data/999", "w") as file:
            for _ in range(400):
                file.write(bytes(1 << 20))
    return stream.getvalue()


def saved(change):
    def content(parameters):
        stream = io.BytesIO()
        torch.save({**parameters, **change}, stream)
        return stream.getvalue()

    return content


SKIP = "layers.0.mixer.D"
HEAD = "layers.0.mixer.in_proj.weight"
CHECKPOINTS = {
    "empty": lambda _: b"",
    "text": lambda _: b"no checkpoint",
    "cut": lambda p: saved({})(p)[:-200],
    "code": lambda _: pickle.dumps({"x": Code()}),
    "code-saved-by-torch": saved({"x": Code()}),
    "another-dict": lambda _: pickle.dumps({"a": 1}),
    "list": lambda _: pickle.dumps([1]),
    "packed": packed,
    "nan": saved({SKIP: torch.full((4,), torch.nan)}),
    "infinity": saved({SKIP: torch.full((4,), torch.inf)}),
    "infinity-in-float32": saved({SKIP: torch.full((4,), 1e300, dtype=torch.float64)}),
    "integers": saved({SKIP: torch.ones(4, dtype=torch.int64)}),
    "float8": saved({SKIP: torch.ones(4).to(torch.float8_e4m3fn)}),
    "sparse": saved({SKIP: torch.ones(4).to_sparse()}),
    "without-values": saved({SKIP: torch.empty(4, device="meta")}),
    "size-that-lies": saved({SKIP: torch.zeros(1).expand(2**40)}),
    "one-value-for-all": saved({HEAD: torch.zeros(1, 1).expand(8, 5)}),
    "line-break-in-a-name": saved({"x\ny": torch.ones(1)}),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_a_checkpoint_is_refused(sound, refused, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    parameters = torch.load(sound / "c.pt", weights_only=True)
    path = tmp_path / "x.pt"
    path.write_bytes(CHECKPOINTS[name](parameters))
    data = ["--calibration", sound / "five.csv", "--config", sound / "model.json"]
    assert "x.pt" in refused(3, "export", path, *data, "-o", tmp_path / "out.net")


SETTINGS = {
    "empty": b"",
    "text": b"no settings",
    "utf-16": "{}".encode("utf-16"),
    "deep": b"[" * 100_000,
    "many-digits": b'{"d_model": ' + b"9" * 5000 + b"}",
    "infinity": json.dumps({**SIZES, "expand": 1e999, "d_inner": None}).encode(),
    "huge": json.dumps({**SIZES, "d_inner": 2**40}).encode(),
    "list": b"[1]",
    "too-long": b" " * (17 << 20),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_model_json_is_refused(sound, refused, tmp_path, name):
    (tmp_path / "x.json").write_bytes(SETTINGS[name])
    data = ["--calibration", sound / "five.csv", "--config", tmp_path / "x.json"]
    assert "x.json" in refused(3, "export", sound / "c.pt", *data, "-o", tmp_path / "out.net")


TOMLS = {
    "text": b"= 3",
    "utf-16": "[model]".encode("utf-16"),
    "deep": b"[model]\nx = " + b"[" * 100_000,
    "many-digits": b"[model]\nx = " + b"9" * 5000,
    "long-key": b"a." * 50_000 + b"b = 1",
    "deep-tables": b"[model]\nx = {" + b"a = {" * 5000,
    "zero-byte": b"\x00",
    "endless": None,
}


@pytest.mark.parametrize("name", TOMLS)
def test_a_toml_is_refused(sound, refused, tmp_path, name):
    path = tmp_path / "x.toml"
    if TOMLS[name] is None:
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(TOMLS[name])
    out = tmp_path / "out.pt"
    train = ["train", "--data", sound / "five.csv", "--config", path, "-o", out]
    for arguments in (train, ["check", sound / "m.net", "--profile", path]):
        assert "x.toml" in refused(3, *arguments)


# --- runs ------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"text", "half", b"[" * 100_000, b'{"schema": 1}'])
@pytest.mark.parametrize(
    "name", ["run.json", "forecasts.csv", "processes.parquet", "channels.parquet", "spikes.npz"]
)
def test_a_run_is_refused(sound, refused, tmp_path, name, content):
    folder = tmp_path / "run"
    folder.mkdir()
    for file in (sound / "run").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    assert str(folder) in refused(3, "report", folder, "-o", tmp_path / "out.html")


def test_a_run_of_too_many_windows(sound, refused, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for file in (sound / "run").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    document = json.loads((folder / "run.json").read_text())
    document["data"]["forecasts_shape"][1] = 2**40
    (folder / "run.json").write_text(json.dumps(document))
    assert "forecasts.csv" in refused(3, "report", folder, "-o", tmp_path / "out.html")


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "m.net", "--data", "t.csv", "--backend", "nonsense"),
        ("run", "m.net", "--data", "t.csv", "--windows", "x:y"),
        ("export", "c.pt", "--calibration", "five.csv", "-o", "m.net", "--width", "99"),
        ("check", "m.net", "--profile", "nonsense"),
    ],
)
def test_flags_are_refused(sound, refused, monkeypatch, arguments):
    monkeypatch.chdir(sound)
    assert refused(2, *arguments)
