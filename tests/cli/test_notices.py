"""`cli.notices` and `cli.engine_progress`: what a run says on stderr."""

from lava_spikyspace.cli.engine_progress import engine_progress
from lava_spikyspace.cli.notices import say_notices
from lava_spikyspace.cli.options import OutputOptions
from lava_spikyspace.cli.session import Session
from lava_spikyspace.diagnostics import Diagnostic


def test_notices(capsys):
    findings = [
        Diagnostic("a", "info", "d.csv: taken by name", where="d.csv"),
        Diagnostic("b", "warning", "two were saturated", where="blocks.0", hint="export wider"),
        Diagnostic("c", "info", "nothing else"),
    ]
    say_notices(Session("run", OutputOptions()), findings)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "d.csv: taken by name",
        "warning: blocks.0: two were saturated (export wider)",
        "nothing else",
    ]
    say_notices(Session("run", OutputOptions(quiet=True)), findings)
    assert capsys.readouterr().err == "warning: blocks.0: two were saturated (export wider)\n"


def test_progress_adds_up(capsys):
    class Bar:
        def __init__(self):
            self.done = 0

        def advance(self, steps=1):
            self.done += steps

    class Recorder(Session):
        def progress(self, description, total=None):
            from contextlib import nullcontext

            self.opened.append((description, total))
            return nullcontext(self.bar)

    session = Recorder("run", OutputOptions())
    session.opened, session.bar = [], Bar()
    with engine_progress(session, "running") as report:
        assert session.opened == []
        report(3, 10)
        report(10, 10)
    assert session.opened == [("running", 10)]
    assert session.bar.done == 10
