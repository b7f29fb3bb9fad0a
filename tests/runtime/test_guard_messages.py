import io

import numpy as np
import pytest

from lava_spikyspace.errors import StrictRangeError
from lava_spikyspace.runtime.guard_messages import Failure, Progress, Result, receive, send


def through_a_stream(*messages):
    stream = io.BytesIO()
    for message in messages:
        send(stream, message)
    stream.seek(0)
    return [receive(stream) for _ in messages]


def test_messages_keep_their_order_and_content():
    messages = [Progress(1, 2), Result({"a": [1, None]}), Progress(2, 2)]
    assert through_a_stream(*messages) == messages


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.int64).reshape(3, 4),
        np.asfortranarray(np.arange(12).reshape(3, 4)),
        np.arange(12)[::-2],
        np.array(7, dtype=np.int8),
        np.zeros((0, 3)),
    ],
    ids=["C order", "Fortran order", "strided", "scalar", "empty"],
)
def test_arrays_are_equal_and_writable(array):
    (result,) = through_a_stream(Result(array))
    np.testing.assert_array_equal(result.value, array)
    assert result.value.dtype == array.dtype
    assert result.value.flags.writeable


def test_errors_keep_their_details():
    error = StrictRangeError("too wide", process="scan", traceback="text", hint="narrow it")
    (failure,) = through_a_stream(Failure(error, "summary", "traceback"))
    assert type(failure.error) is StrictRangeError
    assert (failure.error.message, failure.error.process) == ("too wide", "scan")
    assert (failure.error.traceback, failure.error.hint) == ("text", "narrow it")


def test_what_cannot_be_pickled_writes_nothing():
    stream = io.BytesIO()
    with pytest.raises(AttributeError):
        send(stream, Result([np.zeros(5), lambda: None]))
    assert stream.getvalue() == b""


@pytest.mark.parametrize("missing", [1, 60, 120])
def test_a_cut_stream_is_an_end_of_file(missing):
    stream = io.BytesIO()
    send(stream, Result(np.arange(10)))
    cut = io.BytesIO(stream.getvalue()[:-missing])
    with pytest.raises(EOFError):
        receive(cut)
