import os
import sys
from pathlib import Path

import pytest

from lava_spikyspace.cli.stdout import stdout_guard
from tests.conftest import PROJECT_ROOT


def test_only_the_given_stream_reaches_stdout(capfd):
    with stdout_guard() as results:
        print("print")
        os.write(1, b"descriptor\n")
        os.system("echo child")
        print("result", file=results)
    captured = capfd.readouterr()
    assert captured.out == "result\n"
    for source in ("print", "descriptor", "child"):
        assert f"{source}\n" in captured.err


def test_stdout_is_as_before_afterwards(capfd):
    stream = sys.stdout
    with stdout_guard():
        pass
    assert sys.stdout is stream
    print("print", flush=True)
    os.write(1, b"descriptor\n")
    assert capfd.readouterr().out == "print\ndescriptor\n"


def test_an_error_restores_stdout_too(capfd):
    with pytest.raises(ZeroDivisionError), stdout_guard():
        raise ZeroDivisionError
    os.write(1, b"descriptor\n")
    assert capfd.readouterr().out == "descriptor\n"


def test_what_was_printed_before_comes_first(capfd):
    print("before")
    with stdout_guard() as results:
        print("result", file=results)
    print("after", flush=True)
    assert capfd.readouterr().out == "before\nresult\nafter\n"


def test_no_descriptor_stays_open():
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("the system does not list open descriptors")
    before = [path.name for path in descriptors.iterdir()]
    with stdout_guard():
        pass
    assert [path.name for path in descriptors.iterdir()] == before


def test_a_stdout_that_lives_in_memory_is_kept(capsys):
    with stdout_guard() as results:
        print("noise")
        print("result", file=results)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("result\n", "noise\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_noise_of_imports_and_of_kept_streams_stays_out(run_python, tmp_path, unbuffered):
    (tmp_path / "noisy.py").write_text(
        "import os, sys\n"
        "sys.stdout.write('imported')\n"
        "os.write(1, b'imported')\n"
        "def shout(): sys.__stdout__.write('shouted')\n"
    )
    program = (
        "from lava_spikyspace.cli.stdout import stdout_guard\n"
        "with stdout_guard() as results:\n"
        "    import noisy\n"
        "    noisy.shout()\n"
        "    print('result', file=results)\n"
    )
    paths = f"{PROJECT_ROOT}:{tmp_path}"
    done = run_python("-c", program, env={"PYTHONPATH": paths, "PYTHONUNBUFFERED": unbuffered})
    assert (done.code, done.stdout) == (0, "result\n")
