"""What a wheel holds, and for whom the constraints hold."""

import subprocess
import sys
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lava_spikyspace


@pytest.fixture(scope="module")
def wheel(project_root, tmp_path_factory):
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=project_root,
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_has_the_version_of_the_package(wheel):
    assert f"lava_spikyspace-{lava_spikyspace.__version__}-py3-none-any" in wheel.filename


def test_the_wheel_holds_both_packages_and_nothing_else(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "lava_spikyspace",
        "netx_export",
    }
    assert {"lava_spikyspace/py.typed", "netx_export/py.typed"} <= set(wheel.namelist())


@pytest.mark.parametrize(
    ("source", "packaged"),
    [
        ("hardware_profiles", "lava_spikyspace/hardware/profiles_data"),
        ("lava_spikyspace/demo", "lava_spikyspace/demo"),
    ],
)
def test_data_travels_in_the_wheel(wheel, project_root, source, packaged):
    files = [
        path
        for path in (project_root / source).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    for path in files:
        inside = f"{packaged}/{path.relative_to(project_root / source).as_posix()}"
        assert wheel.read(inside) == path.read_bytes()


def constraints(project_root):
    lines = (project_root / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def test_every_constraint_is_one_exact_version(project_root):
    names = [canonicalize_name(pin.name) for pin in constraints(project_root)]
    assert len(set(names)) == len(names)
    for pin in constraints(project_root):
        assert [part.operator for part in pin.specifier] == ["=="]


def test_on_newer_pythons_neither_lava_nor_numpy_1_is_asked_for(project_root):
    newer = {"python_version": "3.12"}
    held = {
        pin.name
        for pin in constraints(project_root)
        if pin.marker is None or pin.marker.evaluate(newer)
    }
    assert held.isdisjoint({"numpy", "lava-nc", "lava-dl", "torch", "scipy"})
    assert {"typer", "pydantic", "h5py"} <= held
