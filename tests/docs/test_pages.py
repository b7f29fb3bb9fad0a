"""Pages written by hand name what the code has."""

import re

from lava_spikyspace.netx.schema import VERSION


def test_every_warning_of_an_export_is_explained(project_root):
    page = (project_root / "docs" / "calibration.md").read_text()
    for name in ("calibration_report.py", "exporting.py"):
        source = (project_root / "netx_export" / name).read_text()
        codes = re.findall(r'code="([a-z-]+)"', source)
        assert codes
        for code in codes:
            assert f"| `{code}` |" in page


def test_the_present_version_is_explained(project_root):
    page = (project_root / "docs" / "file-format.md").read_text()
    assert f"| {VERSION[0]}.{VERSION[1]} |" in page


def test_every_column_and_file_of_a_run_directory_is_explained(project_root):
    from lava_spikyspace.process_frame import DTYPES
    from lava_spikyspace.run_directory import FILE_NAMES

    page = (project_root / "docs" / "run-directories.md").read_text()
    for name in (
        *DTYPES,
        *(name for name in FILE_NAMES if name.endswith((".json", ".npz", ".npy"))),
    ):
        assert f"`{name}`" in page, name


def test_every_example_is_described(project_root):
    page = (project_root / "docs" / "getting-started.md").read_text()
    listed = re.findall(r"^\| `(\w+)\.py` \|", page, re.MULTILINE)
    headed = [
        path.stem
        for path in (project_root / "examples").glob("*.py")
        if "\nShows: " in path.read_text()
    ]
    assert sorted(listed) == sorted(headed)
