import pytest

from lava_spikyspace.errors import UsageError
from lava_spikyspace.hardware.core_map import draw_core_map
from lava_spikyspace.hardware.placement import place
from tests.hardware.boards import board, chain


def test_several_chips_are_drawn_side_by_side_and_always_alike(tmp_path):
    pytest.importorskip("matplotlib")
    placement = place(chain(2, 50), board(neurons=2, usable_cores_per_chip=10, chips=3))
    for name in ("a.svg", "b.svg"):
        draw_core_map(placement, tmp_path / name)
    text = (tmp_path / "a.svg").read_text()
    assert "chip 2: 5 cores" in text
    assert [f">{core}</text>" in text for core in (0, 24, 25)] == [True, True, False]
    assert text == (tmp_path / "b.svg").read_text()


def test_a_picture_is_not_replaced_unless_told(tmp_path):
    pytest.importorskip("matplotlib")
    placement = place(chain(2, 5), board())
    path = tmp_path / "map.png"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        draw_core_map(placement, path)
    draw_core_map(placement, path, force=True)
    assert path.read_bytes()[:4] == b"\x89PNG"
