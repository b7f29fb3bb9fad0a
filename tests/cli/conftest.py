"""Run the program with commands of the test's own."""

import json
import sys
from typing import Any, NamedTuple

import pytest

from lava_spikyspace.cli import app as app_module


class Called(NamedTuple):
    code: int
    stdout: str
    stderr: str

    @property
    def envelope(self) -> dict[str, Any]:
        """The JSON object on stdout, which has to be the only thing there."""
        line, newline = self.stdout[:-1], self.stdout[-1:]
        assert newline == "\n"
        assert "\n" not in line
        return json.loads(line)


@pytest.fixture
def call(monkeypatch, capfd):
    """Call `main` in this process: ``call(command_function, "--json", "probe")``."""

    def call_main(function, *arguments):
        monkeypatch.setattr(app_module, "app", app_module.build_app({"probe": function}))
        monkeypatch.setattr(sys, "argv", ["lss"])
        capfd.readouterr()
        code = app_module.main(arguments)
        return Called(code, *capfd.readouterr())

    return call_main
