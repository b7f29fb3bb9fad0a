"""The runtime package is light until it is used."""

import subprocess
import sys

import pytest

from lava_spikyspace import runtime


def test_importing_the_package_imports_no_lava():
    code = (
        "import sys, lava_spikyspace.runtime\n"
        "sys.exit(any(name.split('.')[0] in ('lava', 'greenlet') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_names_are_found_when_asked_for():
    pytest.importorskip("lava")
    from lava_spikyspace.runtime.inprocess import InProcessRuntime

    assert runtime.InProcessRuntime is InProcessRuntime


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="has no attribute 'NoSuchRuntime'"):
        _ = runtime.NoSuchRuntime
