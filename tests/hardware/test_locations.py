import pytest

from lava_spikyspace.errors import InternalError
from lava_spikyspace.hardware import locations


def test_in_a_clone_the_profiles_are_at_the_top_level(project_root):
    assert locations.profiles_folder() == project_root / "hardware_profiles"


def test_a_wheel_s_own_profiles_come_first(tmp_path, monkeypatch):
    packaged = tmp_path / "profiles_data"
    packaged.mkdir()
    for name in ("loihi2.toml", "loihi1.toml", "README.md"):
        (packaged / name).touch()
    monkeypatch.setattr(locations, "_PACKAGED", packaged)
    assert locations.profile_paths() == {
        "loihi1": packaged / "loihi1.toml",
        "loihi2": packaged / "loihi2.toml",
    }


def test_an_installation_without_profiles_is_our_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(locations, "_PACKAGED", tmp_path / "a")
    monkeypatch.setattr(locations, "_IN_CLONE", tmp_path / "b")
    with pytest.raises(InternalError, match="no hardware profiles"):
        locations.profiles_folder()
