"""`lss report`: the file, and what the command refuses."""

import pytest

import lava_spikyspace as lss
from lava_spikyspace import availability
from lava_spikyspace.cli.report import report
from netx_export.writer import write_network
from tests.run_cases import small_network, walk_values


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run directory."""
    folder = tmp_path_factory.mktemp("report")
    network = small_network()
    write_network(network, folder / "m.net")
    values = walk_values(network, 20)
    lss.run(folder / "m.net", values, backend="batch", record=True).save(folder / "run")
    return folder / "run"


def test_page(call, run, tmp_path):
    pytest.importorskip("jinja2")
    pytest.importorskip("plotly")
    out = tmp_path / "r.html"
    called = call(report, "probe", str(run), "-o", str(out), "--json")
    assert called.code == 0
    assert called.envelope["data"]["bytes"] == out.stat().st_size
    again = call(report, "probe", str(run), "-o", str(out))
    assert (again.code, "exists already" in again.stderr) == (2, True)
    called = call(report, "probe", str(run), "-o", str(out), "--force")
    assert called.code == 0
    assert "next: open" in called.stderr


def test_missing_libraries(call, run, tmp_path, monkeypatch):
    monkeypatch.setattr(availability, "_is_installed", lambda module: module != "plotly")
    called = call(report, "probe", str(run), "-o", str(tmp_path / "r.html"))
    assert called.code == 4
    assert "plotly" in called.stderr
    assert "lava-spikyspace[report]" in called.stderr
    assert call(report, "probe", str(run), "-o", str(tmp_path / "r.md")).code == 0


def test_format_against_the_suffix(call, run, tmp_path):
    out = tmp_path / "r.txt"
    assert call(report, "probe", str(run), "-o", str(out)).code == 2
    assert call(report, "probe", str(run), "-o", str(out), "--format", "md").code == 0
    assert out.read_text().startswith("# Run report")


def test_refusals(call, run, tmp_path):
    out = str(tmp_path / "r.md")
    assert call(report, "probe", *[str(run)] * 3, "-o", out).code == 2
    assert call(report, "probe", str(tmp_path), "-o", out).code == 3
    assert call(report, "probe", str(run), "-o", out, "--profile", "abacus").code == 2
