"""Which versions produced a result."""

from __future__ import annotations

import platform

from lava_spikyspace import __version__

_LIBRARIES = ("numpy", "lava-nc", "torch")


def installed_versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of the libraries that are installed.

    The libraries are looked up in the metadata of the installation; none is imported. One that
    is not installed is left out.

    Returns
    -------
    dict of str to str
        ``python``, ``lava-spikyspace``, and of ``numpy``, ``lava-nc`` and ``torch`` those present.
    """
    from importlib import metadata  # costs 20 ms, and not every command needs it

    versions = {"python": platform.python_version(), "lava-spikyspace": __version__}
    for library in _LIBRARIES:
        try:
            versions[library] = metadata.version(library)
        except metadata.PackageNotFoundError:
            continue
    return versions
