import platform
from importlib import metadata

import lava_spikyspace
from lava_spikyspace.versions import installed_versions


def test_python_the_package_and_numpy_are_always_there():
    versions = installed_versions()
    assert versions["python"] == platform.python_version()
    assert versions["lava-spikyspace"] == lava_spikyspace.__version__
    assert versions["numpy"] == metadata.version("numpy")


def test_a_library_that_is_not_installed_is_left_out(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert set(installed_versions()) == {"python", "lava-spikyspace"}


def test_nothing_is_imported_to_find_out(run_python):
    probe = (
        "import sys; from lava_spikyspace.versions import installed_versions;"
        "installed_versions(); print({'numpy', 'lava', 'torch'} & set(sys.modules))"
    )
    assert run_python("-c", probe).stdout == "set()\n"
