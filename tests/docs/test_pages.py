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
