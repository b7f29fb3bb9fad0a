import pytest

from lava_spikyspace.runtime.guard_exit import describe_exit, hint_for_exit


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended with exit status 0"),
        (7, "ended with exit status 7"),
        (-9, "was ended by SIGKILL"),
        (-11, "was ended by SIGSEGV"),
        (-250, "was ended by signal 250"),
        (None, "ended"),
    ],
)
def test_describes_the_exit(status, words):
    assert describe_exit(status) == words


def test_hints_at_memory_only_after_a_kill():
    assert "memory" in hint_for_exit(-9)
    assert [hint_for_exit(status) for status in (None, 0, 1, -11, -15)] == [None] * 5
