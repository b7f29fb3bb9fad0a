import io
import json
import logging

import numpy as np
import pytest

from lava_spikyspace.cli.options import OutputOptions
from lava_spikyspace.cli.session import Session
from lava_spikyspace.diagnostics import Diagnostic


@pytest.fixture
def make_session(capfd):
    """Make a session; its `stdout` is a buffer, stderr is captured."""

    def make(**flags):
        stdout = io.StringIO()
        session = Session("probe", OutputOptions(**flags), stdout)
        return session, stdout

    return make


def test_a_table_aligns_numbers_to_the_right_and_text_to_the_left(make_session):
    session, stdout = make_session()
    session.table(
        ("process", "spikes", "rate"),
        [("conv", np.int64(12345), 0.25), ("blocks.0.scan", 7, None), ("[x]", 0, 1 / 3)],
        title="counts",
    )
    lines = [line.rstrip() for line in stdout.getvalue().splitlines() if line.strip()]
    assert lines[0] == "counts"
    assert lines[1].split() == ["process", "spikes", "rate"]
    counts = ["12345", "7", "0"]
    assert [line.split() for line in lines[3:]] == [
        ["conv", "12345", "0.25"],
        ["blocks.0.scan", "7", "-"],
        ["[x]", "0", "0.333333"],
    ]
    ends = [line.index(cell) + len(cell) for line, cell in zip(lines[3:], counts, strict=True)]
    assert len(set(ends)) == 1


def test_yes_and_no_are_words(make_session):
    session, stdout = make_session()
    session.table(("ok",), [(True,), (False,)])
    assert stdout.getvalue().split()[-2:] == ["yes", "no"]


def test_an_empty_table_has_headings_only(make_session):
    session, stdout = make_session()
    session.table(("a", "b"), [])
    assert stdout.getvalue().split()[:2] == ["a", "b"]


def test_long_cells_are_not_cut_when_piped(make_session):
    session, stdout = make_session()
    session.table(("name",), [("x" * 150,)])
    session.line("y" * 500)
    assert "x" * 150 in stdout.getvalue()
    assert "y" * 500 in stdout.getvalue()


def test_json_silences_everything_that_is_printed(make_session):
    session, stdout = make_session(json=True)
    session.line("x")
    session.table(("a",), [(1,)])
    session.findings([Diagnostic("rule", "info", "x")])
    assert stdout.getvalue() == ""


def test_notes_warnings_and_details_go_to_stderr(make_session, capfd):
    for flags, expected in (
        ({}, "note\nwarning: warn\n"),
        ({"quiet": True}, "warning: warn\n"),
        ({"verbose": True}, "note\ndetail\nwarning: warn\n"),
    ):
        session, stdout = make_session(**flags)
        session.note("note")
        session.detail("detail")
        session.warn("warn")
        assert capfd.readouterr() == ("", expected)
        assert stdout.getvalue() == ""


def test_findings_show_their_hints(make_session):
    session, stdout = make_session()
    session.findings([Diagnostic("rule", "warning", "odd", where="layer 1", hint="make it even")])
    assert stdout.getvalue() == "layer 1: warning: odd [rule]\n  hint: make it even\n"


def test_times_add_up_under_their_names(make_session):
    session, _ = make_session(json=True)
    for _ in range(2):
        with session.timer("simulate"):
            pass
    session.emit(data={}, timings_s={"export": 2.5})
    times = json.loads(session.json_line(session.result))["timings_s"]
    assert times["export"] == 2.5
    assert 0 <= times["simulate"] <= times["total"]
    assert list(times) == ["simulate", "export", "total"]


def test_what_is_known_of_the_subject_survives_until_the_result(make_session, tmp_path):
    session, _ = make_session(json=True)
    session.about(backend="sim", model=tmp_path / "m.net")
    session.emit(data={})
    envelope = json.loads(session.json_line(session.result))
    assert envelope["backend"] == "sim"
    assert envelope["model"]["path"] == str(tmp_path / "m.net")


@pytest.mark.parametrize(
    ("flags", "levels"),
    [
        ({}, ["WARNING", "ERROR"]),
        ({"quiet": True}, ["ERROR"]),
        ({"verbose": True}, ["DEBUG", "INFO", "WARNING", "ERROR"]),
    ],
)
def test_log_records_of_our_packages_go_to_stderr(make_session, capfd, flags, levels):
    session, stdout = make_session(**flags)
    logger = logging.getLogger("lava_spikyspace.somewhere")
    with session.logging():
        for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
            logger.log(level, "message")
    logger.error("outside")
    captured = capfd.readouterr()
    assert captured.out == stdout.getvalue() == ""
    shown = [line.split()[0] for line in captured.err.splitlines() if "message" in line]
    assert shown == levels


def test_there_is_no_progress_bar_where_nobody_sees_it(make_session, capfd):
    session, _ = make_session()
    with session.progress("windows", total=2) as bar:
        bar.advance(2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        ({}, True),
        ({"verbose": True}, True),
        ({"json": True}, False),
        ({"quiet": True}, False),
        ({"no_progress": True}, False),
    ],
)
def test_flags_hide_the_progress_bar_on_a_terminal(monkeypatch, flags, shown):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stderr = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr("sys.stderr", stderr)
    session = Session("probe", OutputOptions(**flags), io.StringIO())
    with session.progress("windows", total=2) as bar:
        bar.advance()
    assert ("windows" in stderr.getvalue()) is shown
