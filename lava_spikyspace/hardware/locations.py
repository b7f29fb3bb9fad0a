"""Where the hardware profiles are, in a clone and in an installed package."""

from __future__ import annotations

from pathlib import Path

from lava_spikyspace.errors import InternalError

_PACKAGED = Path(__file__).parent / "profiles_data"
_IN_CLONE = Path(__file__).parents[2] / "hardware_profiles"


def profiles_folder() -> Path:
    """Return the folder of the hardware profiles (``*.toml``) that come with the package.

    A wheel carries them inside the package; in a clone, and in an editable install of one, they
    lie at the top level as ``hardware_profiles/``.

    Raises
    ------
    InternalError
        The installation has no profiles.
    """
    for folder in (_PACKAGED, _IN_CLONE):
        if folder.is_dir():
            return folder
    raise InternalError(f"no hardware profiles: neither {_PACKAGED} nor {_IN_CLONE} is a folder")


def profile_paths() -> dict[str, Path]:
    """Return the profiles that come with the package: name (file name without suffix) to file."""
    return {path.stem: path for path in sorted(profiles_folder().glob("*.toml"))}
