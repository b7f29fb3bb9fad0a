"""Channels cast, copy, bound and wait as Lava's do."""

import numpy as np
import pytest

pytest.importorskip("lava")

from lava.magma.compiler.channels.pypychannel import CspRecvPort, CspSendPort
from scipy.sparse import csr_matrix

from lava_spikyspace.runtime.inprocess.channels import Channel, PortAddress


class RecordingWaiter:
    """Notes who waits, and does what it was told to do meanwhile."""

    def __init__(self):
        self.waited = []
        self.meanwhile = lambda: None

    def wait(self, end):
        self.waited.append(end)
        self.meanwhile()


def make_channel(shape=(3,), dtype=np.int32, capacity=64):
    waiter = RecordingWaiter()
    channel = Channel(
        PortAddress("a::A", "out"),
        PortAddress("b::B", "in"),
        shape=shape,
        dtype=dtype,
        capacity=capacity,
        waiter=waiter,
    )
    return channel, waiter


def test_ends_are_lavas_ends():
    channel, _ = make_channel(shape=(2, 3), dtype=float, capacity=5)
    assert isinstance(channel.send_port, CspSendPort)
    assert isinstance(channel.recv_port, CspRecvPort)
    assert (channel.send_port.name, channel.recv_port.name) == ("out", "in")
    for end in (channel.send_port, channel.recv_port):
        assert (end.shape, end.d_type, end.size) == ((2, 3), np.float64, 5)
        assert end.is_msg_size_static()
        end.start()
        end.join()


@pytest.mark.parametrize(
    ("dtype", "sent", "received"),
    [
        (np.int32, [2**31, -(2**31) - 1, 5], [-(2**31), 2**31 - 1, 5]),
        (np.int8, [127, 128, 300], [127, -128, 44]),
        (np.int32, [0.9, -0.9, 2.5], [0, 0, 2]),
        (bool, [0, -3, 0.1], [False, True, True]),
        (float, [1, 2, 3], [1.0, 2.0, 3.0]),
    ],
)
def test_messages_are_cast_like_an_assignment(dtype, sent, received):
    channel, _ = make_channel(dtype=dtype)
    channel.send_port.send(np.array(sent))
    message = channel.recv_port.recv()
    assert message.dtype == np.dtype(dtype)
    assert message.tolist() == received
    buffer = np.empty(3, dtype)
    buffer[:] = np.array(sent)
    np.testing.assert_array_equal(message, buffer)


def test_a_message_shares_no_memory_with_what_was_sent():
    channel, _ = make_channel(dtype=np.int64)
    data = np.arange(3)
    channel.send_port.send(data)
    data[:] = 7
    assert channel.recv_port.recv().tolist() == [0, 1, 2]


def test_messages_are_in_c_order():
    channel, _ = make_channel(shape=(3, 2), dtype=float)
    channel.send_port.send(np.arange(6.0).reshape(2, 3).T)
    message = channel.recv_port.recv()
    assert message.flags.c_contiguous
    assert message.tolist() == [[0, 3], [1, 4], [2, 5]]


def test_subclasses_of_arrays_become_arrays():
    class Named(np.ndarray):
        pass

    channel, _ = make_channel(shape=(3,), dtype=float)
    channel.send_port.send(np.arange(3).view(Named))
    assert type(channel.recv_port.recv()) is np.ndarray


def test_a_sparse_matrix_is_sent_as_its_values():
    channel, _ = make_channel(shape=(2, 2), dtype=float)
    channel.send_port.send(csr_matrix([[0, 4], [0, 5]]))
    assert channel.recv_port.recv().tolist() == [[4, 5], [4, 5]]


def test_first_in_first_out_and_peek():
    channel, waiter = make_channel(shape=(1,))
    for value in range(3):
        channel.send_port.send(np.array([value]))
    peeked = channel.recv_port.peek()
    peeked[:] = 99
    assert [channel.recv_port.recv().item() for _ in range(3)] == [0, 1, 2]
    assert waiter.waited == []


def test_shape_must_match():
    channel, _ = make_channel(shape=(3,))
    with pytest.raises(ValueError, match=r"a::A.out sends an array of shape \(1, 3\)"):
        channel.send_port.send(np.zeros((1, 3)))
    assert channel.messages.qsize() == 0


def test_a_full_channel_makes_the_sender_wait():
    channel, waiter = make_channel(shape=(1,), capacity=2)
    waiter.meanwhile = channel.recv_port.recv
    probes = []
    for value in range(4):
        probes.append(channel.send_port.probe())
        channel.send_port.send(np.array([value]))
    assert probes == [True, True, False, False]
    assert waiter.waited == [channel.send_port] * 2
    assert [channel.recv_port.recv().item() for _ in range(2)] == [2, 3]


@pytest.mark.parametrize("method", ["recv", "peek"])
def test_an_empty_channel_makes_the_receiver_wait(method):
    channel, waiter = make_channel(shape=(1,))
    waiter.meanwhile = lambda: channel.send_port.send(np.array([5]))
    assert not channel.recv_port.probe()
    assert getattr(channel.recv_port, method)().tolist() == [5]
    assert waiter.waited == [channel.recv_port]


def test_a_closed_channel_is_empty_and_full():
    channel, _ = make_channel(shape=(1,))
    channel.send_port.send(np.array([1]))
    channel.close()
    assert not channel.recv_port.probe()
    assert not channel.send_port.probe()
    assert channel.messages.qsize() == 0


def test_addresses():
    assert str(PortAddress("lif::LIF", "a_in")) == "lif::LIF.a_in"
    assert str(PortAddress(None, "in_port")) == "the program outside the graph"
