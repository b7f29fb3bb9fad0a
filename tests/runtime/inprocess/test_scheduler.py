"""The scheduler runs tasks in order, around those that wait."""

from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("lava")

from lava_spikyspace.errors import UsageError
from lava_spikyspace.runtime.inprocess.channels import Channel, PortAddress
from lava_spikyspace.runtime.inprocess.scheduler import Scheduler, Service, Stalled, Task


class Bench:
    """A scheduler, channels and a diary."""

    def __init__(self):
        self.scheduler = Scheduler()
        self.diary = []

    def channel(self, name="c", capacity=64):
        return Channel(
            PortAddress(f"{name}-source", "out"),
            PortAddress(f"{name}-target", "in"),
            shape=(1,),
            dtype=np.int64,
            capacity=capacity,
            waiter=self.scheduler,
        )

    def task(self, name, *actions):
        def call():
            for action in actions:
                action()
            self.diary.append(name)

        return Task(name, call)

    def run(self, *tasks, services=()):
        self.scheduler.run(tasks, services)
        return "".join(self.diary)


@pytest.fixture
def bench():
    return Bench()


def send(channel, value=0):
    return lambda: channel.send_port.send(np.array([value]))


def receive(channel):
    return lambda: channel.recv_port.recv()


def test_tasks_run_in_order_without_a_switch(bench):
    link = bench.channel()
    assert bench.run(bench.task("a", send(link)), bench.task("b", receive(link))) == "ab"
    assert bench.scheduler.running.process == "b"


def test_a_task_that_waits_is_resumed_after_the_others(bench):
    link = bench.channel()
    done = bench.run(bench.task("a", receive(link)), bench.task("b", send(link)), bench.task("c"))
    assert done == "bca"
    assert bench.scheduler.running.process == "a"


def test_a_chain_in_the_wrong_order(bench):
    links = [bench.channel(str(i)) for i in range(30)]
    tasks = [bench.task("s", send(links[0]))]
    tasks += [
        bench.task(str(i % 10), receive(one), send(other))
        for i, (one, other) in enumerate(pairwise(links))
    ]
    assert bench.run(*tasks[::-1]) == "s" + "".join(str(i % 10) for i in range(29))


def test_a_circle_with_one_that_sends_first(bench):
    there, back = bench.channel("there"), bench.channel("back")
    a = bench.task("a", receive(back), send(there))
    b = bench.task("b", send(back), receive(there))
    assert bench.run(a, b) == "ab"
    assert bench.run(b, a) == "abab"


def test_a_task_can_wait_for_room(bench):
    link = bench.channel(capacity=2)
    sender = bench.task("s", *[send(link, i) for i in range(7)])
    receiver = bench.task("r", *[receive(link)] * 7)
    bench.run(sender, receiver)
    assert sorted(bench.diary) == ["r", "s"]
    assert link.messages.qsize() == 0


def test_messages_stay_for_the_next_run(bench):
    link = bench.channel()
    bench.run(bench.task("a", send(link, 1), send(link, 2)))
    assert [link.recv_port.recv().item() for _ in range(2)] == [1, 2]


def test_stalled_names_all_who_wait(bench):
    there, back = bench.channel("there"), bench.channel("back")
    a = bench.task("a", receive(back), send(there))
    b = bench.task("b", receive(there), send(back))
    with pytest.raises(Stalled) as caught:
        bench.run(a, b, bench.task("c"))
    assert [(wait.task.process, wait.end) for wait in caught.value.waits] == [
        ("a", back.recv_port),
        ("b", there.recv_port),
    ]
    assert bench.diary == ["c"]


def test_waiting_tasks_are_ended_after_a_failure(bench):
    link = bench.channel()

    def wait_and_clean_up():
        try:
            link.recv_port.recv()
        finally:
            bench.diary.append("cleaned up")

    def fail():
        raise RuntimeError("no")

    tasks = [Task("a", wait_and_clean_up), Task("b", fail), bench.task("c")]
    with pytest.raises(RuntimeError, match="no"):
        bench.run(*tasks)
    assert bench.diary == ["cleaned up"]
    assert bench.scheduler.running.process == "b"


def test_a_failing_clean_up_is_logged(bench, caplog):
    link = bench.channel()

    def insist():
        try:
            link.recv_port.recv()
        finally:
            link.recv_port.recv()

    with pytest.raises(Stalled):
        bench.run(Task("stubborn", insist))
    assert "stubborn raised while it was abandoned" in caplog.text


def test_a_task_that_swallows_its_end_does_not_run_the_others(bench):
    link = bench.channel()

    def swallow():
        try:
            link.recv_port.recv()
        except BaseException:  # noqa: BLE001 - what models should not do
            bench.diary.append("swallowed")

    def fail():
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        bench.run(Task("a", swallow), Task("b", fail), bench.task("c"))
    assert bench.diary == ["swallowed"]


def test_the_scheduler_can_be_used_again_after_a_failure(bench):
    link = bench.channel()
    with pytest.raises(Stalled):
        bench.run(bench.task("a", receive(link)))
    assert bench.run(bench.task("b", receive(link)), bench.task("c", send(link))) == "cb"


def test_services_answer_after_their_owner_is_done(bench):
    request, answer = bench.channel("request"), bench.channel("answer")
    reader = bench.task("r", send(request), receive(answer))
    owner = bench.task("o")
    answering = bench.task("s", receive(request), send(answer))
    service = Service(owner, request.recv_port, answering)
    assert bench.run(reader, owner, services=[service]) == "osr"


def test_services_answer_all_requests_before_the_end(bench):
    request = bench.channel("request")
    writer = bench.task("w", *[send(request)] * 3)
    owner = bench.task("o")
    service = Service(owner, request.recv_port, bench.task("s", receive(request)))
    assert bench.run(writer, owner, services=[service]) == "wosss"


def test_the_first_service_goes_on_as_long_as_it_can(bench):
    urgent, other = bench.channel("urgent"), bench.channel("other")
    owner = bench.task("o", *[send(urgent)] * 2, *[send(other)] * 2)
    services = [
        Service(owner, urgent.recv_port, bench.task("u", receive(urgent))),
        Service(owner, other.recv_port, bench.task("x", receive(other))),
    ]
    assert bench.run(owner, services=services) == "ouuxx"


def test_no_service_while_its_owner_waits(bench):
    request, other = bench.channel("request"), bench.channel("other")
    owner = bench.task("o", receive(other))
    service = Service(owner, request.recv_port, bench.task("s", receive(request)))
    with pytest.raises(Stalled):
        bench.run(bench.task("w", send(request)), owner, services=[service])
    assert bench.diary == ["w"]


def test_waiting_outside_of_a_task_is_refused(bench):
    link = bench.channel()
    with pytest.raises(UsageError, match="0 of 64 messages: this call would wait for ever"):
        link.recv_port.recv()
    bench.scheduler.close()
    with pytest.raises(UsageError, match="has been stopped"):
        link.recv_port.recv()


def test_a_task_cannot_run_the_scheduler(bench):
    inner = bench.task("i")
    with pytest.raises(UsageError, match="asked the runtime that it runs in to run"):
        bench.run(bench.task("o", lambda: bench.scheduler.run([inner])))
    assert bench.diary == []
