import signal
import threading

import pytest

from lava_spikyspace.cli.interrupts import sigterm_as_interrupt


def test_sigterm_is_a_keyboard_interrupt_inside_the_block():
    with sigterm_as_interrupt(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)


def test_the_handler_before_comes_back():
    before = signal.getsignal(signal.SIGTERM)
    with sigterm_as_interrupt():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


FORK = """
import os, signal
from lava_spikyspace.cli.interrupts import sigterm_as_interrupt

with sigterm_as_interrupt():
    child = os.fork()
    if child == 0:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            os._exit(0)  # reached if the signal raises, as it must not
    _, status = os.waitpid(child, 0)
print(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM)
"""


def test_a_forked_child_dies_of_the_signal(run_python):
    assert run_python("-c", FORK) == (0, "True\n", "")


def test_outside_the_main_thread_nothing_changes():
    handlers = []

    def look():
        with sigterm_as_interrupt():
            handlers.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert handlers == [signal.getsignal(signal.SIGTERM)]
