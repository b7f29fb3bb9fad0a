import io

import pytest

from lava_spikyspace.cli.console import OutputClosedError, make_console


class Terminal(io.StringIO):
    def isatty(self):
        return True


def printed(stream, *, style="bold red", text="a [bracket] 42"):
    make_console(stream).print(text, style=style, soft_wrap=True)
    return stream.getvalue()


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def test_text_is_not_markup():
    assert printed(io.StringIO()) == "a [bracket] 42\n"


def test_colours_are_for_terminals():
    assert "\x1b[1;31m" in printed(Terminal())
    assert "\x1b" not in printed(io.StringIO())


def test_no_color_is_honoured(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in printed(Terminal())


def test_piped_output_is_wide_unless_columns_says_otherwise(monkeypatch):
    assert make_console(io.StringIO()).width == 200
    monkeypatch.setenv("COLUMNS", "60")
    assert make_console(io.StringIO()).width == 60


def test_a_broken_pipe_is_an_error_that_the_program_knows():
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    with pytest.raises(OutputClosedError):
        make_console(Closed()).print("anybody there?")
