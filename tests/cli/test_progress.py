import io
import threading

from lava_spikyspace.cli.console import make_console
from lava_spikyspace.cli.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def show(*, visible):
    stream = Terminal()
    with progress_bar(make_console(stream), "windows", 3, visible=visible) as bar:
        threads = threading.active_count()
        for _ in range(3):
            bar.advance()
        bar.describe("done")
    return stream.getvalue(), threads


def test_a_visible_bar_is_drawn_with_its_text():
    assert "windows" in show(visible=True)[0]


def test_an_invisible_bar_draws_nothing():
    assert show(visible=False)[0] == ""


def test_no_thread_draws_the_bar():
    before = threading.active_count()
    assert show(visible=True)[1] == before
