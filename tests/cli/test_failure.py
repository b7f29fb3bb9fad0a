import errno

import pytest
import typer

from lava_spikyspace import errors
from lava_spikyspace.cli.failure import failure_from


def error_classes():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    return [kind for kind in kinds if issubclass(kind, errors.SpikySpaceError)]


@pytest.mark.parametrize("kind", error_classes())
def test_every_error_of_ours_keeps_its_exit_code_message_and_hint(kind):
    failure = failure_from(kind("what is wrong", hint="what helps"))
    assert failure.exit_code == kind.exit_code
    assert failure.diagnostic.message == "what is wrong"
    assert failure.diagnostic.hint == "what helps"
    assert failure.diagnostic.severity == "error"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.UsageError, "usage"),
        (errors.StrictRangeError, "strict-range"),
        (errors.SimulationTimeoutError, "simulation-timeout"),
    ],
)
def test_the_code_is_the_name_of_the_class(kind, code):
    assert failure_from(kind("x")).diagnostic.code == code


def test_the_codes_of_all_errors_differ():
    codes = [failure_from(kind("x")).diagnostic.code for kind in error_classes()]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (typer.BadParameter("not a number"), 2),
        (KeyboardInterrupt(), 130),
        (typer.Abort(), 130),
        (PermissionError(errno.EACCES, "Permission denied", "m.net"), 3),
        (OSError(errno.ENOSPC, "No space left on device"), 3),
        (OSError(errno.ECHILD, "No child processes"), 70),
        (MemoryError(), 70),
    ],
)
def test_other_errors(error, exit_code):
    assert failure_from(error).exit_code == exit_code


def test_only_failures_that_have_a_traceback_put_one_into_json():
    assert "traceback" not in failure_from(errors.UsageError("x")).to_dict()
    assert "traceback" in failure_from(ValueError("x")).to_dict()
    assert "traceback" in failure_from(errors.InternalError("x")).to_dict()
