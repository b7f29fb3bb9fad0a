import os
import signal
import threading

import pytest

from lava_spikyspace.runtime.guard_signals import deferred_interrupts, termination_as_interrupt

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")


def send(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupts_wait_for_the_end_of_the_context(number):
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    done = []

    def be_interrupted():
        with deferred_interrupts():
            send(number)
            done.append("the rest")

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()
    assert done == ["the rest"]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


def test_an_error_passes_through_the_deferral():
    with pytest.raises(LookupError), deferred_interrupts():
        raise LookupError


def test_termination_becomes_an_interrupt():
    with pytest.raises(KeyboardInterrupt), termination_as_interrupt():
        send(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_of_the_application_stays():
    arrived = []
    previous = signal.signal(signal.SIGTERM, lambda number, frame: arrived.append(number))
    try:
        with termination_as_interrupt():
            send(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert arrived == [signal.SIGTERM]


def test_other_threads_leave_signals_alone():
    problems = []

    def use():
        try:
            with termination_as_interrupt(), deferred_interrupts():
                pass
        except ValueError as problem:
            problems.append(problem)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert problems == []
