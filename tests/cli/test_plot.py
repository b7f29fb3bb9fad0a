"""`lss plot`: figures of a run directory."""

import pytest

import lava_spikyspace as lss
from lava_spikyspace.cli.plot import forecast, raster, rates
from tests.run_cases import small_network, walk_values

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run directory."""
    folder = tmp_path_factory.mktemp("plot") / "run"
    network = small_network()
    lss.run(network, walk_values(network, 30), backend="batch", record=True).save(folder)
    return folder


@pytest.mark.parametrize("draw", [raster, rates, forecast])
@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_command(call, run, tmp_path, draw, suffix):
    out = tmp_path / f"figure{suffix}"
    called = call(draw, "probe", str(run), "-o", str(out), "--json")
    assert called.code == 0, called.stderr
    assert called.envelope["data"]["path"] == str(out)
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix]
    assert out.read_bytes().startswith(start)


def test_command_refusals(call, run, tmp_path):
    assert call(rates, "probe", str(run), "-o", str(tmp_path / "f.bmp")).code == 2
    assert (
        call(raster, "probe", str(run), "-o", str(tmp_path / "f.png"), "--window", "99").code == 2
    )
    assert call(rates, "probe", str(tmp_path), "-o", str(tmp_path / "f.png")).code == 3
