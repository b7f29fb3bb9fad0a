"""`lava_spikyspace.pictures`: formats, and files that repeat."""

import importlib.util

import pytest

from lava_spikyspace.errors import BackendUnavailableError, UsageError
from lava_spikyspace.pictures import FORMATS, check_picture, save_picture


def test_without_matplotlib_the_extra_that_helps_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BackendUnavailableError, match="matplotlib is not installed") as caught:
        check_picture(tmp_path / "map.png")
    assert "lava-spikyspace[report]" in caught.value.hint


def test_unknown_formats_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"'\.gif', expected one of"):
        check_picture(tmp_path / "map.gif")


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_figure_is_the_same_file(tmp_path, suffix):
    figure_module = pytest.importorskip("matplotlib.figure")
    for name in ("a", "b"):
        figure = figure_module.Figure()
        figure.subplots().plot([1, 2, 3])
        save_picture(figure, tmp_path / f"{name}{suffix}", salt="test")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        save_picture(figure, tmp_path / f"a{suffix}", salt="test")
